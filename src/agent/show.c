/* SPDX-License-Identifier: BSD-2-Clause */
/* show interfaces, routes, neighbours, and reload: rows out of the agent's own tables. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/show.h"
#include "base/clock.h"
#include "wire/addr.h"
#include "wire/ether.h"
#include "wire/ip4.h"

struct cursor *show_open(void *ctx, struct control_reply *r, char *const *args, size_t n)
{
	struct cursor *c = calloc(1, sizeof(*c));

	r->state = c;
	r->close = show_close;
	if (c == NULL)
		return NULL;
	c->a = ctx;
	for (size_t i = 0; i < n && i < SHOW_FILTERS; i++) {
		c->filter[i] = strdup(args[i]);
		c->n_filters += c->filter[i] != NULL;
	}
	return c;
}

void show_close(struct control_reply *r)
{
	struct cursor *c = r->state;

	if (c == NULL)
		return;
	for (size_t i = 0; i < SHOW_FILTERS; i++)
		free(c->filter[i]);
	free(c);
}

int show_start(void *ctx, struct control_reply *r, char *const *args, size_t n,
               bool (*next)(struct control_reply *, struct json *))
{
	r->next = next;
	if (show_open(ctx, r, args, n) == NULL)
		return control_refuse(r, VIADUCT_EXIT_FAILED, "show: out of memory");
	return VIADUCT_EXIT_DONE;
}

bool show_matches(const struct cursor *c, const char *const *words)
{
	for (size_t i = 0; i < c->n_filters; i++) {
		bool found = false;

		for (const char *const *w = words; *w != NULL && !found; w++)
			found = strcmp(*w, c->filter[i]) == 0;
		if (!found)
			return false;
	}
	return true;
}

bool show_names(const struct cursor *c, const char *name)
{
	for (size_t i = 0; i < c->n_filters; i++) {
		if (strcmp(name, c->filter[i]) == 0)
			return true;
	}
	return c->n_filters == 0;
}

/* The mode that all queues of a port share, or the worst of them. */
static const char *iface_mode(const struct port *port)
{
	enum port_mode mode = port->queue[0].mode;

	for (uint16_t i = 1; i < port->n_queues; i++) {
		if (port->queue[i].mode > mode)
			mode = port->queue[i].mode;
	}
	return port_mode_name(mode);
}

/* The IPv6 addresses of @f that are in @state, as a list called @key; nothing if there are none. */
static void iface_addresses_in(struct json *row, const struct agent_iface *f, const char *key,
                               enum addr_state state)
{
	char text[IP_PREFIX_TEXT];
	bool any = false;

	for (uint16_t i = 0; i < f->addrs.n6; i++) {
		const struct iface_addr6 *addr = &f->addrs.addr6[i];

		if (addr->state != state)
			continue;
		if (!any) {
			json_key(row, key);
			json_begin_array(row);
		}
		any = true;
		json_put_string(row, ip_prefix_format(text, addr->addr, addr->len));
	}
	if (any)
		json_end_array(row);
}

static void iface_addresses(struct json *row, const struct agent_iface *f)
{
	char text[IP_PREFIX_TEXT];

	json_key(row, "addresses");
	json_begin_array(row);
	for (uint16_t i = 0; i < f->addrs.n4; i++)
		json_put_string(row, ip4_prefix_format(text, f->addrs.addr4[i].addr,
		                                       f->addrs.addr4[i].len));
	for (uint16_t i = 0; i < f->addrs.n6; i++)
		json_put_string(
			row, ip_prefix_format(text, f->addrs.addr6[i].addr, f->addrs.addr6[i].len));
	json_end_array(row);
	iface_addresses_in(row, f, "tentative", ADDR_TENTATIVE);
	iface_addresses_in(row, f, "duplicate", ADDR_DUPLICATE);
}

/* What the kernel says about the sockets, summed over the queues. */
static void iface_xsk(struct json *row, const struct port *port)
{
	struct port_queue_kernel sum = {0};

	for (uint16_t i = 0; i < port->n_queues; i++) {
		struct port_queue *q = &port->queue[i];

		if (q->ops->stats == NULL)
			return;
		q->ops->stats(q);
		sum.rx_dropped += q->kernel.rx_dropped;
		sum.rx_invalid_descs += q->kernel.rx_invalid_descs;
		sum.tx_invalid_descs += q->kernel.tx_invalid_descs;
		sum.rx_ring_full += q->kernel.rx_ring_full;
		sum.rx_fill_ring_empty_descs += q->kernel.rx_fill_ring_empty_descs;
		sum.tx_ring_empty_descs += q->kernel.tx_ring_empty_descs;
	}
	json_key(row, "xsk");
	json_begin_object(row);
	json_add_uint(row, "rx_dropped", sum.rx_dropped);
	json_add_uint(row, "rx_invalid_descs", sum.rx_invalid_descs);
	json_add_uint(row, "tx_invalid_descs", sum.tx_invalid_descs);
	json_add_uint(row, "rx_ring_full", sum.rx_ring_full);
	json_add_uint(row, "rx_fill_ring_empty_descs", sum.rx_fill_ring_empty_descs);
	json_add_uint(row, "tx_ring_empty_descs", sum.tx_ring_empty_descs);
	json_end_object(row);
}

/* The queues that ever stood still. */
static void iface_stalls(struct json *row, const struct watchdog *w)
{
	json_key(row, "stalls");
	json_begin_array(row);
	for (uint16_t i = 0; w != NULL && i < PORT_QUEUE_MAX; i++) {
		const struct watchdog_queue *q = &w->queue[i];

		if (q->tx.stalls + q->rx.stalls + q->rebinds == 0)
			continue;
		json_begin_object(row);
		json_add_uint(row, "queue", i);
		json_add_uint(row, "tx_stalls", q->tx.stalls);
		json_add_uint(row, "rx_stalls", q->rx.stalls);
		json_add_uint(row, "rebinds", q->rebinds);
		json_end_object(row);
	}
	json_end_array(row);
}

/* What a user should know: that a queue stands still now, that an address is not used because
 * others have it, that a queue stood still, or why the mode is what it is. Return: @text, the
 * port's own note, or NULL. */
static const char *iface_note(const struct agent_iface *f, char *text, size_t room)
{
	const struct watchdog *w = f->watchdog;
	char addr[IP_TEXT];
	uint64_t rebinds = 0;

	if (f->gone)
		return "the device is gone";
	for (uint16_t i = 0; w != NULL && f->port != NULL && i < f->port->n_queues; i++) {
		if (watchdog_describe(w, i, text, room))
			return text;
		rebinds += w->queue[i].rebinds;
	}
	for (uint16_t i = 0; i < f->addrs.n6; i++) {
		if (f->addrs.addr6[i].state == ADDR_DUPLICATE) {
			snprintf(text, room, "%s is in use by someone else",
			         ip_format(addr, f->addrs.addr6[i].addr));
			return text;
		}
	}
	if (rebinds > 0) {
		snprintf(text, room, "stood still; new bindings: %llu",
		         (unsigned long long)rebinds);
		return text;
	}
	return f->port != NULL && f->port->note[0] != '\0' ? f->port->note : NULL;
}

/* The bridge that interface @f is a port of, or a foot in; NULL: none. */
static const char *iface_bridge(const struct agent *a, const struct agent_iface *f)
{
	uint16_t k = config_find_interface(a->config, f->name), b = CONFIG_NO_BRIDGE;

	if (k != CONFIG_NO_IFACE && a->config->interfaces[k].kind != CONFIG_VLAN)
		b = a->config->interfaces[k].bridge;
	return b < a->config->n_bridges ? a->config->bridges[b].name : NULL;
}

/* Where it is, in words. */
static const char *virtual_note(const struct agent_iface *f, const char *on, bool qinq, char *text,
                                size_t room)
{
	const char *said = iface_note(f, text, room);

	if (said != NULL)
		return said;
	if (f->kind == IFACE_BRIDGE && f->vid == 0)
		snprintf(text, room, "of bridge %s", on);
	else
		snprintf(text, room, "%sVLAN %u of %s%s", qinq ? "802.1ad " : "", f->vid,
		         f->kind == IFACE_BRIDGE ? "bridge " : "", on);
	return text;
}

/* A VLAN, or the router's foot in a bridge: of its packets only those are counted that end here. */
static void virtual_row(const struct agent *a, uint16_t id, struct json *row)
{
	const struct agent_iface *f = &a->iface[id];
	const char *bridge = f->kind == IFACE_BRIDGE ? iface_bridge(a, f) : NULL;
	const char *on = f->kind == IFACE_VLAN ? a->iface[f->parent].name : bridge;
	bool qinq = f->kind == IFACE_VLAN && (uint16_t)f->tag == ETHERTYPE_QINQ;
	struct agent_totals t;
	char mac[MAC_TEXT], note[96];

	agent_iface_totals(a, id, &t);
	json_add_string(row, "ifname", f->name);
	json_add_string(row, "operstate", agent_iface_up(f) ? "up" : "down");
	json_add_string(row, "mode", f->kind == IFACE_VLAN ? "vlan" : "bridge");
	json_add_real(row, "drops_ps", f->rate.drops_ps);
	json_add_string(row, "note",
	                virtual_note(f, on != NULL ? on : "", qinq, note, sizeof(note)));
	json_add_string(row, f->kind == IFACE_VLAN ? "link" : "bridge", on);
	if (f->vid != 0)
		json_add_uint(row, "vlan", f->vid);
	if (f->kind == IFACE_VLAN)
		json_add_string(row, "protocol", qinq ? "802.1ad" : "802.1Q");
	json_add_uint(row, "mtu", f->mtu);
	json_add_string(row, "address", mac_format(mac, f->mac));
	iface_addresses(row, f);
	json_add_uint(row, "drops", t.drops);
}

static void iface_row(const struct agent *a, uint16_t id, struct json *row)
{
	const struct agent_iface *f = &a->iface[id];
	struct agent_totals t;
	char mac[MAC_TEXT], note[96];

	agent_iface_totals(a, id, &t);
	json_add_string(row, "ifname", f->name);
	json_add_string(row, "operstate", f->up && f->carrier ? "up" : "down");
	json_add_string(row, "mode", iface_mode(f->port));
	json_add_uint(row, "queues", f->port->n_queues);
	json_add_real(row, "rx_pps", f->rate.rx_pps);
	json_add_real(row, "tx_pps", f->rate.tx_pps);
	json_add_real(row, "drops_ps", f->rate.drops_ps);
	json_add_string(row, "note", iface_note(f, note, sizeof(note)));
	if (iface_bridge(a, f) != NULL)
		json_add_string(row, "master", iface_bridge(a, f));
	json_add_uint(row, "mtu", f->mtu);
	json_add_string(row, "address", mac_format(mac, f->mac));
	iface_addresses(row, f);
	json_add_uint(row, "rx_packets", t.rx_packets);
	json_add_uint(row, "rx_bytes", t.rx_bytes);
	json_add_uint(row, "tx_packets", t.tx_packets);
	json_add_uint(row, "tx_bytes", t.tx_bytes);
	json_add_uint(row, "drops", t.drops);
	iface_stalls(row, f->watchdog);
	iface_xsk(row, f->port);
}

/* Its device could not be bound again when it came back or changed; a reload tries once more. */
static void iface_absent_row(const struct agent_iface *f, struct json *row)
{
	json_add_string(row, "ifname", f->name);
	json_add_string(row, "operstate", "down");
	json_add_string(row, "note", "has no device: `viaduct reload` looks for one");
	iface_addresses(row, f);
}

static bool interfaces_next(struct control_reply *r, struct json *row)
{
	struct cursor *c = r->state;

	while (c->iface < c->a->iface_top) {
		uint16_t id = c->iface++;
		const struct agent_iface *f = &c->a->iface[id];

		if (f->name[0] == '\0' || !show_names(c, f->name))
			continue;
		if (f->kind != IFACE_PORT)
			virtual_row(c->a, id, row);
		else if (f->port != NULL)
			iface_row(c->a, id, row);
		else
			iface_absent_row(f, row);
		return true;
	}
	return false;
}

/* The router's feet in bridge @name, as many as there is room for, behind one another. */
static void feet_format(const struct agent *a, const char *name, char *text, size_t room)
{
	size_t len = 0;

	text[0] = '\0';
	for (uint16_t i = IFACE_PORTS; i < a->iface_top; i++) {
		const struct agent_iface *f = &a->iface[i];
		const char *of = f->kind == IFACE_BRIDGE ? iface_bridge(a, f) : NULL;
		bool fits = len + CONFIG_NAME_LEN + sizeof(", ...") < room;

		if (f->name[0] == '\0' || of == NULL || strcmp(of, name) != 0)
			continue;
		len += (size_t)snprintf(text + len, room - len, "%s%s", len > 0 ? ", " : "",
		                        fits ? f->name : "...");
		if (!fits)
			return;
	}
}

/* Refuse: there is no interface called @name. Of a bridge is said what it has instead. */
static int no_interface(const struct agent *a, struct control_reply *r, const char *name)
{
	bool bridge = false;
	char feet[160];

	for (size_t i = 0; i < a->config->n_bridges && !bridge; i++)
		bridge = strcmp(a->config->bridges[i].name, name) == 0;
	if (!bridge)
		return control_refuse(r, VIADUCT_EXIT_FAILED,
		                      "interfaces.%s: no such interface is configured", name);
	feet_format(a, name, feet, sizeof(feet));
	if (feet[0] == '\0')
		return control_refuse(r, VIADUCT_EXIT_FAILED,
		                      "interfaces.%s: a bridge without addresses is no interface: "
		                      "see `viaduct show bridge-ports %s`",
		                      name, name);
	return control_refuse(r, VIADUCT_EXIT_FAILED,
	                      "interfaces.%s: a bridge that looks at VLANs is no interface: of "
	                      "its VLANs there is %s",
	                      name, feet);
}

int show_interfaces(void *ctx, struct control_reply *r, char *const *args, size_t n)
{
	struct agent *a = ctx;

	for (size_t i = 0; i < n; i++) {
		if (agent_iface_find(a, args[i]) == NULL)
			return no_interface(a, r, args[i]);
	}
	return show_start(ctx, r, args, n, interfaces_next);
}

static bool neighbours_next(struct control_reply *r, struct json *row)
{
	struct cursor *c = r->state;
	struct neigh_info info;
	char dst[IP_TEXT], mac[MAC_TEXT];
	const char *dev, *state;

	if (!neigh_next(c->a->neigh, c->started ? &c->neigh : NULL, &info))
		return false;
	c->neigh = info;
	c->started = true;
	ip_format(dst, info.ip);
	mac_format(mac, info.mac);
	dev = c->a->iface[info.iface].name;
	state = neigh_state_name(info.state);
	const char *const words[] = {dst, dev, state, mac, NULL};

	if (!show_matches(c, words))
		return true;
	json_add_string(row, "dst", dst);
	json_add_string(row, "dev", dev);
	json_add_string(row, "lladdr", info.mac != 0 ? mac : NULL);
	json_add_string(row, "state", state);
	if (info.confirmed_ns != 0)
		json_add_uint(row, "confirmed_s", (clock_ns() - info.confirmed_ns) / NS_PER_SEC);
	json_add_uint(row, "held", info.held);
	if (!ip_is4(info.ip))
		json_add_bool(row, "router", info.router);
	return true;
}

int show_neighbours(void *ctx, struct control_reply *r, char *const *args, size_t n)
{
	return show_start(ctx, r, args, n, neighbours_next);
}

int command_clear_neighbours(void *ctx, struct control_reply *r, char *const *args, size_t n)
{
	struct agent *a = ctx;

	for (size_t i = 0; i < n; i++) {
		if (agent_iface_find(a, args[i]) == NULL)
			return no_interface(a, r, args[i]);
	}
	a->now_ns = clock_ns();
	for (size_t i = 0; i < n; i++)
		neigh_clear(a->neigh, agent_iface_id(a, args[i]));
	if (n == 0)
		neigh_clear(a->neigh, -1);
	agent_neigh_tick(a);
	return VIADUCT_EXIT_DONE;
}

/* The file's errors, as --check prints them. */
static int reload_invalid(struct control_reply *r, const struct config_errors *errs,
                          const char *name)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (out == NULL)
		return control_refuse(r, VIADUCT_EXIT_INVALID, "%s: out of memory", name);
	config_errors_print(errs, name, out);
	if (fclose(out) == 0)
		control_refuse(r, VIADUCT_EXIT_INVALID, "%.*s", (int)len - 1, text);
	free(text);
	return VIADUCT_EXIT_INVALID;
}

int command_reload(void *ctx, struct control_reply *r, char *const *, size_t)
{
	struct agent *a = ctx;
	struct config_errors errs = {0};
	struct why e;
	uint64_t start = clock_ns();
	int err;

	a->now_ns = start;
	err = agent_reload(a, &errs, &e);
	if (errs.n > 0)
		err = reload_invalid(r, &errs, a->options.config_path);
	else if (err < 0)
		err = control_refuse(r, VIADUCT_EXIT_FAILED, "%s: %s", a->options.config_path,
		                     e.text);
	else
		control_say(r, "%s in force in %.1f ms", a->options.config_path,
		            (double)(clock_ns() - start) / NS_PER_MS);
	config_errors_fini(&errs);
	return err;
}
