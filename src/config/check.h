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
	INTERFACE_PARENT,
	INTERFACE_VLAN,
	INTERFACE_PROTOCOL,
	INTERFACE_FIELDS,
};
enum bridge_field {
	BRIDGE_VLAN_AWARE,
	BRIDGE_MAC,
	BRIDGE_AGEING,
	BRIDGE_MAC_LIMIT,
	BRIDGE_STORM,
	BRIDGE_ADDRESSES,
	BRIDGE_MTU,
	BRIDGE_URPF,
	BRIDGE_REDIRECTS,
	BRIDGE_DAD,
	BRIDGE_RA,
	BRIDGE_PORTS,
	BRIDGE_STATIONS,
	BRIDGE_VLANS,
	BRIDGE_FIELDS,
};
enum port_field {
	PORT_ACCESS,
	PORT_TRUNK,
	PORT_NATIVE,
	PORT_ISOLATED,
	PORT_STATE,
	PORT_MAC_LIMIT,
	PORT_STORM,
	PORT_FIELDS,
};
enum station_field { STATION_LLADDR, STATION_PORT, STATION_VLAN, STATION_FIELDS };
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
	uint32_t foot;         /* 0: that is it; else of the router's foot in a bridge its index */
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

/* Where things were said, each with its fields; all zero if it has errors. */
struct check_interface {
	struct mark whole, field[INTERFACE_FIELDS];
};
struct check_bridge {
	struct mark whole, field[BRIDGE_FIELDS];
};
struct check_port {
	struct mark whole, field[PORT_FIELDS];
};
struct check_station {
	struct mark whole, field[STATION_FIELDS];
};

/* A foot of the router in a bridge. */
struct check_foot {
	struct mark whole;
	struct mark mtu;
	uint16_t iface; /* as the model counts, when there is one; else CONFIG_NO_IFACE */
};

struct check {
	struct config *config;
	struct config_errors *errs;
	struct check_places routes, neighbours;
	struct check_places captures; /* by config_interface.index */
	struct check_ra ra;
	size_t n_gateways, n_subnets, n_taken;
	size_t n_interfaces, n_bridges, n_ports, n_stations, n_feet;
	struct check_interface *interfaces; /* by config_interface.index */
	struct check_bridge *bridges;       /* as the file counts */
	struct check_port *ports;           /* by config_bridge_port.index */
	struct check_station *stations;     /* of the bridge that is being read */
	struct check_foot *feet;            /* by config_interface.index of feet, less 1 */
	struct check_gateway *gateways;
	struct check_subnet *subnets; /* when all is read: disjoint, sorted by address */
	struct check_taken *taken;    /* sorted by address */
	bool names_missing;           /* of interfaces or bridges, as there was an error in them */
	bool interfaces_broken;       /* with errors: what refers to them is not judged */
	int err;                      /* -ENOMEM */
};

schema_check check_version, check_address, check_interface, check_pcap, check_route, check_gateway,
	check_neighbour, check_ra, check_ra_prefix, check_dns_server, check_dns_search,
	check_bridge, check_bridge_port, check_bridge_vlan, check_station;
schema_unless interface_is_vlan, vlan_is_named;

/* The interface, or the foot in a bridge, that the value at @path is said of while it is read. */
struct config_interface *check_current(const struct check *k, const struct path *path);

/* The place kept for the foot @f; NULL without memory. */
struct check_foot *check_foot_place(struct check *k, struct config_interface *f);

/* Judge what the mapping @seen says of @f beside its addresses. */
void check_addressed(struct check *k, const struct seen *seen, struct config_interface *f);

/* Judge the router advertisement of @f, that the mapping @seen says, and fill in what follows from
 * its addresses. */
void check_advertisement(struct check *k, const struct seen *seen, struct config_interface *f);

/* Judge what the mapping @seen says of VLANs. */
void check_vlan(struct check *k, const struct seen *seen);

/* Complain about field @i of the mapping @seen. */
void check_refuse_field(struct check *k, const struct seen *seen, unsigned int i, const char *why);

/* Remember where element @index was said; those between that were not kept stay zero. */
void check_place(struct check *k, struct check_places *places, uint32_t index,
                 struct check_place place);

/* Element @index of @array, of @size bytes each; all up to it are there then, zeroed. Return: NULL
 * without memory. */
void *check_slot(struct check *k, void *array, size_t *n, size_t index, size_t size);

/**
 * check_all - judge the whole, sort it, and resolve the names and gateways in it
 * @k: what the check functions gathered
 *
 * Context: any. Linear in routes that come in order, else as sorting is. Adds to the errors.
 */
void check_all(struct check *k);

/**
 * check_made - make the interfaces that follow from bridges, sort all, and link them to each other
 *
 * What is wrong with names that others have is told here. The places of subnets are of the model
 * then. Context: any.
 */
void check_made(struct check *k);

/* The way to what is said of @f. @vid has 8 bytes. */
struct path check_path_of(const struct check *k, const struct config_interface *f, char *vid);

/* The bridge @name, NULL if there is none. */
const struct config_bridge *check_find_bridge(const struct config *c, const char *name);

/* Judge the MTU of @f, a VLAN or a foot that was said at @whole, by those of what is below it. */
void check_bound(struct check *k, const struct config_interface *f, struct mark whole,
                 struct mark mtu);

/* The parts of check_all(), in this order, after check_made(). */
void check_vlans(struct check *k);
void check_bridges(struct check *k);
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
