/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check: what the schema's types cannot say: values that contradict each other. The check functions
 * of the schema look at one value while it is read, and note the places that check_all() needs
 * when the whole is there. Private to config/.
 */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include "config/schema.h"

/* Positions in the schema's tables of fields. */
enum interface_field {
	INTERFACE_CONTROL,
	INTERFACE_ADDRESSES,
	INTERFACE_MTU,
	INTERFACE_MAC,
	INTERFACE_ON_FAILURE,
	INTERFACE_XDP,
	INTERFACE_FORCE,
	INTERFACE_PCAP,
	INTERFACE_URPF,
	INTERFACE_REDIRECTS,
	INTERFACE_DAD,
	INTERFACE_RA,
};
enum ra_field {
	RA_PREFIXES,
	RA_INTERVAL,
	RA_LIFETIME,
	RA_MANAGED,
	RA_OTHER,
	RA_HOP_LIMIT,
	RA_MTU,
	RA_PREFERENCE,
	RA_REACHABLE,
	RA_RETRANS,
	RA_VALID,
	RA_PREFERRED,
	RA_ON_LINK,
	RA_AUTONOMOUS,
	RA_DNS_SERVERS,
	RA_DNS_SEARCH,
	RA_DNS_LIFETIME,
	RA_FIELDS,
};
enum pcap_field { PCAP_IN, PCAP_OUT };
enum route_field { ROUTE_TO, ROUTE_VIA, ROUTE_INTERFACE, ROUTE_METRIC, ROUTE_TYPE };
enum neighbour_field { NEIGHBOUR_ADDRESS, NEIGHBOUR_LLADDR, NEIGHBOUR_INTERFACE };

/* An address of an interface that is not link-local, with where it was said. */
struct check_subnet {
	struct config_prefix subnet;
	struct ip first, last; /* of the subnet */
	uint16_t iface;        /* as the file counts, then as the model does */
	uint32_t index;        /* in the interface's list */
	struct mark at;
};

/* An address that is nobody else's, so no gateway's and no neighbour's. */
struct check_taken {
	struct ip addr;
	const char *what;
};

/* Where an element of routes or neighbours was said. */
struct check_place {
	struct mark whole, address, interface;
};

/* Places of those elements that have no errors, the others are zero. */
struct check_places {
	size_t n;
	struct check_place *at; /* by the element's index */
};

/* Where one of a route's several gateways was said. */
struct check_gateway {
	uint32_t route, index; /* as the file counts */
	struct mark at;
};

/* Where the router advertisement of the interface that is being read was said. */
struct check_ra {
	struct mark whole;
	struct mark field[RA_FIELDS + 1]; /* the last one: nowhere */
	size_t n_prefixes;
	struct mark *prefixes; /* by position */
};

struct check {
	struct config *config;
	struct config_errors *errs;
	struct check_places routes, neighbours;
	struct check_places captures; /* by config_interface.index */
	struct check_ra ra;
	size_t n_gateways, n_subnets, n_taken;
	struct check_gateway *gateways;
	struct check_subnet *subnets; /* when all is read: disjoint, sorted by address */
	struct check_taken *taken;    /* sorted by address */
	bool interfaces_broken;       /* with errors: what refers to them is not judged */
	int err;                      /* -ENOMEM */
};

schema_check check_version, check_address, check_interface, check_pcap, check_route, check_gateway,
	check_neighbour, check_ra, check_ra_prefix, check_dns_server, check_dns_search;

/* Judge the router advertisement of the interface @seen, and fill in what follows from its
 * addresses. */
void check_advertisement(struct check *k, const struct seen *seen);

/* Complain about field @i of the mapping @seen. */
void check_refuse_field(struct check *k, const struct seen *seen, unsigned int i, const char *why);

/* Remember where element @index was said; those between that were not kept stay zero. */
void check_place(struct check *k, struct check_places *places, uint32_t index,
                 struct check_place place);

/**
 * check_all - judge the whole, sort it, and resolve the names and gateways in it
 * @k: what the check functions gathered
 *
 * Context: any. Linear in routes that come in order, else as sorting is. Adds to the errors.
 */
void check_all(struct check *k);

/* The parts of check_all(), in this order. */
void check_interfaces(struct check *k);
void check_captures(struct check *k);
void check_routes(struct check *k);
void check_neighbours(struct check *k);

/* Complain about gateway @index of the list of route @route. */
void check_refuse_gateway(struct check *k, uint32_t route, uint32_t index, const char *why);

/* The subnet with @addr, after check_interfaces(); NULL if there is none. */
const struct check_subnet *check_find_subnet(const struct check *k, struct ip addr);

/* What address of the router or of its subnets @addr is, NULL if none. */
const char *check_find_taken(const struct check *k, struct ip addr);

void check_fini(struct check *k);

/**
 * array_slot - room for one more element
 * @array: n elements of @size bytes; may move
 *
 * Return: the zeroed element n, which the caller counts when it is in use; NULL without memory.
 */
void *array_slot(void *array, size_t n, size_t size);

#endif
