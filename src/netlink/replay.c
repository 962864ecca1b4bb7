// SPDX-License-Identifier: BSD-2-Clause
#include "netlink/replay.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "netlink/attr.h"
#include "netlink/saved.h"

#define DUMP_TRIES   5
#define REMOVE_TRIES 5
#define DAD_WAIT_NS  (100 * NS_PER_MS)
#define DAD_TRIES    30

/* What a dump is sifted for, and where it goes. */
struct sieve {
	struct journal *out;
	int ifindex;
	bool all;  /* for removal: also what need not be restored, and nothing elsewhere */
	bool down; /* a device that is down has no routes but what the kernel keeps for it */
};

static int saved_add(void *context, const struct nlmsghdr *nlh)
{
	return journal_add(context, nlh);
}

static const struct nlmsghdr *message_at(const struct journal *j, size_t at)
{
	return at < j->bytes ? (const void *)(j->messages + at) : NULL;
}

static size_t message_next(const struct nlmsghdr *nlh, size_t at)
{
	return at + NLMSG_ALIGN(nlh->nlmsg_len);
}

static int addr_sift(void *context, const struct nlmsghdr *nlh)
{
	const struct sieve *s = context;

	if (!addr_is_on(nlh, s->ifindex) || (!s->all && addr_is_temporary(nlh)))
		return 0;
	return journal_add(s->out, nlh);
}

/* Is the route's source an address that is in the journal? */
static bool route_is_from(const struct journal *j, const struct nlmsghdr *route)
{
	const struct nlattr *prefsrc = attr_find(route, sizeof(struct rtmsg), RTA_PREFSRC);
	const struct nlmsghdr *nlh;

	if (prefsrc == NULL)
		return false;
	for (size_t at = 0; (nlh = message_at(j, at)) != NULL; at = message_next(nlh, at)) {
		if (nlh->nlmsg_type == RTM_NEWADDR && addr_is(nlh, prefsrc))
			return true;
	}
	return false;
}

static int route_sift(void *context, const struct nlmsghdr *nlh)
{
	const struct sieve *s = context;
	bool through = route_is_through(nlh, s->ifindex);

	if (nlh->nlmsg_type != RTM_NEWROUTE ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(struct rtmsg) || route_is_automatic(nlh))
		return 0;
	if (through ? s->down || (s->all && route_is_shared(nlh, s->ifindex))
	            : s->all || !route_is_from(s->out, nlh))
		return 0;
	return route_save(nlh, s->ifindex, saved_add, s->out);
}

/* Sift one dump; anew when the table changed meanwhile, but not for ever. */
static int dump_sift(struct netlink *nl, uint16_t type, uint8_t family, struct sieve *s)
{
	size_t before = s->out->bytes;
	int err = 1;

	for (int i = 0; i < DUMP_TRIES && err == 1; i++) {
		uint8_t bytes[256] __attribute__((aligned(8)));
		struct nlmsghdr *nlh = mnl_nlmsg_put_header(bytes);

		nlh->nlmsg_type = type;
		nlh->nlmsg_flags = NLM_F_DUMP;
		if (type == RTM_GETADDR)
			((struct ifaddrmsg *)mnl_nlmsg_put_extra_header(nlh,
			                                                sizeof(struct ifaddrmsg)))
				->ifa_family = family;
		else
			((struct rtmsg *)mnl_nlmsg_put_extra_header(nlh, sizeof(struct rtmsg)))
				->rtm_family = family;
		s->out->bytes = before;
		err = netlink_ask(nl, nlh, type == RTM_GETADDR ? addr_sift : route_sift, s);
	}
	if (err == -EAFNOSUPPORT || err == -EOPNOTSUPP)
		return 0; /* a kernel without IPv6 */
	return err < 0 ? err : 0;
}

static int both_sift(struct netlink *nl, uint16_t type, struct sieve *s)
{
	int err = dump_sift(nl, type, AF_INET, s);

	return err < 0 ? err : dump_sift(nl, type, AF_INET6, s);
}

int replay_record(struct netlink *nl, struct journal *j)
{
	struct sieve s = {.out = j, .ifindex = j->link.ifindex, .down = !j->link.up};
	int err = both_sift(nl, RTM_GETADDR, &s);

	return err < 0 ? err : both_sift(nl, RTM_GETROUTE, &s);
}

/* Send a copy of @saved with another type or flags, its lifetimes shortened. */
static int message_send(struct netlink *nl, const struct nlmsghdr *saved, uint16_t type,
                        uint16_t flags, uint64_t age)
{
	struct nlmsghdr *nlh = malloc(saved->nlmsg_len);
	int err;

	if (nlh == NULL)
		return -ENOMEM;
	memcpy(nlh, saved, saved->nlmsg_len);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = flags;
	nlh->nlmsg_pid = 0;
	err = 0;
	if (type == RTM_NEWADDR || type == RTM_NEWROUTE)
		err = saved_age(nlh, age);
	if (err == 0)
		err = netlink_ask(nl, nlh, NULL, NULL);
	free(nlh);
	return err;
}

/* One round of removal; @left: how many there were. */
static int remove_round(struct netlink *nl, int ifindex, uint16_t get, uint16_t del, size_t *left)
{
	struct journal found = {0};
	struct sieve s = {.out = &found, .ifindex = ifindex, .all = true};
	const struct nlmsghdr *nlh;
	int err = both_sift(nl, get, &s);

	*left = 0;
	for (size_t at = 0; err == 0 && (nlh = message_at(&found, at)) != NULL;
	     at = message_next(nlh, at)) {
		err = message_send(nl, nlh, del, 0, 0);
		/* Gone with another one before it. */
		if (err == -EADDRNOTAVAIL || err == -ESRCH || err == -ENOENT)
			err = 0;
		++*left;
	}
	journal_fini(&found);
	return err;
}

int replay_remove(struct netlink *nl, int ifindex)
{
	size_t left = 1;
	int err = 0;

	for (int i = 0; i < REMOVE_TRIES && left > 0 && err == 0; i++)
		err = remove_round(nl, ifindex, RTM_GETADDR, RTM_DELADDR, &left);
	if (err < 0)
		return err;
	if (left > 0)
		return -EBUSY;
	/* Where there was no address to take them along. */
	return remove_round(nl, ifindex, RTM_GETROUTE, RTM_DELROUTE, &left);
}

/* A restore under way: its messages in the order of trying. */
struct replay {
	struct netlink *nl;
	const struct nlmsghdr **left;
	size_t n;
	uint64_t age;
	int err;
	struct why *why;
};

/* 0 when it is there (or its time is over), whoever made it. */
static int replay_one(const struct replay *r, const struct nlmsghdr *nlh)
{
	/* Appending refuses an equal route and keeps the order of others of the same prefix. */
	uint16_t flags =
		NLM_F_CREATE | (nlh->nlmsg_type == RTM_NEWADDR ? NLM_F_EXCL : NLM_F_APPEND);
	int err = message_send(r->nl, nlh, nlh->nlmsg_type, flags, r->age);

	return err == -EEXIST || err == -ETIME ? 0 : err;
}

static void replay_note(struct replay *r, const struct nlmsghdr *nlh, int err)
{
	char what[80];

	if (r->err < 0)
		return;
	saved_print(nlh, what, sizeof(what));
	r->err = why_fail(r->why, err, "cannot restore %s: %s", what, netlink_error(r->nl, err));
}

static void addrs_restore(struct replay *r, const struct journal *j)
{
	const struct nlmsghdr *nlh;

	/* The kernel lists the oldest IPv4 address first and the youngest IPv6 address. */
	for (size_t at = 0; (nlh = message_at(j, at)) != NULL; at = message_next(nlh, at)) {
		const struct ifaddrmsg *head = mnl_nlmsg_get_payload(nlh);
		int err;

		if (nlh->nlmsg_type != RTM_NEWADDR)
			continue;
		if (head->ifa_family == AF_INET6) {
			r->left[r->n++] = nlh;
			continue;
		}
		err = replay_one(r, nlh);
		if (err < 0)
			replay_note(r, nlh, err);
	}
	while (r->n > 0) {
		int err = replay_one(r, r->left[--r->n]);

		if (err < 0)
			replay_note(r, r->left[r->n], err);
	}
}

/* Try the routes that are left once. Does one of them wait for its source address? */
static bool routes_pass(struct replay *r)
{
	size_t kept = 0;
	bool waits = false;

	for (size_t i = 0; i < r->n; i++) {
		const struct nlmsghdr *nlh = r->left[i];
		const struct rtmsg *head = mnl_nlmsg_get_payload(nlh);
		int err = replay_one(r, nlh);

		if (err == 0)
			continue;
		r->left[kept++] = nlh;
		if (err == -EINVAL && head->rtm_family == AF_INET6 &&
		    attr_find(nlh, sizeof(*head), RTA_PREFSRC) != NULL)
			waits = true;
	}
	r->n = kept;
	return waits;
}

/*
 * A route needs the route to its gateway, so passes are made until one restores nothing. An IPv6
 * source address is refused until duplicate address detection (RFC 4862 5.4) is through with it.
 */
static void routes_restore(struct replay *r, const struct journal *j)
{
	const struct timespec pause = {.tv_nsec = DAD_WAIT_NS};
	const struct nlmsghdr *nlh;
	int waited = 0;

	for (size_t at = 0; (nlh = message_at(j, at)) != NULL; at = message_next(nlh, at)) {
		if (nlh->nlmsg_type == RTM_NEWROUTE)
			r->left[r->n++] = nlh;
	}
	while (r->n > 0) {
		size_t before = r->n;
		bool waits = routes_pass(r);

		if (r->n < before)
			continue;
		if (!waits || waited++ == DAD_TRIES)
			break;
		nanosleep(&pause, NULL);
	}
	if (r->n > 0)
		replay_note(r, r->left[0], replay_one(r, r->left[0]));
}

int replay_restore(struct netlink *nl, const struct journal *j, struct why *why)
{
	struct replay r = {.nl = nl, .why = why};
	const struct nlmsghdr *nlh;
	struct timespec now;
	size_t n = 0;

	for (size_t at = 0; (nlh = message_at(j, at)) != NULL; at = message_next(nlh, at))
		n++;
	if (n == 0)
		return 0;
	r.left = calloc(n, sizeof(*r.left)); /* NOLINT(bugprone-sizeof-expression): pointers */
	if (r.left == NULL)
		return why_fail(why, -ENOMEM, "out of memory");
	clock_gettime(CLOCK_BOOTTIME, &now);
	r.age = (uint64_t)now.tv_sec - j->link.taken_ns / NS_PER_SEC;
	addrs_restore(&r, j);
	routes_restore(&r, j);
	free(r.left);
	return r.err;
}
