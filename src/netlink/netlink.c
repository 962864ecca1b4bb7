// SPDX-License-Identifier: BSD-2-Clause
#include "netlink/netlink.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct netlink {
	struct mnl_socket *sock;
	uint32_t seq;
	char words[160]; /* the kernel's extended acknowledgement */
	/* Dumps come in pieces of up to 32 KiB when there is room for them. */
	uint8_t buffer[32768] __attribute__((aligned(8)));
};

/* One answer being received. */
struct answer {
	netlink_fn *fn;
	void *context;
	int err;
	bool interrupted, done;
};

int netlink_open(struct netlink **out, int bus, struct why *why)
{
	struct netlink *nl = calloc(1, sizeof(*nl));
	int on = 1;

	if (nl == NULL)
		return why_fail(why, -ENOMEM, "netlink: out of memory");
	nl->sock = mnl_socket_open2(bus, SOCK_CLOEXEC);
	if (nl->sock == NULL || mnl_socket_bind(nl->sock, 0, MNL_SOCKET_AUTOPID) < 0) {
		int err = -errno;

		netlink_close(nl);
		return why_fail(why, err, "netlink: cannot open a socket: %s", strerror(-err));
	}
	/* Both are refinements: without them errors are only numbers, and dumps unfiltered. */
	mnl_socket_setsockopt(nl->sock, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(nl->sock, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	*out = nl;
	return 0;
}

void netlink_close(struct netlink *nl)
{
	if (nl == NULL)
		return;
	if (nl->sock != NULL)
		mnl_socket_close(nl->sock);
	free(nl);
}

static int words_keep(const struct nlattr *attr, void *context)
{
	struct netlink *nl = context;

	if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
	    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0)
		snprintf(nl->words, sizeof(nl->words), "%s", mnl_attr_get_str(attr));
	return MNL_CB_OK;
}

/* An acknowledgement: the errno, perhaps the request (unless capped), perhaps words. */
static int ack_parse(struct netlink *nl, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *ack = mnl_nlmsg_get_payload(nlh);
	size_t skip = sizeof(*ack);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ack))
		return -EBADMSG;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += ack->msg.nlmsg_len - sizeof(ack->msg);
	if ((nlh->nlmsg_flags & NLM_F_ACK_TLVS) && skip < mnl_nlmsg_get_payload_len(nlh))
		mnl_attr_parse(nlh, (unsigned int)skip, words_keep, nl);
	return ack->error > 0 ? -ack->error : ack->error;
}

static void answer_take(struct netlink *nl, struct answer *a, const struct nlmsghdr *nlh)
{
	int err = 0;

	if (nlh->nlmsg_seq != nl->seq)
		return; /* left over from a request that was given up */
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		a->interrupted = true;
	switch (nlh->nlmsg_type) {
	case NLMSG_NOOP:
		return;
	case NLMSG_ERROR:
		err = ack_parse(nl, nlh);
		a->done = true;
		break;
	case NLMSG_DONE:
		if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(int))
			memcpy(&err, mnl_nlmsg_get_payload(nlh), sizeof(err));
		a->done = true;
		break;
	default:
		/* After an error the rest of a dump is still drained, but not looked at. */
		if (a->fn != NULL && a->err == 0)
			err = a->fn(a->context, nlh);
		break;
	}
	if (err < 0 && a->err == 0)
		a->err = err;
}

int netlink_ask(struct netlink *nl, struct nlmsghdr *nlh, netlink_fn *fn, void *context)
{
	struct answer a = {.fn = fn, .context = context};

	nl->words[0] = '\0';
	nlh->nlmsg_seq = ++nl->seq;
	nlh->nlmsg_flags |= NLM_F_REQUEST;
	if ((nlh->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		nlh->nlmsg_flags |= NLM_F_ACK;
	if (mnl_socket_sendto(nl->sock, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	while (!a.done) {
		ssize_t n = mnl_socket_recvfrom(nl->sock, nl->buffer, sizeof(nl->buffer));
		const struct nlmsghdr *m = (const void *)nl->buffer;
		int left = (int)n;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		for (; mnl_nlmsg_ok(m, left); m = mnl_nlmsg_next(m, &left))
			answer_take(nl, &a, m);
	}
	if (a.err < 0)
		return a.err;
	return a.interrupted ? 1 : 0;
}

const char *netlink_error(const struct netlink *nl, int err)
{
	return nl->words[0] != '\0' ? nl->words : strerror(-err);
}
