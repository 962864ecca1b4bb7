/* SPDX-License-Identifier: BSD-2-Clause */
/* schema: the table. A new key is a line here, a member in config.h, and nothing elsewhere. */
#include "config/schema.h"

#include <stddef.h>
#include <string.h>

#include "config/check.h"

/* Where a value lies, for designated initialisers. */
#define AT(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member)
#define ARRAY_AT(type, array, n)                                                   \
	.offset = offsetof(type, array), .size = sizeof(((type *)NULL)->array[0]), \
	.count = offsetof(type, n)
#define SAID_AT(type, member) .said = offsetof(type, member)
#define LATER(name)                                 \
	{                                           \
		.key = (name), .type = SCHEMA_LATER \
	}

static const char *const auto_words[] = {"auto", NULL};
static const char *const all_words[] = {"all", NULL};
static const char *const none_words[] = {"none", NULL};
static const char *const idle_words[] = {"adaptive", "busy", NULL};
static const char *const hugepages_words[] = {"prefer", "require", "never", NULL};
static const char *const control_words[] = {"own", "kernel", NULL};
static const char *const on_failure_words[] = {"pass", "drop", NULL};
static const char *const mode_words[] = {"auto", "native", "generic", NULL};
static const char *const zero_copy_words[] = {"auto", "require", "never", NULL};
static const char *const urpf_words[] = {"off", "strict", "loose", NULL};
static const char *const mtu_words[] = {"none", "auto", NULL};
static const char *const infinite_words[] = {"infinite", NULL};
static const char *const preference_words[] = {"low", "medium", "high", NULL};
static const char *const default_words[] = {"default", NULL};
static const char *const type_words[] = {"unicast", "blackhole", "unreachable", "prohibit", NULL};

static const struct schema system_fields[] = {
	{.key = "workers",
         .type = SCHEMA_NUMBER,
         .help = "worker threads; auto: one a queue of the widest port, as far as cpus go",
         AT(struct config_system, workers),
         .words = auto_words,
         .fallback = "auto",
         .min = 1,
         .max = CONFIG_WORKERS,
         .change = CONFIG_CHANGE_RESTART},
	{.key = "cpus",
         .type = SCHEMA_CPUS,
         .help = "where workers run, such as 1-3,5; all but the first if not said",
         AT(struct config_system, cpus),
         .change = CONFIG_CHANGE_RESTART},
	{.key = "idle",
         .type = SCHEMA_WORD,
         .help = "adaptive: spin, then sleep until a packet comes; busy: spin",
         AT(struct config_system, idle),
         .words = idle_words,
         .fallback = "adaptive",
         .change = CONFIG_CHANGE_IDLE},
	{.key = "frames",
         .type = SCHEMA_NUMBER,
         .help = "frames of packet memory",
         AT(struct config_system, frames),
         .words = auto_words,
         .fallback = "auto",
         .min = 256,
         .max = 1u << 24,
         .change = CONFIG_CHANGE_RESTART},
	{.key = "hugepages",
         .type = SCHEMA_WORD,
         .help = "whether packet memory lies in huge pages",
         AT(struct config_system, hugepages),
         .words = hugepages_words,
         .fallback = "prefer",
         .change = CONFIG_CHANGE_RESTART},
	{.key = "icmp-errors",
         .type = SCHEMA_RATE,
         .help = "limit on ICMP errors sent by the whole daemon, or none",
         AT(struct config_system, icmp_errors),
         .words = none_words,
         .fallback = "1000/s",
         .min = 1,
         .max = 10000000,
         .change = CONFIG_CHANGE_ICMP_ERRORS},
	{},
};

static const struct schema xdp_fields[] = {
	{.key = "mode",
         .type = SCHEMA_WORD,
         .help = "how the program is attached; auto: native",
         AT(struct config_interface, xdp.mode),
         .words = mode_words,
         .fallback = "auto"},
	{.key = "zero-copy",
         .type = SCHEMA_WORD,
         .help = "whether the NIC reads and writes packet memory itself",
         AT(struct config_interface, xdp.zero_copy),
         .words = zero_copy_words,
         .fallback = "auto"},
	{.key = "queues",
         .type = SCHEMA_NUMBER,
         .help = "how many queues of the device are used",
         AT(struct config_interface, xdp.queues),
         .words = all_words,
         .fallback = "all",
         .min = 1,
         .max = 1024},
	{},
};

static const struct schema pcap_fields[] = {
	[PCAP_IN] = {.key = "in",
                     .type = SCHEMA_FILE,
                     .help = "capture to read packets from",
                     AT(struct config_interface, pcap.in)},
	[PCAP_OUT] = {.key = "out",
                      .type = SCHEMA_FILE,
                      .help = "capture to write packets to",
                      AT(struct config_interface, pcap.out)},
	{},
};

static const struct schema address_element = {
	.key = "address",
	.type = SCHEMA_ADDRESS,
	.check = check_address,
};

static const struct schema ra_prefix_element = {
	.key = "prefix",
	.type = SCHEMA_PREFIX,
	.check = check_ra_prefix,
};

static const struct schema dns_server_element = {
	.key = "server",
	.type = SCHEMA_HOST,
	.check = check_dns_server,
};

static const struct schema dns_search_element = {
	.key = "domain",
	.type = SCHEMA_DOMAIN,
	.check = check_dns_search,
};

#define RA_MAX (1280 / 8) /* far more of anything than an advertisement has room for */

static const struct schema ra_fields[] = {
	[RA_PREFIXES] = {.key = "prefixes",
                         .type = SCHEMA_LIST,
                         .help = "IPv6 prefixes of the link; if not said, those of the addresses",
                         ARRAY_AT(struct config_interface, ra.prefixes, ra.n_prefixes),
                         SAID_AT(struct config_interface, ra.prefixes_said),
                         .fields = &ra_prefix_element,
                         .max = RA_MAX},
	[RA_INTERVAL] = {.key = "interval",
                         .type = SCHEMA_DURATION,
                         .help = "longest time from one advertisement to the next",
                         AT(struct config_interface, ra.interval),
                         .fallback = "200s",
                         .min = 4,
                         .max = 1800},
	[RA_LIFETIME] = {.key = "lifetime",
                         .type = SCHEMA_DURATION,
                         .help = "how long this is a default router; 0s: it is none",
                         AT(struct config_interface, ra.lifetime),
                         .fallback = "30m",
                         .max = 9000},
	[RA_MANAGED] = {.key = "managed",
                        .type = SCHEMA_BOOL,
                        .help = "hosts get addresses by DHCPv6",
                        AT(struct config_interface, ra.managed),
                        .fallback = "no"},
	[RA_OTHER] = {.key = "other",
                      .type = SCHEMA_BOOL,
                      .help = "hosts get all but addresses by DHCPv6",
                      AT(struct config_interface, ra.other),
                      .fallback = "no"},
	[RA_HOP_LIMIT] = {.key = "hop-limit",
                          .type = SCHEMA_NUMBER,
                          .help = "hop limit of hosts; 0: unspecified",
                          AT(struct config_interface, ra.hop_limit),
                          .fallback = "64",
                          .max = 255},
	[RA_MTU] = {.key = "mtu",
                    .type = SCHEMA_NUMBER,
                    .help = "MTU of the link; auto: that of the interface",
                    AT(struct config_interface, ra.mtu),
                    .words = mtu_words,
                    .fallback = "auto",
                    .min = 1280,
                    .max = 9216},
	[RA_PREFERENCE] = {.key = "preference",
                           .type = SCHEMA_WORD,
                           .help = "against other routers of the link",
                           AT(struct config_interface, ra.preference),
                           .words = preference_words,
                           .fallback = "medium"},
	[RA_REACHABLE] = {.key = "reachable-time",
                          .type = SCHEMA_DURATION,
                          .help = "how long hosts take a neighbour for reachable; 0s: unspecified",
                          AT(struct config_interface, ra.reachable),
                          .fallback = "0s",
                          .milli = true,
                          .max = 3600000},
	[RA_RETRANS] = {.key = "retrans-timer",
                        .type = SCHEMA_DURATION,
                        .help = "after how long hosts solicit again; 0s: unspecified",
                        AT(struct config_interface, ra.retrans),
                        .fallback = "0s",
                        .milli = true,
                        .max = 3600000},
	[RA_VALID] = {.key = "valid-lifetime",
                      .type = SCHEMA_DURATION,
                      .help = "how long an address made of a prefix is valid",
                      AT(struct config_interface, ra.valid),
                      .words = infinite_words,
                      .fallback = "30d",
                      .max = UINT32_MAX - 1},
	[RA_PREFERRED] = {.key = "preferred-lifetime",
                          .type = SCHEMA_DURATION,
                          .help = "how long it is preferred to others",
                          AT(struct config_interface, ra.preferred),
                          .words = infinite_words,
                          .fallback = "7d",
                          .max = UINT32_MAX - 1},
	[RA_ON_LINK] = {.key = "on-link",
                        .type = SCHEMA_BOOL,
                        .help = "all of a prefix is on the link",
                        AT(struct config_interface, ra.on_link),
                        .fallback = "yes"},
	[RA_AUTONOMOUS] = {.key = "autonomous",
                           .type = SCHEMA_BOOL,
                           .help = "hosts make addresses of a prefix",
                           AT(struct config_interface, ra.autonomous),
                           .fallback = "yes"},
	[RA_DNS_SERVERS] = {.key = "dns-servers",
                            .type = SCHEMA_LIST,
                            .help = "IPv6 addresses of recursive name servers",
                            ARRAY_AT(struct config_interface, ra.dns_servers, ra.n_dns_servers),
                            .fields = &dns_server_element,
                            .max = RA_MAX},
	[RA_DNS_SEARCH] = {.key = "dns-search",
                           .type = SCHEMA_LIST,
                           .help = "domains in which names are looked up",
                           ARRAY_AT(struct config_interface, ra.dns_search, ra.n_dns_search),
                           .fields = &dns_search_element,
                           .max = RA_MAX},
	[RA_DNS_LIFETIME] = {.key = "dns-lifetime",
                             .type = SCHEMA_DURATION,
                             .help = "how long hosts may use these servers and domains",
                             AT(struct config_interface, ra.dns_lifetime),
                             .words = infinite_words,
                             .fallback = "30m",
                             .max = UINT32_MAX - 1},
	{},
};

/* The check functions know the positions of fields by the enums of check.h. */
static const struct schema interface_fields[] = {
	[INTERFACE_CONTROL] =
		{.key = "control",
                 .type = SCHEMA_WORD,
                 .help = "own: Viaduct owns the addresses and answers ARP and neighbour discovery",
                 AT(struct config_interface, control),
                 .words = control_words,
                 .later = CONFIG_CONTROL_KERNEL,
                 .required = true,
                 .change = CONFIG_CHANGE_CONTROL},
	[INTERFACE_ADDRESSES] =
		{.key = "addresses",
                 .type = SCHEMA_LIST,
                 .help = "addresses with the length of their subnet; the first is the primary one",
                 ARRAY_AT(struct config_interface, addresses, n_addresses),
                 .fields = &address_element,
                 .max = 1024,
                 .change = CONFIG_CHANGE_ADDRESSES},
	[INTERFACE_MTU] = {.key = "mtu",
                           .type = SCHEMA_NUMBER,
                           .help = "longest IP packet; the device's own if not said",
                           AT(struct config_interface, mtu),
                           .min = 68, /* RFC 791 3.2 */
                           .max = 9216,
                           .change = CONFIG_CHANGE_MTU},
	[INTERFACE_MAC] = {.key = "mac",
                           .type = SCHEMA_MAC,
                           .help = "Ethernet address; the device's own if not said",
                           AT(struct config_interface, mac),
                           .change = CONFIG_CHANGE_MAC},
	[INTERFACE_ON_FAILURE] = {.key = "on-failure",
                                  .type = SCHEMA_WORD,
                                  .help = "what becomes of packets when the daemon is gone",
                                  AT(struct config_interface, on_failure),
                                  .words = on_failure_words,
                                  .fallback = "pass",
                                  .change = CONFIG_CHANGE_ON_FAILURE},
	[INTERFACE_XDP] = {.key = "xdp",
                           .type = SCHEMA_MAPPING,
                           .help = "how the device is taken",
                           .fields = xdp_fields,
                           .change = CONFIG_CHANGE_XDP},
	[INTERFACE_FORCE] = {.key = "force",
                             .type = SCHEMA_BOOL,
                             .help = "take the device even though the default route leaves by it",
                             AT(struct config_interface, force),
                             .fallback = "no",
                             .change = CONFIG_CHANGE_FORCE},
	[INTERFACE_PCAP] = {.key = "pcap",
                            .type = SCHEMA_MAPPING,
                            .help = "capture files in place of a device",
                            .fields = pcap_fields,
                            .check = check_pcap,
                            .change = CONFIG_CHANGE_PCAP},
	[INTERFACE_URPF] =
		{.key = "urpf",
                 .type = SCHEMA_WORD,
                 .help = "whether packets are refused whose source has no route back: strict, by "
                         "this interface; loose, by any",
                 AT(struct config_interface, urpf),
                 .words = urpf_words,
                 .fallback = "off",
                 .change = CONFIG_CHANGE_URPF},
	[INTERFACE_REDIRECTS] = {.key = "redirects",
                                 .type = SCHEMA_BOOL,
                                 .help = "tell hosts of better gateways on their own link",
                                 AT(struct config_interface, redirects),
                                 .fallback = "yes",
                                 .change = CONFIG_CHANGE_REDIRECTS},
	[INTERFACE_DAD] = {.key = "dad",
                           .type = SCHEMA_BOOL,
                           .help = "look for duplicates before an IPv6 address is used",
                           AT(struct config_interface, dad),
                           .fallback = "yes",
                           .change = CONFIG_CHANGE_DAD},
	[INTERFACE_RA] = {.key = "router-advertisement",
                          .type = SCHEMA_MAPPING,
                          .help = "announce the router and the link to IPv6 hosts",
                          .fields = ra_fields,
                          SAID_AT(struct config_interface, ra.send),
                          .check = check_ra,
                          .change = CONFIG_CHANGE_RA},
	LATER("parent"),
	LATER("vlan"),
	{},
};

static const struct schema interface_element = {
	.key = "interface",
	.type = SCHEMA_MAPPING,
	.fields = interface_fields,
	.check = check_interface,
};

static const struct schema gateway_element = {
	.key = "gateway",
	.type = SCHEMA_HOST,
	AT(struct config_gateway, addr),
	.check = check_gateway,
};

static const struct schema route_fields[] = {
	[ROUTE_TO] = {.key = "to",
                      .type = SCHEMA_PREFIX,
                      .help = "prefix, or default",
                      AT(struct config_route, to),
                      .words = default_words,
                      .required = true},
	[ROUTE_VIA] = {.key = "via",
                       .type = SCHEMA_GATEWAY,
                       .help = "gateway, or a list of up to 16 that share the load",
                       AT(struct config_route, via),
                       .fields = &gateway_element,
                       .max = CONFIG_GATEWAYS_MAX},
	[ROUTE_INTERFACE] = {.key = "interface",
                             .type = SCHEMA_NAME,
                             .help = "interface; that of each gateway's subnet if not said",
                             AT(struct config_route, interface)},
	[ROUTE_METRIC] = {.key = "metric",
                          .type = SCHEMA_NUMBER,
                          .help = "of routes to one prefix the lowest is in force",
                          AT(struct config_route, metric),
                          .fallback = "0",
                          .max = UINT32_MAX},
	[ROUTE_TYPE] = {.key = "type",
                        .type = SCHEMA_WORD,
                        .help = "what becomes of the packets",
                        AT(struct config_route, type),
                        .words = type_words,
                        .fallback = "unicast"},
	{},
};

static const struct schema route_element = {
	.key = "route",
	.type = SCHEMA_MAPPING,
	.fields = route_fields,
	.check = check_route,
};

static const struct schema neighbour_fields[] = {
	[NEIGHBOUR_ADDRESS] = {.key = "address",
                               .type = SCHEMA_HOST,
                               .help = "IPv4 or IPv6 address",
                               AT(struct config_neighbour, address),
                               .required = true},
	[NEIGHBOUR_LLADDR] = {.key = "lladdr",
                              .type = SCHEMA_MAC,
                              .help = "Ethernet address",
                              AT(struct config_neighbour, lladdr),
                              .required = true},
	[NEIGHBOUR_INTERFACE] = {.key = "interface",
                                 .type = SCHEMA_NAME,
                                 .help = "interface; that of the address's subnet if not said",
                                 AT(struct config_neighbour, interface)},
	{},
};

static const struct schema neighbour_element = {
	.key = "neighbour",
	.type = SCHEMA_MAPPING,
	.fields = neighbour_fields,
	.check = check_neighbour,
};

static const struct schema top_fields[] = {
	{.key = "version",
         .type = SCHEMA_NUMBER,
         .help = "version of this format",
         AT(struct config, version),
         .fallback = "1",
         .always = true,
         .max = UINT32_MAX,
         .check = check_version},
	{.key = "system",
         .type = SCHEMA_MAPPING,
         .help = "the daemon as a whole",
         AT(struct config, system),
         .fields = system_fields},
	{.key = "interfaces",
         .type = SCHEMA_NAMED,
         .help = "by name",
         ARRAY_AT(struct config, interfaces, n_interfaces),
         .fields = &interface_element,
         .max = CONFIG_DEVICES_MAX},
	{.key = "routes",
         .type = SCHEMA_LIST,
         .help = "static routes",
         ARRAY_AT(struct config, routes, n_routes),
         .fields = &route_element,
         .max = 4u << 20},
	{.key = "neighbours",
         .type = SCHEMA_LIST,
         .help = "static neighbours",
         ARRAY_AT(struct config, neighbours, n_neighbours),
         .fields = &neighbour_element,
         .max = CONFIG_NEIGHBOURS_MAX},
	LATER("bridges"),
	LATER("nat"),
	LATER("acl"),
	LATER("qos"),
	LATER("tunnels"),
	LATER("vrfs"),
	LATER("follow-kernel"),
	LATER("export"),
	LATER("metrics"),
	LATER("capture"),
	{},
};

const struct schema config_schema = {
	.key = "",
	.type = SCHEMA_MAPPING,
	.fields = top_fields,
};

const struct schema *schema_field(const struct schema *s, const char *key)
{
	for (const struct schema *f = s->fields; f->key != NULL; f++) {
		if (strcmp(f->key, key) == 0)
			return f;
	}
	return NULL;
}
