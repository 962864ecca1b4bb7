/* SPDX-License-Identifier: BSD-2-Clause */
/* schema: the table. A new key is a line here, a member in config.h, and nothing elsewhere. */
#include "config/schema.h"

#include <string.h>

#include "config/fields.h"

#define LATER(name)                                 \
	{                                           \
		.key = (name), .type = SCHEMA_LATER \
	}

static const char *const auto_words[] = {"auto", NULL};
static const char *const all_words[] = {"all", NULL};
const char *const none_words[] = {"none", NULL};
const char *const urpf_words[] = {"off", "strict", "loose", NULL};
static const char *const idle_words[] = {"adaptive", "busy", NULL};
static const char *const hugepages_words[] = {"prefer", "require", "never", NULL};
static const char *const control_words[] = {"own", "kernel", NULL};
static const char *const on_failure_words[] = {"pass", "drop", NULL};
static const char *const mode_words[] = {"auto", "native", "generic", NULL};
static const char *const zero_copy_words[] = {"auto", "require", "never", NULL};
static const char *const protocol_words[] = {"802.1q", "802.1ad", NULL};
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

const struct schema address_element = {
	.key = "address",
	.type = SCHEMA_ADDRESS,
	.check = check_address,
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
                 .unless = interface_is_vlan,
                 .change = CONFIG_CHANGE_CONTROL},
	[INTERFACE_ADDRESSES] = FIELD_ADDRESSES(struct config_interface, ),
	[INTERFACE_MTU] = FIELD_MTU(struct config_interface, ),
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
	[INTERFACE_URPF] = FIELD_URPF(struct config_interface, ),
	[INTERFACE_REDIRECTS] = FIELD_REDIRECTS(struct config_interface, ),
	[INTERFACE_DAD] = FIELD_DAD(struct config_interface, ),
	[INTERFACE_RA] = FIELD_RA(struct config_interface, , 0),
	[INTERFACE_PARENT] =
		{.key = "parent",
                 .type = SCHEMA_NAME,
                 .help = "interface that this is a VLAN of; that of the name if not said",
                 AT(struct config_interface, parent),
                 .change = CONFIG_CHANGE_VLAN},
	[INTERFACE_VLAN] = {.key = "vlan",
                            .type = SCHEMA_NUMBER,
                            .help = "VLAN ID; that of the name if not said",
                            AT(struct config_interface, vlan),
                            .min = 1,
                            .max = CONFIG_VID_MAX,
                            .unless = vlan_is_named,
                            .change = CONFIG_CHANGE_VLAN},
	[INTERFACE_PROTOCOL] = {.key = "protocol",
                                .type = SCHEMA_WORD,
                                .help = "of the VLAN's tag: 802.1q or, of a provider, 802.1ad",
                                AT(struct config_interface, protocol),
                                .words = protocol_words,
                                .fallback = "802.1q",
                                .change = CONFIG_CHANGE_VLAN},
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
         .hidden = offsetof(struct config_interface, made),
         .max = CONFIG_INTERFACES_MAX},
	{.key = "bridges",
         .type = SCHEMA_NAMED,
         .help = "by name",
         ARRAY_AT(struct config, bridges, n_bridges),
         .fields = &bridge_element,
         .max = CONFIG_BRIDGES_MAX},
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
