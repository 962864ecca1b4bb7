/* SPDX-License-Identifier: BSD-2-Clause */
#include "packet/verdict.h"

const char *verdict_name(enum verdict v)
{
	static const char *const name[VERDICT_COUNT] = {
		[KEEP] = "keep",
		[DROP_SHORT] = "short",
		[DROP_ETHERTYPE] = "ethertype",
		[DROP_VLAN] = "vlan",
		[DROP_OTHER_MAC] = "other-mac",
		[DROP_L2_GROUP] = "l2-group",
		[DROP_IFACE_DOWN] = "iface-down",
		[DROP_IP_VERSION] = "ip-version",
		[DROP_IP_HEADER] = "ip-header",
		[DROP_IP_CHECKSUM] = "ip-checksum",
		[DROP_MARTIAN_SOURCE] = "martian-source",
		[DROP_MARTIAN_DEST] = "martian-destination",
		[DROP_MULTICAST] = "multicast",
		[DROP_BROADCAST] = "broadcast",
		[DROP_URPF] = "urpf",
		[DROP_SOURCE_ROUTE] = "source-route",
		[DROP_IP_OPTION] = "ip-option",
		[DROP_TTL_EXPIRED] = "ttl-expired",
		[DROP_NO_ROUTE] = "no-route",
		[DROP_BLACKHOLE] = "blackhole",
		[DROP_UNREACHABLE] = "unreachable",
		[DROP_PROHIBIT] = "prohibit",
		[DROP_TOO_BIG] = "too-big",
		[DROP_NEIGH_FAILED] = "neighbour-failed",
		[DROP_NEIGH_QUEUE] = "neighbour-queue",
		[DROP_AGENT_BUSY] = "agent-busy",
		[DROP_HANDOVER_FULL] = "handover-full",
		[DROP_TX_FULL] = "tx-full",
		[DROP_TX_DOWN] = "tx-down",
		[DROP_ARP_BAD] = "arp-malformed",
		[DROP_ICMP_BAD] = "icmp-malformed",
		[DROP_ICMP_LIMIT] = "icmp-limit",
		[DROP_FRAGMENT] = "fragment",
		[DROP_REASSEMBLY] = "reassembly-timeout",
		[DROP_NO_FRAME] = "no-frame",
		[CONSUMED_ARP] = "arp",
		[CONSUMED_ICMP_ECHO] = "icmp-echo",
		[CONSUMED_ICMP] = "icmp",
		[CONSUMED_UNREACH] = "port-unreachable",
		[CONSUMED_RESET] = "tcp-reset",
		[CONSUMED_FRAGMENT] = "reassembled",
		[CONSUMED_LOCAL] = "local",
		[HELD_NEIGH] = "held",
	};

	return name[v];
}
