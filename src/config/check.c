/* SPDX-License-Identifier: BSD-2-Clause */
/* check: what single values of the file may not say, as the reader meets them. */
#include "config/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/address.h"
#include "wire/addr.h"

void *array_slot(void *array, size_t n, size_t size)
{
	void **a = array;
	char *slot;

	/* Doubles at every power of two, so the capacity need not be kept. */
	if ((n & (n - 1)) == 0) {
		void *moved = reallocarray(*a, n == 0 ? 1 : 2 * n, size);

		if (moved == NULL)
			return NULL;
		*a = moved;
	}
	slot = (char *)*a + n * size;
	memset(slot, 0, size);
	return slot;
}

void check_refuse_field(struct check *k, const struct seen *seen, unsigned int i, const char *why)
{
	struct path path = *seen->path;

	path.step[path.n++] = (struct path_step){.key = seen->schema->fields[i].key};
	errors_add(k->errs, seen->at[1 + i], &path, "%s", why);
}

void check_version(struct check *k, const struct seen *seen)
{
	const uint32_t *version = seen->value;

	if (*version != CONFIG_VERSION)
		errors_add(k->errs, seen->at[0], seen->path,
		           "format %u is not supported by this version, only %d is", *version,
		           CONFIG_VERSION);
}

struct config_interface *check_current(const struct check *k, const struct path *path)
{
	const struct config *c = k->config;
	struct config_bridge *b;

	/* What is being read is counted when it is done. */
	if (strcmp(path->step[0].key, "interfaces") == 0)
		return &c->interfaces[c->n_interfaces];
	b = &c->bridges[c->n_bridges];
	if (strcmp(path->step[2].key, "vlans") == 0)
		return &b->vlans[b->n_vlans].foot;
	return &b->foot;
}

struct check_foot *check_foot_place(struct check *k, struct config_interface *f)
{
	if (f->index == 0) {
		struct check_foot *foot = array_slot(&k->feet, k->n_feet, sizeof(*foot));

		if (foot == NULL) {
			k->err = -ENOMEM;
			return NULL;
		}
		foot->iface = CONFIG_NO_IFACE;
		f->index = (uint32_t)++k->n_feet;
	}
	return &k->feet[f->index - 1];
}

/* A link-local address is unique on its link only, and there may be one (RFC 4291 2.8 asks for no
 * more). */
static void check_link_local(struct check *k, const struct seen *seen)
{
	const struct config_interface *f = check_current(k, seen->path);
	char text[IP_TEXT];

	for (size_t i = 0; i < f->n_addresses; i++) {
		if (ip6_is_link_local(f->addresses[i].addr))
			errors_add(k->errs, seen->at[0], seen->path,
			           "a second link-local address beside %s",
			           ip_format(text, f->addresses[i].addr));
	}
}

void check_address(struct check *k, const struct seen *seen)
{
	struct config_interface *f = check_current(k, seen->path);
	bool of_bridge = strcmp(seen->path->step[0].key, "bridges") == 0;
	const struct config_prefix *p = seen->value;
	struct check_subnet *s;

	if (ip6_is_link_local(p->addr)) {
		check_link_local(k, seen);
		return;
	}
	if (of_bridge && check_foot_place(k, f) == NULL)
		return;
	s = array_slot(&k->subnets, k->n_subnets, sizeof(*s));
	if (s == NULL) {
		k->err = -ENOMEM;
		return;
	}
	*s = (struct check_subnet){
		.subnet = *p,
		.first = prefix_first(p),
		.last = prefix_last(p),
		.iface = (uint16_t)k->config->n_interfaces,
		.foot = of_bridge ? f->index : 0,
		.index = seen->index,
		.at = seen->at[0],
	};
	k->n_subnets++;
}

void *check_slot(struct check *k, void *array, size_t *n, size_t index, size_t size)
{
	while (*n <= index) {
		if (array_slot(array, *n, size) == NULL) {
			k->err = -ENOMEM;
			return NULL;
		}
		++*n;
	}
	return *(char **)array + index * size;
}

void check_place(struct check *k, struct check_places *places, uint32_t index,
                 struct check_place place)
{
	struct check_place *p = check_slot(k, &places->at, &places->n, index, sizeof(place));

	if (p != NULL)
		*p = place;
}

void check_pcap(struct check *k, const struct seen *seen)
{
	if (seen->at[1 + PCAP_IN].line == 0 && seen->at[1 + PCAP_OUT].line == 0)
		errors_add(k->errs, seen->at[0], seen->path, "neither \"in\" nor \"out\" is said");
	check_place(k, &k->captures, (uint32_t)k->config->n_interfaces,
	            (struct check_place){.whole = seen->at[1 + PCAP_OUT]});
}

static void check_of_device(struct check *k, const struct seen *seen)
{
	static const enum interface_field of_devices[] = {INTERFACE_ON_FAILURE, INTERFACE_XDP,
	                                                  INTERFACE_FORCE};

	for (size_t i = 0; i < ARRAY_SIZE(of_devices); i++) {
		if (seen->at[1 + of_devices[i]].line != 0)
			check_refuse_field(k, seen, of_devices[i],
			                   "does not apply to capture files, only to a device");
	}
}

/* Complain about the field @key of the mapping @seen. */
static void refuse_key(struct check *k, const struct seen *seen, const char *key, const char *why)
{
	const struct schema *s = seen->schema;

	check_refuse_field(k, seen, (unsigned int)(schema_field(s, key) - s->fields), why);
}

/* RFC 8200 5: a link with a smaller MTU has no IPv6. */
static void check_mtu(struct check *k, const struct seen *seen, const struct config_interface *f)
{
	size_t n6 = 0;

	for (size_t i = 0; i < f->n_addresses; i++)
		n6 += !ip_is4(f->addresses[i].addr);
	if (n6 > 0)
		refuse_key(k, seen, "mtu",
		           "IPv6 needs at least 1280 (RFC 8200 5): raise it, or remove the "
		           "IPv6 addresses");
	else if (f->ra.send)
		refuse_key(k, seen, "mtu",
		           "IPv6 needs at least 1280 (RFC 8200 5): raise it, or remove the "
		           "router-advertisement");
}

void check_addressed(struct check *k, const struct seen *seen, struct config_interface *f)
{
	if (f->mtu != 0 && f->mtu < 1280)
		check_mtu(k, seen, f);
	else if (f->ra.send)
		check_advertisement(k, seen, f);
}

void check_interface(struct check *k, const struct seen *seen)
{
	struct check_interface *place =
		check_slot(k, &k->interfaces, &k->n_interfaces, seen->index, sizeof(*place));

	if (place == NULL)
		return;
	place->whole = seen->at[0];
	memcpy(place->field, seen->at + 1, sizeof(place->field));
	check_vlan(k, seen);
	if (seen->at[1 + INTERFACE_PCAP].line != 0 && !interface_is_vlan(seen->value))
		check_of_device(k, seen);
	check_addressed(k, seen, seen->value);
}

void check_neighbour(struct check *k, const struct seen *seen)
{
	struct config_neighbour *n = seen->value;

	n->index = seen->index;
	n->iface = CONFIG_NO_IFACE;
	check_place(k, &k->neighbours, seen->index,
	            (struct check_place){
			    .whole = seen->at[0],
			    .address = seen->at[1 + NEIGHBOUR_ADDRESS],
			    .interface = seen->at[1 + NEIGHBOUR_INTERFACE],
		    });
}

/* Complain if the file that @f writes is @other's too; of two writers the later one is told. */
static void check_capture(struct check *k, const struct config_interface *f,
                          const struct config_interface *other)
{
	const char *out = f->pcap.out;
	bool read = other->pcap.in != NULL && strcmp(other->pcap.in, out) == 0;
	bool written = other->pcap.out != NULL && strcmp(other->pcap.out, out) == 0;

	if (!read && (!written || f->index <= other->index))
		return;
	errors_add(k->errs, k->captures.at[f->index].whole,
	           PATH({.key = "interfaces"}, {.key = f->name}, {.key = "pcap"}, {.key = "out"}),
	           "%s %s the same file", other->name, read ? "reads" : "writes");
}

void check_captures(struct check *k)
{
	const struct config *c = k->config;

	for (size_t i = 0; i < c->n_interfaces; i++) {
		const struct config_interface *f = &c->interfaces[i];

		if (f->pcap.out == NULL || f->index >= k->captures.n)
			continue;
		for (size_t j = 0; j < c->n_interfaces; j++)
			check_capture(k, f, &c->interfaces[j]);
	}
}

void check_fini(struct check *k)
{
	free(k->captures.at);
	free(k->interfaces);
	free(k->bridges);
	free(k->ports);
	free(k->stations);
	free(k->feet);
	free(k->ra.prefixes);
	free(k->gateways);
	free(k->routes.at);
	free(k->neighbours.at);
	free(k->subnets);
	free(k->taken);
}

void check_all(struct check *k)
{
	check_made(k);
	if (k->err == 0)
		check_vlans(k);
	if (k->err == 0)
		check_bridges(k);
	if (k->err == 0)
		check_interfaces(k);
	if (k->err == 0)
		check_captures(k);
	if (k->err == 0)
		check_routes(k);
	if (k->err == 0)
		check_neighbours(k);
}
