/* SPDX-License-Identifier: BSD-2-Clause */
/* check: what single values of the file may not say, as the reader meets them. */
#include "config/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/value.h"

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

/* Complain about field @i of the mapping @seen. */
static void refuse_field(struct check *k, const struct seen *seen, unsigned int i, const char *why)
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

void check_address(struct check *k, const struct seen *seen)
{
	const struct config_prefix *p = seen->value;
	struct check_subnet *s = array_slot(&k->subnets, k->n_subnets, sizeof(*s));

	if (s == NULL) {
		k->err = -ENOMEM;
		return;
	}
	*s = (struct check_subnet){
		.subnet = *p,
		/* The interface that is being read is counted when it is done. */
		.iface = (uint16_t)k->config->n_interfaces,
		.index = seen->index,
		.at = seen->at[0],
	};
	k->n_subnets++;
}

/* Remember where element @index was said; those between that were not kept stay zero. */
static void place_add(struct check *k, struct check_places *places, uint32_t index,
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
	place_add(k, &k->captures, (uint32_t)k->config->n_interfaces,
	          (struct check_place){.whole = seen->at[1 + PCAP_OUT]});
}

void check_interface(struct check *k, const struct seen *seen)
{
	static const enum interface_field of_devices[] = {INTERFACE_ON_FAILURE, INTERFACE_XDP,
	                                                  INTERFACE_FORCE};

	if (seen->at[1 + INTERFACE_PCAP].line == 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(of_devices); i++) {
		if (seen->at[1 + of_devices[i]].line != 0)
			refuse_field(k, seen, of_devices[i],
			             "does not apply to capture files, only to a device");
	}
}

static void check_no_gateway(struct check *k, const struct seen *seen)
{
	if (seen->at[1 + ROUTE_VIA].line != 0)
		refuse_field(k, seen, ROUTE_VIA, "only a unicast route has a gateway");
	if (seen->at[1 + ROUTE_INTERFACE].line != 0)
		refuse_field(k, seen, ROUTE_INTERFACE, "only a unicast route has an interface");
}

static void check_unicast(struct check *k, const struct seen *seen)
{
	const struct config_route *r = seen->value;

	if (ip_is_none(r->via.addr) && r->via.n == 0 && r->interface[0] == '\0')
		errors_add(k->errs, seen->at[0], seen->path,
		           "neither \"via\" nor \"interface\" is said");
	/* A default route, and halves of it, hold martians among others: that is fine. */
	if (r->to.len >= 4 && ip_martian(r->to.addr) != NULL)
		refuse_field(k, seen, ROUTE_TO,
		             "no packet is forwarded there (RFC 1812 5.3.7); a blackhole route "
		             "may say so");
}

void check_gateway(struct check *k, const struct seen *seen)
{
	struct check_gateway *g = array_slot(&k->gateways, k->n_gateways, sizeof(*g));

	if (g == NULL) {
		k->err = -ENOMEM;
		return;
	}
	/* Its path is routes[...].via[...]. */
	*g = (struct check_gateway){seen->path->step[1].index, seen->index, seen->at[0]};
	k->n_gateways++;
}

void check_refuse_gateway(struct check *k, uint32_t route, uint32_t index, const char *why)
{
	struct mark at = k->routes.at[route].address;

	for (size_t i = 0; i < k->n_gateways; i++) {
		if (k->gateways[i].route == route && k->gateways[i].index == index)
			at = k->gateways[i].at;
	}
	errors_add(k->errs, at,
	           PATH({.key = "routes"}, {.index = route}, {.key = "via"}, {.index = index}),
	           "%s", why);
}

static int by_address(const void *a, const void *b)
{
	const struct config_gateway *x = a, *y = b;

	int order = ip_order(x->addr, y->addr);

	return order != 0 ? order : x->index < y->index ? -1 : 1;
}

/* In order, each once; a list of one is as if there were no list. */
static void check_gateways(struct check *k, uint32_t route, struct config_via *via)
{
	if (via->n > 1)
		qsort(via->list, via->n, sizeof(via->list[0]), by_address);
	for (uint16_t i = 1; i < via->n; i++) {
		if (ip_equal(via->list[i].addr, via->list[i - 1].addr))
			check_refuse_gateway(k, route, via->list[i].index, "said before");
	}
	if (via->n == 1) {
		struct ip addr = via->list[0].addr;

		free(via->list);
		*via = (struct config_via){.addr = addr};
	}
}

void check_route(struct check *k, const struct seen *seen)
{
	struct config_route *r = seen->value;

	r->index = seen->index;
	r->iface = CONFIG_NO_IFACE;
	if (r->type == CONFIG_ROUTE_UNICAST)
		check_unicast(k, seen);
	else
		check_no_gateway(k, seen);
	place_add(k, &k->routes, seen->index,
	          (struct check_place){
			  .whole = seen->at[0],
			  .address = seen->at[1 + ROUTE_VIA],
			  .interface = seen->at[1 + ROUTE_INTERFACE],
		  });
	if (k->err == 0)
		check_gateways(k, seen->index, &r->via);
}

void check_neighbour(struct check *k, const struct seen *seen)
{
	struct config_neighbour *n = seen->value;

	n->index = seen->index;
	n->iface = CONFIG_NO_IFACE;
	place_add(k, &k->neighbours, seen->index,
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
