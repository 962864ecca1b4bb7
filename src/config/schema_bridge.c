/* SPDX-License-Identifier: BSD-2-Clause */
/* schema_bridge: the part of the table that is bridges. */
#include "config/fields.h"

static const char *const never_words[] = {"never", NULL};
static const char *const inherit_words[] = {"none", "inherit", NULL};
static const char *const state_words[] = {"forwarding", "learning", "blocking", NULL};

#define RATE_MAX 100000000

static const struct schema port_fields[] = {
	[PORT_ACCESS] = {.key = "access",
                         .type = SCHEMA_NUMBER,
                         .help = "the VLAN of the port, whose frames have no tag there",
                         AT(struct config_bridge_port, access),
                         .min = 1,
                         .max = CONFIG_VID_MAX},
	[PORT_TRUNK] = {.key = "trunk",
                        .type = SCHEMA_VIDS,
                        .help = "VLANs whose frames have a tag there, as in [10, 20-29], or all",
                        AT(struct config_bridge_port, trunk)},
	[PORT_NATIVE] =
		{.key = "native",
                 .type = SCHEMA_NUMBER,
                 .help = "of a trunk: the VLAN whose frames have no tag; if not said, frames "
                         "without one are dropped",
                 AT(struct config_bridge_port, native),
                 .min = 1,
                 .max = CONFIG_VID_MAX},
	[PORT_ISOLATED] = {.key = "isolated",
                           .type = SCHEMA_BOOL,
                           .help = "nothing passes between two isolated ports",
                           AT(struct config_bridge_port, isolated),
                           .fallback = "no"},
	[PORT_STATE] = {.key = "state",
                        .type = SCHEMA_WORD,
                        .help = "whether frames pass",
                        AT(struct config_bridge_port, state),
                        .words = state_words,
                        .fallback = "forwarding"},
	[PORT_MAC_LIMIT] =
		{.key = "mac-limit",
                 .type = SCHEMA_NUMBER,
                 .help = "stations behind the port at most; none: as many as the bridge has "
                         "room for",
                 AT(struct config_bridge_port, mac_limit),
                 .words = none_words,
                 .fallback = "none",
                 .min = 1,
                 .max = CONFIG_MAC_LIMIT_MAX},
	[PORT_STORM] =
		{.key = "storm",
                 .type = SCHEMA_RATE,
                 .help = "broadcast, multicast and unknown unicast taken from the port; none; "
                         "inherit: as the bridge says",
                 AT(struct config_bridge_port, storm),
                 .words = inherit_words,
                 .fallback = "inherit",
                 .min = 1,
                 .max = RATE_MAX},
	{},
};

static const struct schema port_element = {
	.key = "port",
	.type = SCHEMA_MAPPING,
	.fields = port_fields,
	.check = check_bridge_port,
};

static const struct schema station_fields[] = {
	[STATION_LLADDR] = {.key = "lladdr",
                            .type = SCHEMA_MAC,
                            .help = "Ethernet address",
                            AT(struct config_station, lladdr),
                            .required = true},
	[STATION_PORT] = {.key = "port",
                          .type = SCHEMA_NAME,
                          .help = "port of the bridge that it is behind",
                          AT(struct config_station, port),
                          .required = true},
	[STATION_VLAN] = {.key = "vlan",
                          .type = SCHEMA_NUMBER,
                          .help = "its VLAN, where the bridge is VLAN-aware",
                          AT(struct config_station, vlan),
                          .min = 1,
                          .max = CONFIG_VID_MAX},
	{},
};

static const struct schema station_element = {
	.key = "station",
	.type = SCHEMA_MAPPING,
	.fields = station_fields,
	.check = check_station,
};

static const struct schema foot_fields[] = {
	FIELD_ADDRESSES(struct config_interface, ),
	FIELD_MTU(struct config_interface, ),
	FIELD_URPF(struct config_interface, ),
	FIELD_REDIRECTS(struct config_interface, ),
	FIELD_DAD(struct config_interface, ),
	FIELD_RA(struct config_interface, , 0),
	{},
};

static const struct schema vlan_element = {
	.key = "vlan",
	.type = SCHEMA_MAPPING,
	.offset = offsetof(struct config_bridge_vlan, foot),
	.fields = foot_fields,
	.check = check_bridge_vlan,
};

static const struct schema bridge_fields[] = {
	[BRIDGE_VLAN_AWARE] = {.key = "vlan-aware",
                               .type = SCHEMA_BOOL,
                               .help = "whether tags part the stations into VLANs (802.1Q)",
                               AT(struct config_bridge, vlan_aware),
                               .fallback = "no"},
	[BRIDGE_MAC] =
		{.key = "mac",
                 .type = SCHEMA_MAC,
                 .help = "Ethernet address of the router; the lowest of the ports' if not said",
                 AT(struct config_bridge, mac)},
	[BRIDGE_AGEING] = {.key = "ageing",
                           .type = SCHEMA_DURATION,
                           .help = "how long a station that is not heard of is remembered",
                           AT(struct config_bridge, ageing),
                           .words = never_words,
                           .fallback = "5m",
                           .min = 1,
                           .max = 1000000}, /* 802.1Q table 8-7 */
	[BRIDGE_MAC_LIMIT] = {.key = "mac-limit",
                              .type = SCHEMA_NUMBER,
                              .help = "how many stations are remembered",
                              AT(struct config_bridge, mac_limit),
                              .fallback = "65536",
                              .min = 1,
                              .max = CONFIG_MAC_LIMIT_MAX},
	[BRIDGE_STORM] =
		{.key = "storm",
                 .type = SCHEMA_RATE,
                 .help = "broadcast, multicast and unknown unicast taken from a port, or none",
                 AT(struct config_bridge, storm),
                 .words = none_words,
                 .fallback = "none",
                 .min = 1,
                 .max = RATE_MAX},
	[BRIDGE_ADDRESSES] = FIELD_ADDRESSES(struct config_bridge, foot.),
	[BRIDGE_MTU] = FIELD_MTU(struct config_bridge, foot.),
	[BRIDGE_URPF] = FIELD_URPF(struct config_bridge, foot.),
	[BRIDGE_REDIRECTS] = FIELD_REDIRECTS(struct config_bridge, foot.),
	[BRIDGE_DAD] = FIELD_DAD(struct config_bridge, foot.),
	[BRIDGE_RA] = FIELD_RA(struct config_bridge, foot., offsetof(struct config_bridge, foot)),
	[BRIDGE_PORTS] = {.key = "ports",
                          .type = SCHEMA_NAMED,
                          .help = "devices that it bridges, by name",
                          ARRAY_AT(struct config_bridge, ports, n_ports),
                          .fields = &port_element,
                          .max = CONFIG_DEVICES_MAX},
	[BRIDGE_STATIONS] = {.key = "stations",
                             .type = SCHEMA_LIST,
                             .help = "static ones",
                             ARRAY_AT(struct config_bridge, stations, n_stations),
                             .fields = &station_element,
                             .max = CONFIG_STATIONS_MAX},
	[BRIDGE_VLANS] = {.key = "vlans",
                          .type = SCHEMA_NUMBERED,
                          .help = "VLANs that the router has an interface in, by VLAN ID",
                          ARRAY_AT(struct config_bridge, vlans, n_vlans),
                          .fields = &vlan_element,
                          .max = CONFIG_VIRTUAL_MAX},
	{},
};

const struct schema bridge_element = {
	.key = "bridge",
	.type = SCHEMA_MAPPING,
	.fields = bridge_fields,
	.check = check_bridge,
};
