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

/* The interface that is being read; it is counted when it is done. */
static struct config_interface *current(const struct check *k)
{
	return &k->config->interfaces[k->config->n_interfaces];
}

/* A link-local address is unique on its link only, and there may be one (RFC 4291 2.8 asks for no
 * more). */
static void check_link_local(struct check *k, const struct seen *seen)
{
	const struct config_interface *f = current(k);
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
	const struct config_prefix *p = seen->value;
	struct check_subnet *s;

	if (ip6_is_link_local(p->addr)) {
		check_link_local(k, seen);
		return;
	}
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
		.index = seen->index,
		.at = seen->at[0],
	};
	k->n_subnets++;
}

void check_place(struct check *k, struct check_places *places, uint32_t index,
                 struct check_place place)
{
	while (places->n <= index) {
		if (array_slot(&places->at, places->n, sizeof(place)) == NULL) {
			k->err = -ENOMEM;
			return;
		}
		places->n++;
	}
	places->at[index] = place;
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

/* RFC 8200 5: a link with a smaller MTU has no IPv6. */
static void check_mtu(struct check *k, const struct seen *seen)
{
	const struct config_interface *f = seen->value;
	size_t n6 = 0;

	for (size_t i = 0; i < f->n_addresses; i++)
		n6 += !ip_is4(f->addresses[i].addr);
	if (n6 > 0)
		check_refuse_field(k, seen, INTERFACE_MTU,
		                   "IPv6 needs at least 1280 (RFC 8200 5): raise it, or remove the "
		                   "IPv6 addresses");
	else if (f->ra.send)
		check_refuse_field(k, seen, INTERFACE_MTU,
		                   "IPv6 needs at least 1280 (RFC 8200 5): raise it, or remove the "
		                   "router-advertisement");
}

void check_interface(struct check *k, const struct seen *seen)
{
	const struct config_interface *f = seen->value;

	if (seen->at[1 + INTERFACE_PCAP].line != 0)
		check_of_device(k, seen);
	if (f->mtu != 0 && f->mtu < 1280)
		check_mtu(k, seen);
	else if (f->ra.send)
		check_advertisement(k, seen);
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
	free(k->ra.prefixes);
	free(k->gateways);
	free(k->routes.at);
	free(k->neighbours.at);
	free(k->subnets);
	free(k->taken);
}

void check_all(struct check *k)
{
	check_interfaces(k);
	if (k->err == 0)
		check_captures(k);
	if (k->err == 0)
		check_routes(k);
	if (k->err == 0)
		check_neighbours(k);
}
