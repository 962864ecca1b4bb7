/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "soak.h"

#define BURST    64
#define RX_BYTES (64 << 20)
#define ROOM     9600
#define TAG      4

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

static int socket_open(const char *device, uint16_t protocol)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(protocol),
		.sll_ifindex = (int)if_nametoindex(device),
	};
	int fd, err;

	if (to.sll_ifindex == 0)
		return -errno;
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)&to, sizeof(to)) < 0) {
		err = -errno;
		(void)close(fd);
		return err;
	}
	return fd;
}

int wire_open(struct wire *w, const char *device)
{
	int one = 1, bytes = RX_BYTES, rx, tx;

	tx = socket_open(device, 0);
	if (tx < 0)
		return tx;
	rx = socket_open(device, ETH_P_ALL);
	if (rx < 0) {
		(void)close(tx);
		return rx;
	}
	if (setsockopt(rx, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) < 0 ||
	    setsockopt(rx, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)) < 0 ||
	    setsockopt(rx, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0) {
		int err = -errno;

		(void)close(tx);
		(void)close(rx);
		return err;
	}
	*w = (struct wire){.tx = tx, .rx = rx};
	return 0;
}

void wire_send(struct wire *w, struct packet *const *frame, unsigned int n)
{
	struct mmsghdr message[BURST];
	struct iovec part[BURST];

	while (n > 0) {
		unsigned int some = n < BURST ? n : BURST;
		int sent;

		for (unsigned int i = 0; i < some; i++) {
			part[i] = (struct iovec){frame[i]->bytes, frame[i]->len};
			message[i] =
				(struct mmsghdr){.msg_hdr = {.msg_iov = &part[i], .msg_iovlen = 1}};
		}
		sent = sendmmsg(w->tx, message, some, 0);
		if (sent < 0 && errno == EINTR)
			continue;
		/* An error is about the first one. */
		w->refused += sent <= 0;
		some = sent <= 0 ? 1 : (unsigned int)sent;
		w->sent += some;
		frame += some;
		n -= some;
	}
}

/* Put the tag that the kernel took out of a frame back in, in the four bytes before it. Return: how
 * far its beginning moved. */
static uint32_t tag_restore(struct msghdr *m, uint8_t *frame)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		struct tpacket_auxdata aux;

		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		if (!(aux.tp_status & TP_STATUS_VLAN_VALID))
			continue;
		memmove(frame - TAG, frame, 12);
		soak_put16(frame + 8, aux.tp_vlan_tpid);
		soak_put16(frame + 10, aux.tp_vlan_tci);
		return TAG;
	}
	return 0;
}

unsigned int wire_receive(struct wire *w, wire_take_fn *take, void *context)
{
	static uint8_t room[BURST][ROOM];
	static _Alignas(struct cmsghdr) uint8_t extra[BURST][64];
	struct mmsghdr message[BURST];
	struct iovec part[BURST];
	int n;

	for (unsigned int i = 0; i < BURST; i++) {
		part[i] = (struct iovec){room[i] + TAG, ROOM - TAG};
		message[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &part[i],
		                                          .msg_iovlen = 1,
		                                          .msg_control = extra[i],
		                                          .msg_controllen = sizeof(extra[i])}};
	}
	n = recvmmsg(w->rx, message, BURST, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		uint32_t tag = tag_restore(&message[i].msg_hdr, room[i] + TAG);

		take(context, room[i] + TAG - tag, message[i].msg_len + tag);
	}
	w->received += n > 0 ? (uint64_t)n : 0;
	return n > 0 ? (unsigned int)n : 0;
}

unsigned int wire_lost(const struct wire *w)
{
	struct tpacket_stats s = {0};
	socklen_t len = sizeof(s);

	return getsockopt(w->rx, SOL_PACKET, PACKET_STATISTICS, &s, &len) == 0 ? s.tp_drops : 0;
}
