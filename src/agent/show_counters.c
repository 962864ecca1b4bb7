/* SPDX-License-Identifier: BSD-2-Clause */
/* show counters, drops, workers, version: what is counted where. */
#include <stdio.h>
#include <sys/utsname.h>

#include "agent/census.h"
#include "agent/example.h"
#include "agent/show.h"
#include "base/clock.h"
#include "port/steer.h"
#include "port/xsk.h"

/* A group of an interface's counters: the name of the @i-th and its value, or NULL behind the last.
 */
typedef const char *counter_group(const struct agent *a, uint16_t id, unsigned int i,
                                  uint64_t *value);

static const char *queue_counter(const struct agent *a, uint16_t id, unsigned int i,
                                 uint64_t *value)
{
	const struct port *port = a->iface[id].port;
	static const char *const name[] = {
		"rx.packets", "rx.bytes", "rx.wakeups", "fill.short",  "tx.packets",
		"tx.bytes",   "tx.full",  "tx.kicks",   "kick.errors",
	};

	if (port == NULL)
		return NULL;
	for (uint16_t k = 0; i < ARRAY_SIZE(name) && k < port->n_queues; k++) {
		const struct port_queue_counters *c = &port->queue[k].counters;
		const uint64_t *const field[ARRAY_SIZE(name)] = {
			&c->rx_packets, &c->rx_bytes,   &c->rx_wakeups,
			&c->fill_short, &c->tx_packets, &c->tx_bytes,
			&c->tx_full,    &c->tx_kicks,   &c->kick_errors,
		};

		*value += counter_read(field[i]);
	}
	return i < ARRAY_SIZE(name) ? name[i] : NULL;
}

/* What the watchdog saw and did. */
static const char *watchdog_counter(const struct agent *a, uint16_t id, unsigned int i,
                                    uint64_t *value)
{
	const struct watchdog *w = a->iface[id].watchdog;
	static const char *const name[] = {"tx.stalls", "rx.stalls", "rebinds"};

	if (a->iface[id].port == NULL)
		return NULL;
	for (uint16_t k = 0; i < ARRAY_SIZE(name) && w != NULL && k < PORT_QUEUE_MAX; k++) {
		const struct watchdog_queue *q = &w->queue[k];
		const uint64_t field[ARRAY_SIZE(name)] = {q->tx.stalls, q->rx.stalls, q->rebinds};

		*value += field[i];
	}
	return i < ARRAY_SIZE(name) ? name[i] : NULL;
}

/* What the kernel says of the sockets (XDP_STATISTICS). */
static const char *xsk_counter(const struct agent *a, uint16_t id, unsigned int i, uint64_t *value)
{
	const struct port *port = a->iface[id].port;
	static const char *const name[] = {
		"rx-dropped",   "rx-invalid-descs", "tx-invalid-descs",
		"rx-ring-full", "fill-ring-empty",  "tx-ring-empty",
	};

	if (port == NULL)
		return NULL;
	for (uint16_t k = 0; i < ARRAY_SIZE(name) && k < port->n_queues; k++) {
		struct port_queue *q = &port->queue[k];
		const struct port_queue_kernel *s = &q->kernel;
		const uint64_t *const field[ARRAY_SIZE(name)] = {
			&s->rx_dropped,   &s->rx_invalid_descs,         &s->tx_invalid_descs,
			&s->rx_ring_full, &s->rx_fill_ring_empty_descs, &s->tx_ring_empty_descs,
		};

		if (q->ops->stats == NULL)
			return NULL;
		q->ops->stats(q);
		*value += *field[i];
	}
	return i < ARRAY_SIZE(name) ? name[i] : NULL;
}

static const char *verdict_counter(const struct agent *a, uint16_t id, unsigned int i,
                                   uint64_t *value)
{
	enum verdict v = (enum verdict)(i + 1); /* all but KEEP */

	if (v >= VERDICT_COUNT)
		return NULL;
	*value = agent_verdicts(a, id, v);
	return verdict_name(v);
}

/* What the program decided, and how many queues it has no socket for. */
static const char *steer_counter(const struct agent *a, uint16_t id, unsigned int i,
                                 uint64_t *value)
{
	const struct port *port = a->iface[id].port;
	uint64_t count[STEER_DECISIONS];

	if (port == NULL || port->ifindex == 0 || i > STEER_DECISIONS)
		return NULL;
	if (i == STEER_DECISIONS) {
		*value = xsk_port_uncovered(port);
		return "uncovered-queues";
	}
	if (steer_read(xsk_port_steer(port), count) < 0)
		return NULL;
	*value = count[i];
	return steer_decision_name((enum steer_decision)i);
}

static const char *daemon_counter(const struct agent *a, uint16_t, unsigned int i, uint64_t *value)
{
	return census_counter(a, i, value);
}

static const struct {
	const char *prefix;
	counter_group *counter;
} counter_groups[] = {
	{"", daemon_counter}, /* once, before the interfaces' */
	{"", queue_counter},           {"", watchdog_counter},    {"xsk.", xsk_counter},
	{"verdict.", verdict_counter}, {"steer.", steer_counter},
};

/* Go on to the next group, or to the next interface. Return: false behind the last. */
static bool counters_advance(struct cursor *c)
{
	c->index = 0;
	c->group++;
	if (c->group == 1 || c->group == ARRAY_SIZE(counter_groups)) {
		c->iface = c->group == 1 ? 0 : (uint16_t)(c->iface + 1);
		c->group = 1;
	}
	while (c->iface < c->a->iface_top && !agent_iface_serves(&c->a->iface[c->iface]))
		c->iface++;
	return c->iface < c->a->iface_top;
}

/* The whole daemon's counters first, then each interface's. Zeroes are shown too, it is "every";
 * but for a thousand VLANs'. */
static bool counters_next(struct control_reply *r, struct json *row)
{
	struct cursor *c = r->state;
	const char *ifname = c->group == 0 ? "" : c->a->iface[c->iface].name, *name = NULL;
	uint64_t value = 0;
	char full[64];

	/* The interface may have gone between two rows. */
	if (c->group == 0 || agent_iface_serves(&c->a->iface[c->iface]))
		name = counter_groups[c->group].counter(c->a, c->iface, c->index++, &value);
	if (name == NULL)
		return counters_advance(c);
	snprintf(full, sizeof(full), "%s%s", counter_groups[c->group].prefix, name);
	const char *const words[] = {ifname, full, NULL};

	if (!show_matches(c, words) || (value == 0 && c->group != 0 && c->iface >= PORT_MAX))
		return true;
	json_add_string(row, "ifname", ifname);
	json_add_string(row, "name", full);
	json_add_uint(row, "value", value);
	return true;
}

int show_counters(void *ctx, struct control_reply *r, char *const *args, size_t n)
{
	return show_start(ctx, r, args, n, counters_next);
}

/* The example at @e, if its writer left it alone meanwhile. */
static bool example_read(const struct drop_example *e, struct drop_example *copy)
{
	for (int i = 0; i < 100; i++) {
		uint32_t seq = __atomic_load_n(&e->seq, __ATOMIC_ACQUIRE);

		*copy = *(const volatile struct drop_example *)e;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (seq % 2 == 0 && seq == __atomic_load_n(&e->seq, __ATOMIC_RELAXED))
			return copy->len > 0;
	}
	return false;
}

/* The newest example that any worker has. */
static bool example_newest(const struct agent *a, uint16_t id, enum verdict v,
                           struct drop_example *newest)
{
	struct drop_example e;
	bool found = false;

	for (unsigned int i = 0; i < a->n_workers; i++) {
		if (!example_read(&a->worker[i].pipeline.example[id][v], &e))
			continue;
		if (!found || e.at_ns > newest->at_ns)
			*newest = e;
		found = true;
	}
	return found;
}

/* The row of verdict @v on interface @id, unless there was none or a filter is against it. */
static bool drop_row(const struct cursor *c, uint16_t id, enum verdict v, struct json *row)
{
	const struct agent *a = c->a;
	uint64_t n = agent_verdicts(a, id, v);
	const char *const words[] = {a->iface[id].name, verdict_name(v), NULL};
	struct drop_example e;
	char text[EXAMPLE_TEXT];

	if (n == 0 || !agent_iface_serves(&a->iface[id]) || !show_matches(c, words))
		return false;
	json_add_string(row, "ifname", words[0]);
	json_add_string(row, "reason", words[1]);
	json_add_uint(row, "packets", n);
	if (example_newest(a, id, v, &e)) {
		json_add_string(row, "example", example_format(text, &e));
	}
	return true;
}

static bool drops_next(struct control_reply *r, struct json *row)
{
	struct cursor *c = r->state;

	while (c->iface < c->a->iface_top) {
		enum verdict v = (enum verdict)(DROP_FIRST + c->index++);

		if (v > DROP_LAST) {
			c->iface++;
			c->index = 0;
		} else if (drop_row(c, c->iface, v, row)) {
			return true;
		}
	}
	return false;
}

int show_drops(void *ctx, struct control_reply *r, char *const *args, size_t n)
{
	return show_start(ctx, r, args, n, drops_next);
}

static bool version_next(struct control_reply *r, struct json *row)
{
	struct cursor *c = r->state;
	struct utsname u;

	if (c->started)
		return false;
	c->started = true;
	json_add_string(row, "version", VIADUCT_VERSION);
	json_add_string(row, "compiler", __VERSION__);
	if (uname(&u) == 0)
		json_add_string(row, "kernel", u.release);
	json_add_uint(row, "pid", (uint64_t)getpid());
	json_add_uint(row, "uptime_s", (clock_ns() - c->a->started_ns) / NS_PER_SEC);
	json_add_string(row, "config", c->a->options.config_path);
	return true;
}

int show_version(void *ctx, struct control_reply *r, char *const *args, size_t n)
{
	return show_start(ctx, r, args, n, version_next);
}

const struct control_command agent_commands[] = {
	{"show interfaces", SHOW_FILTERS, show_interfaces},
	{"show routes", SHOW_FILTERS, show_routes},
	{"show neighbours", SHOW_FILTERS, show_neighbours},
	{"show bridge", 5, show_bridge},
	{"show bridge-ports", 1, show_bridge_ports},
	{"show counters", SHOW_FILTERS, show_counters},
	{"show drops", SHOW_FILTERS, show_drops},
	{"show workers", 0, show_workers},
	{"show version", 0, show_version},
	{"clear neighbours", SHOW_FILTERS, command_clear_neighbours},
	{"clear bridge", 1, command_clear_bridge},
	{"bridge", 5, command_bridge},
	{"reload", 0, command_reload},
};
const size_t agent_n_commands = ARRAY_SIZE(agent_commands);
