/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * control_conn: one client of the control socket, from its request to the last byte of the answer.
 * Of an answer at most CONN_OUT_BYTES and a row are in memory.
 */
#ifndef AGENT_CONTROL_CONN_H
#define AGENT_CONTROL_CONN_H

#include <urcu/list.h>

#include "agent/control.h"

#define CONN_OUT_BYTES     65536 /* rows are made until so much waits to be sent */
#define CONN_ROWS_PER_TURN 256   /* calls of next() between two looks at the rest of the world */

struct control_conn;

/* What connections share, and how they tell the server that they are over. */
struct control_conns {
	struct loop *loop;
	struct control_config cfg;
	struct cds_list_head list;
	unsigned int n;
	void (*closed)(struct control_conns *s); /* one less; called last */
};

/* Take @fd, a connected non-blocking socket, over. Return: 0 or a negative errno, @fd still open.
 */
[[nodiscard]] int control_conn_new(struct control_conns *s, int fd);

/* Close all connections. */
void control_conns_close(struct control_conns *s);

#endif
