/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/command.h"

#include <stdint.h>
#include <string.h>

#include "base/compiler.h"

#define RELOAD_TIMEOUT_S 300 /* as long as the largest configuration may take */
#define SUGGEST_BYTES    64

static const struct column interface_columns[] = {
	{.key = "ifname", .heading = "IFNAME", .width = 7},
	{.key = "operstate", .heading = "STATE", .state = true},
	{.key = "mode", .heading = "MODE"},
	{.key = "queues", .heading = "QUEUES"},
	{.key = "rx_pps", .heading = "RX pps", .format = cell_human},
	{.key = "tx_pps", .heading = "TX pps", .format = cell_human},
	{.key = "drops_ps", .heading = "DROPS/s", .format = cell_human},
	{.key = "note", .heading = "NOTE"},
};

static const struct column route_columns[] = {
	{.key = "dst", .heading = "DST"},
	{.key = "gateway", .also = "nexthops", .heading = "GATEWAY", .format = cell_gateways},
	{.key = "dev", .heading = "DEV"},
	{.key = "metric", .heading = "METRIC"},
	{.key = "protocol", .heading = "PROTOCOL"},
	{.key = "type", .heading = "TYPE"},
	{.key = "best", .heading = "BEST"},
};

static const struct column neighbour_columns[] = {
	{.key = "dst", .heading = "DST"},
	{.key = "dev", .heading = "DEV"},
	{.key = "lladdr", .heading = "LLADDR"},
	{.key = "state", .heading = "STATE", .state = true},
	{.key = "confirmed_s", .heading = "CONFIRMED", .format = cell_age},
	{.key = "held", .heading = "HELD"},
	{.key = "router", .heading = "ROUTER"},
};

static const struct column station_columns[] = {
	{.key = "master", .heading = "BRIDGE"},
	{.key = "mac", .heading = "LLADDR"},
	{.key = "vlan", .heading = "VLAN"},
	{.key = "ifname", .heading = "PORT"},
	{.key = "age", .heading = "AGE", .format = cell_age},
	{.key = "state", .heading = "TYPE"},
};

static const struct column bridge_port_columns[] = {
	{.key = "master", .heading = "BRIDGE"},
	{.key = "ifname", .heading = "PORT"},
	{.key = "state", .heading = "STATE", .state = true},
	{.key = "access", .heading = "ACCESS"},
	{.key = "trunk", .heading = "TRUNK"},
	{.key = "native", .heading = "NATIVE"},
	{.key = "isolated", .heading = "ISOLATED"},
	{.key = "stations", .heading = "STATIONS", .right = true},
	{.key = "mac_limit", .heading = "LIMIT", .right = true},
	{.key = "storm", .heading = "STORM", .right = true},
	{.key = "storm_drops", .heading = "STORM DROPS", .right = true},
};

static const struct column counter_columns[] = {
	{.key = "ifname", .heading = "IFNAME"},
	{.key = "name", .heading = "NAME"},
	{.key = "value", .heading = "VALUE", .right = true},
};

static const struct column drop_columns[] = {
	{.key = "ifname", .heading = "IFNAME"},
	{.key = "reason", .heading = "REASON", .width = 12},
	{.key = "packets", .heading = "PACKETS", .right = true},
	{.key = "example", .heading = "LAST EXAMPLE"},
};

static const struct column worker_columns[] = {
	{.key = "worker", .heading = "WORKER"},
	{.key = "cpu", .heading = "CPU"},
	{.key = "state", .heading = "STATE", .state = true},
	{.key = "pps", .heading = "PPS", .format = cell_human},
	{.key = "cycles_per_packet",
         .heading = "CYCLES/PKT",
         .format = cell_decimal,
         .right = true},
	{.key = "packets_per_batch",
         .heading = "PKTS/BATCH",
         .format = cell_decimal,
         .right = true},
	{.key = "idle_percent", .heading = "IDLE %", .format = cell_decimal, .right = true},
	{.key = "packets", .heading = "PACKETS", .right = true},
	{.key = "tx_full", .heading = "TX-FULL", .right = true},
	{.key = "fill_short", .heading = "FILL-SHORT", .right = true},
	{.key = "handover_full", .heading = "HANDOVER-FULL", .right = true},
	{.key = "free_frames", .heading = "FREE", .right = true},
};

const struct column command_list_columns[2] = {
	{.key = "name", .heading = "NAME"},
	{.key = "value", .heading = "VALUE"},
};

#define COLUMNS(c) (c), ARRAY_SIZE(c), 0

static const struct command commands[] = {
	{"show interfaces", "[NAME...]", "ports: mode, rates, drops", COLUMNS(interface_columns)},
	{"show routes", "[FILTER...]", "routes, and which are in force", COLUMNS(route_columns)},
	{"show neighbours", "[FILTER...]", "who is at which MAC address",
         COLUMNS(neighbour_columns)},
	{"show bridge", "[BRIDGE] [vlan N] [mac M]", "stations, and the ports they are behind",
         COLUMNS(station_columns)},
	{"show bridge-ports", "[BRIDGE]", "ports of bridges: state, VLANs, limits",
         COLUMNS(bridge_port_columns)},
	{"show counters", "[FILTER...]", "every counter", COLUMNS(counter_columns)},
	{"show drops", "[FILTER...]", "packets that went no further, by reason",
         COLUMNS(drop_columns)},
	{"show workers", "", "what the workers' cores do", COLUMNS(worker_columns)},
	{"show version", "", "of the running daemon and what it stands on", NULL, 0, 0},
	{"clear neighbours", "[NAME...]", "forget those that were learned", NULL, 0, 0},
	{"clear bridge", "[BRIDGE]", "forget stations that were learned", NULL, 0, 0},
	{"bridge", "BRIDGE port PORT state STATE", "let a port forward, learn only, or block", NULL,
         0, 0},
	{"reload", "", "apply the daemon's configuration file", NULL, 0, RELOAD_TIMEOUT_S},
};

/* How many words @text has. */
static size_t word_count(const char *text)
{
	size_t n = 1;

	for (; *text != '\0'; text++)
		n += *text == ' ';
	return n;
}

/* Put the first @n words into @text, parted by blanks; cut where it is full. */
static void words_join(char *text, size_t size, char *const *words, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		const char *s = words[i];

		if (i > 0 && len < size - 1)
			text[len++] = ' ';
		while (*s != '\0' && len < size - 1)
			text[len++] = *s++;
	}
	text[len] = '\0';
}

const struct command *command_find(char *const *words, size_t n)
{
	char text[SUGGEST_BYTES];

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		size_t k = word_count(commands[i].words);

		words_join(text, sizeof(text), words, k < n ? k : n);
		if (strcmp(text, commands[i].words) == 0)
			return &commands[i];
	}
	return NULL;
}

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Levenshtein's distance: how many letters to add, drop or change. @b has fewer than
 * SUGGEST_BYTES. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t row[SUGGEST_BYTES];
	size_t n = strlen(b);

	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1] != '\0'; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t change = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = min_size(change, min_size(row[j], row[j - 1]) + 1);
		}
	}
	return row[n];
}

const struct command *command_suggest(char *const *words, size_t n)
{
	const struct command *nearest = NULL;
	size_t least = SIZE_MAX;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *c = &commands[i];
		const char *last = strrchr(c->words, ' ');
		char text[SUGGEST_BYTES];
		size_t distance;

		words_join(text, sizeof(text), words, min_size(word_count(c->words), n));
		distance = edit_distance(text, c->words);
		/* "show" forgotten */
		if (last != NULL)
			distance = min_size(distance, edit_distance(words[0], last + 1));
		if (distance < least && distance <= 1 + strlen(text) / 4) {
			least = distance;
			nearest = c;
		}
	}
	return nearest;
}

size_t command_list(FILE *to, const char *first)
{
	size_t len = first != NULL ? strlen(first) : 0;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *c = &commands[i];
		int pad = 38 - (int)strlen(c->words);

		if (len > 0 && (strncmp(c->words, first, len) != 0 || c->words[len] != ' '))
			continue;
		fprintf(to, "  %s %-*s %s\n", c->words, pad, c->args, c->about);
		n++;
	}
	return n;
}
