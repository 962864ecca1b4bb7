/* SPDX-License-Identifier: BSD-2-Clause */
/* show: the commands' side of the agent. A cursor walks a table a row at a time. Private to agent/.
 */
#ifndef AGENT_SHOW_H
#define AGENT_SHOW_H

#include "agent/agent.h"

#define SHOW_FILTERS 8

/* Where an answer stands. Each command uses its own part. */
struct cursor {
	struct agent *a;
	char *filter[SHOW_FILTERS];
	size_t n_filters;
	bool started;
	uint16_t iface;
	unsigned int index;
	unsigned int group; /* of counters */
	struct agent_route route;
	struct neigh_info neigh;
};

/* A cursor as @r's state, with @args as filters; NULL without memory. */
struct cursor *show_open(void *ctx, struct control_reply *r, char *const *args, size_t n);
void show_close(struct control_reply *r);

/* show_open(), with @next to make the rows. Return: an enum viaduct_exit. */
int show_start(void *ctx, struct control_reply *r, char *const *args, size_t n,
               bool (*next)(struct control_reply *, struct json *));

/* Is each filter one of @words, which ends with NULL? */
bool show_matches(const struct cursor *c, const char *const *words);

/* Is @name one of the filters, or are there none? For commands whose arguments are names. */
bool show_names(const struct cursor *c, const char *name);

int show_interfaces(void *ctx, struct control_reply *r, char *const *args, size_t n);
int show_routes(void *ctx, struct control_reply *r, char *const *args, size_t n);
int show_neighbours(void *ctx, struct control_reply *r, char *const *args, size_t n);
int show_bridge(void *ctx, struct control_reply *r, char *const *args, size_t n);
int show_bridge_ports(void *ctx, struct control_reply *r, char *const *args, size_t n);
int show_counters(void *ctx, struct control_reply *r, char *const *args, size_t n);
int show_drops(void *ctx, struct control_reply *r, char *const *args, size_t n);
int show_workers(void *ctx, struct control_reply *r, char *const *args, size_t n);
int command_clear_neighbours(void *ctx, struct control_reply *r, char *const *args, size_t n);
int command_clear_bridge(void *ctx, struct control_reply *r, char *const *args, size_t n);
int command_bridge(void *ctx, struct control_reply *r, char *const *args, size_t n);
int show_version(void *ctx, struct control_reply *r, char *const *args, size_t n);
int command_reload(void *ctx, struct control_reply *r, char *const *args, size_t n);

#endif
