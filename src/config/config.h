/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * config: what the operator wants, read from YAML into a typed model, printed back, and compared
 * with what was wanted before. A model is built once, by config_parse(), and never changes after;
 * the agent owns it. Everything in it was checked: whoever applies it need not check again.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "wire/ip.h"

#define CONFIG_VERSION  1
#define CONFIG_NAME_LEN 16 /* of an interface, with the NUL: IFNAMSIZ */
#define CONFIG_CPUS     1024
#define CONFIG_WORKERS  32

/* What the daemon has room for: a file that says more is refused before anything is changed. */
#define CONFIG_INTERFACES_MAX 1024 /* VLANs and feet in bridges too */
#define CONFIG_DEVICES_MAX    64   /* ports of bridges too */
#define CONFIG_VIRTUAL_MAX    (CONFIG_INTERFACES_MAX - CONFIG_DEVICES_MAX)
#define CONFIG_VID_MAX        4094
#define CONFIG_MAC_LIMIT_MAX  (1u << 20)
#define CONFIG_BRIDGES_MAX    64
#define CONFIG_STATIONS_MAX   65536 /* static ones of a bridge */
#define CONFIG_NO_BRIDGE      UINT16_MAX
#define CONFIG_NEIGHBOURS_MAX 65536
#define CONFIG_GATEWAYS_MAX   16 /* of a route */
#define CONFIG_NO_IFACE       UINT16_MAX

/* The order of the words in schema.c; the first one is the default unless said otherwise. */
enum config_idle { CONFIG_IDLE_ADAPTIVE, CONFIG_IDLE_BUSY };
enum config_hugepages { CONFIG_HUGEPAGES_PREFER, CONFIG_HUGEPAGES_REQUIRE, CONFIG_HUGEPAGES_NEVER };
enum config_control { CONFIG_CONTROL_OWN, CONFIG_CONTROL_KERNEL };
enum config_on_failure { CONFIG_ON_FAILURE_PASS, CONFIG_ON_FAILURE_DROP };
enum config_xdp_mode { CONFIG_XDP_AUTO, CONFIG_XDP_NATIVE, CONFIG_XDP_GENERIC };
enum config_zero_copy { CONFIG_ZERO_COPY_AUTO, CONFIG_ZERO_COPY_REQUIRE, CONFIG_ZERO_COPY_NEVER };
enum config_urpf { CONFIG_URPF_OFF, CONFIG_URPF_STRICT, CONFIG_URPF_LOOSE };
enum config_route_type {
	CONFIG_ROUTE_UNICAST,
	CONFIG_ROUTE_BLACKHOLE,
	CONFIG_ROUTE_UNREACHABLE,
	CONFIG_ROUTE_PROHIBIT,
};

enum config_kind {
	CONFIG_DEVICE, /* a network device, or capture files */
	CONFIG_VLAN,   /* a VLAN of another interface */
	CONFIG_BRIDGE, /* the router's foot in a bridge, or in a VLAN of it */
};
enum config_protocol { CONFIG_8021Q, CONFIG_8021AD };
enum config_port_state { CONFIG_FORWARDING, CONFIG_LEARNING, CONFIG_BLOCKING };

enum config_preference { CONFIG_PREFERENCE_LOW, CONFIG_PREFERENCE_MEDIUM, CONFIG_PREFERENCE_HIGH };

/* An address with the length of its subnet, or a prefix. */
struct config_prefix {
	struct ip addr;
	uint8_t len; /* 0..32, or of IPv6 0..128 */
};

struct config_cpus {
	uint64_t bits[CONFIG_CPUS / 64]; /* CPU n is bit n % 64 of word n / 64; none set: default */
};

struct config_system {
	uint32_t workers;     /* 0: auto */
	uint32_t frames;      /* 0: auto */
	uint32_t icmp_errors; /* a second; 0: without limit */
	uint8_t idle;         /* enum config_idle */
	uint8_t hugepages;    /* enum config_hugepages */
	struct config_cpus cpus;
};

struct config_xdp {
	uint32_t queues;   /* 0: all */
	uint8_t mode;      /* enum config_xdp_mode */
	uint8_t zero_copy; /* enum config_zero_copy */
};

/* Capture files in place of a kernel device; both NULL where the interface is a device. */
struct config_pcap {
	char *in;  /* read from; NULL: nothing comes in */
	char *out; /* written to; NULL: what goes out is thrown away */
};

#define CONFIG_INFINITE UINT32_MAX /* of lifetimes */
#define CONFIG_MTU_AUTO UINT32_MAX /* that of the interface */

/* What a router says of itself and of the link (RFC 4861 6.2.1, RFC 4191, RFC 8106). */
struct config_ra {
	bool send; /* is there a "router-advertisement"; the rest means nothing without */
	bool managed, other;
	bool on_link, autonomous;  /* flags of all prefixes */
	bool prefixes_said;        /* else they are those of the interface's addresses */
	uint8_t preference;        /* enum config_preference */
	uint32_t interval;         /* s, 4..1800: at most so long from one to the next */
	uint32_t lifetime;         /* s, 0 or interval..9000 */
	uint32_t hop_limit;        /* 0: unspecified */
	uint32_t mtu;              /* 0: none; CONFIG_MTU_AUTO */
	uint32_t reachable;        /* ms, 0: unspecified */
	uint32_t retrans;          /* ms, 0: unspecified */
	uint32_t valid, preferred; /* s, or CONFIG_INFINITE; preferred <= valid */
	uint32_t dns_lifetime;     /* s, or CONFIG_INFINITE; of servers and search list */
	size_t n_prefixes;
	struct config_prefix *prefixes; /* host bits are zero */
	size_t n_dns_servers;
	struct ip *dns_servers;
	size_t n_dns_search;
	char **dns_search; /* domains without a dot at the end */
};

struct config_interface {
	char name[CONFIG_NAME_LEN];
	uint8_t kind;     /* enum config_kind */
	uint8_t protocol; /* of CONFIG_VLAN: enum config_protocol of its own tag */
	uint16_t vlan;    /* VID, 1..4094, said or found by the name; of a VLAN-unaware bridge 0 */
	uint16_t on;      /* of CONFIG_VLAN: index in config.interfaces of what it is a VLAN of */
	uint16_t bridge; /* index in config.bridges: of CONFIG_BRIDGE, its bridge; of CONFIG_DEVICE,
	                  * that it is a port of; CONFIG_NO_BRIDGE if none */
	bool made;       /* no key of `interfaces`: out of `bridges` */
	char parent[CONFIG_NAME_LEN]; /* as the file says; empty where the name says it */
	uint8_t control;              /* enum config_control */
	uint8_t on_failure;           /* enum config_on_failure */
	uint32_t index;               /* of its name in the file, from 0 */
	bool force;     /* take the device even though the default route leaves by it */
	bool redirects; /* tell hosts of better gateways on their own link */
	bool dad;       /* look for duplicates before an IPv6 address is used */
	uint8_t urpf;   /* enum config_urpf */
	uint16_t mtu;   /* of the IP packet; 0: the device's own */
	uint64_t mac;   /* as mac_load() gives it; 0: the device's own */
	struct config_xdp xdp;
	struct config_pcap pcap;
	size_t n_addresses;
	struct config_prefix *addresses; /* in the file's order, of both families; the first one of
	                                  * a family is the primary */
	struct config_ra ra;
};

/* One of several gateways of a route. */
struct config_gateway {
	struct ip addr;
	uint16_t iface; /* index in config.interfaces */
	uint16_t index; /* in the file's list, for messages */
};

/* Where a route leads. One gateway, as most routes have, takes no memory beside it. */
struct config_via {
	struct ip addr;              /* ::: no gateway, or several */
	uint16_t n;                  /* of @list; 0: there is none */
	struct config_gateway *list; /* at least two, by address */
};

struct config_route {
	struct config_prefix to; /* host bits are zero */
	struct config_via via;
	uint32_t metric;
	uint8_t type;   /* enum config_route_type */
	uint16_t iface; /* index in config.interfaces, said or found by the gateway;
	                 * CONFIG_NO_IFACE if the type is not unicast, or gateways are several */
	uint32_t index; /* in the file's list, for messages */
	char interface[CONFIG_NAME_LEN]; /* as the file says; empty where it does not */
};

struct config_neighbour {
	uint64_t lladdr; /* as mac_load() gives it */
	struct ip address;
	uint32_t index;                  /* in the file's list, for messages */
	uint16_t iface;                  /* index in config.interfaces */
	char interface[CONFIG_NAME_LEN]; /* as the file says; empty where it does not */
};

/* VIDs: VID n is bit n % 64 of word n / 64. */
struct config_vids {
	uint64_t bits[4096 / 64];
};

static inline bool config_vids_has(const struct config_vids *v, uint16_t vid)
{
	return (v->bits[vid / 64] >> (vid % 64) & 1) != 0;
}

struct config_bridge_port {
	char name[CONFIG_NAME_LEN];
	uint32_t index;  /* among all ports of the file, for messages */
	uint16_t iface;  /* index in config.interfaces; its own kind is CONFIG_DEVICE */
	uint16_t access; /* VID; 0: it is a trunk, or the bridge is not VLAN-aware */
	uint16_t native; /* of a trunk: VID of frames without one; 0: they are dropped */
	bool isolated;
	uint8_t state;      /* enum config_port_state */
	uint32_t mac_limit; /* 0: none but the bridge's */
	uint32_t storm;     /* a second; 0: without limit; UINT32_MAX: as the bridge says */
	struct config_vids trunk;
};

/* The router's foot in a VLAN. The settings are those of the config_interface made of it. */
struct config_bridge_vlan {
	uint16_t vid;
	struct config_interface foot;
};

struct config_station {
	uint64_t lladdr; /* as mac_load() gives it */
	uint16_t vlan;   /* 0 where the bridge is not VLAN-aware */
	uint16_t iface;  /* index in config.interfaces */
	uint32_t index;  /* in the file's list, for messages */
	char port[CONFIG_NAME_LEN];
};

struct config_bridge {
	char name[CONFIG_NAME_LEN];
	uint32_t index; /* of its name in the file, from 0 */
	bool vlan_aware;
	uint64_t mac;                 /* 0: the lowest of its ports' */
	uint32_t ageing;              /* s; CONFIG_INFINITE: never */
	uint32_t mac_limit;           /* stations, static ones too */
	uint32_t storm;               /* a second and port; 0: without limit */
	struct config_interface foot; /* of one that is not VLAN-aware: if it has addresses */
	size_t n_ports, n_vlans, n_stations;
	struct config_bridge_port *ports; /* by name */
	struct config_bridge_vlan *vlans; /* by VID */
	struct config_station *stations;  /* by VLAN, MAC */
};

struct config {
	uint32_t version;
	struct config_system system;
	size_t n_interfaces;
	struct config_interface *interfaces; /* by name, as strcmp() orders; those made, too */
	size_t n_bridges;
	struct config_bridge *bridges; /* by name */
	size_t n_routes;
	struct config_route *routes; /* IPv4, then IPv6; by prefix, length, metric */
	size_t n_neighbours;
	struct config_neighbour *neighbours; /* by interface, family, address */
};

/* One complaint. Lines and columns count from 1; 0 where there is none (unreadable file). */
struct config_error {
	uint32_t line;
	uint32_t column;
	char *path; /* interfaces.wan0.xdp.mode, routes[2].via; "" of the file as a whole */
	char *message;
};

#define CONFIG_MAX_ERRORS 100

/* The complaints about one file, in the file's order. Initialise with {} before use. */
struct config_errors {
	size_t n;
	size_t more; /* found, but not kept, beyond CONFIG_MAX_ERRORS */
	struct config_error list[CONFIG_MAX_ERRORS];
};

/* Free what @errs holds, and make it empty. Context: any. */
void config_errors_fini(struct config_errors *errs);

/* Print a line `NAME:LINE:COLUMN: PATH: MESSAGE` each, then `NAME: and N more`. Context: any. */
void config_errors_print(const struct config_errors *errs, const char *name, FILE *out);

/**
 * config_parse - check a configuration and build its model
 * @out:  set on success; freed by config_free()
 * @text: YAML or JSON, @len bytes; need not end in NUL
 * @errs: initialised; gets every error found
 *
 * Context: any; linear in @len. Return: 0; -EINVAL with @errs filled in; -ENOMEM.
 */
[[nodiscard]] int config_parse(struct config **out, const char *text, size_t len,
                               struct config_errors *errs);

/* config_parse() of the file @path. Return: also -errno with one entry in @errs if it cannot be
 * read. Context: any. */
[[nodiscard]] int config_load(struct config **out, const char *path, struct config_errors *errs);
void config_free(struct config *c);

/* The index in config.interfaces of @name, or CONFIG_NO_IFACE. Context: any. */
uint16_t config_find_interface(const struct config *c, const char *name);

/**
 * config_print - write the canonical YAML of a model: sorted, and without what is default
 *
 * config_parse() of it gives an equal model. Context: any. Return: 0, or -EIO.
 */
[[nodiscard]] int config_print(FILE *out, const struct config *c);

/* What differs in an interface, or in the system's section. */
enum config_change {
	CONFIG_CHANGE_CONTROL = 1 << 0,
	CONFIG_CHANGE_ADDRESSES = 1 << 1,
	CONFIG_CHANGE_MTU = 1 << 2,
	CONFIG_CHANGE_MAC = 1 << 3,
	CONFIG_CHANGE_ON_FAILURE = 1 << 4,
	CONFIG_CHANGE_XDP = 1 << 5,  /* bind anew */
	CONFIG_CHANGE_PCAP = 1 << 6, /* open anew */
	CONFIG_CHANGE_FORCE = 1 << 7,
	CONFIG_CHANGE_ICMP_ERRORS = 1 << 8,
	CONFIG_CHANGE_IDLE = 1 << 9,
	CONFIG_CHANGE_RESTART = 1 << 10, /* workers, cpus, frames, hugepages */
	CONFIG_CHANGE_URPF = 1 << 11,
	CONFIG_CHANGE_REDIRECTS = 1 << 12,
	CONFIG_CHANGE_DAD = 1 << 13,
	CONFIG_CHANGE_RA = 1 << 14,
	CONFIG_CHANGE_VLAN = 1 << 15,   /* kind, parent, VID or protocol: closed and opened anew */
	CONFIG_CHANGE_BRIDGE = 1 << 16, /* whether and of which bridge it is a port */
};

/* In each of these, @was NULL means added, @is NULL removed, neither replaced or changed. */
struct config_diff_interface {
	const struct config_interface *was, *is;
	uint32_t changed; /* enum config_change bits */
};

struct config_diff_route {
	const struct config_route *was, *is; /* same prefix and metric */
};

struct config_diff_neighbour {
	const struct config_neighbour *was, *is; /* same interface and address */
};

struct config_diff_bridge {
	const struct config_bridge *was, *is; /* same name */
};

struct config_diff {
	uint32_t system; /* enum config_change bits */
	size_t n_interfaces, n_bridges, n_routes, n_neighbours;
	struct config_diff_interface *interfaces;
	struct config_diff_bridge *bridges; /* any difference, also in what their ports are */
	struct config_diff_route *routes;
	struct config_diff_neighbour *neighbours;
};

/**
 * config_diff - what to do to get from @was to @is
 * @out: filled in on success, points into @was and @is; emptied by config_diff_fini()
 * @was: NULL: everything of @is is added
 *
 * A route or neighbour whose interface has another name now is replaced, whatever the indices.
 * Context: any; linear. Return: 0 or -ENOMEM.
 */
[[nodiscard]] int config_diff(struct config_diff *out, const struct config *was,
                              const struct config *is);
void config_diff_fini(struct config_diff *d);

#endif
