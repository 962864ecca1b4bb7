/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tests/net/netlink_*.sh do with src/netlink/, one command a run:
 *
 *   take RUN_DIR DEVICE [MTU [MAC]]   take it
 *   hold RUN_DIR DEVICE               take it, say "taken", and wait to be killed
 *   give RUN_DIR DEVICE               give it back
 *   restore RUN_DIR [KEEP...]         as a daemon does at start
 *   default DEVICE                    does the default route leave by it?
 *   info DEVICE                       what is known of it
 *   watch                             print events; "." when the first picture is complete
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "netlink/device.h"
#include "netlink/monitor.h"
#include "wire/ether.h"

static int say(int err, const struct why *why)
{
	if (err != 0)
		fprintf(stderr, "netlink_tool: %s\n", why->text);
	return err < 0 ? 1 : 0;
}

static int index_of(const char *name)
{
	int ifindex = (int)if_nametoindex(name);

	return ifindex != 0 ? ifindex : (int)strtol(name, NULL, 10);
}

static uint64_t mac_of(const char *text)
{
	uint8_t bytes[8] = {0};
	char *end;

	for (int i = 0; i < ETHER_ADDR_LEN; i++) {
		bytes[i] = (uint8_t)strtoul(text, &end, 16);
		text = end + (*end == ':');
	}
	return mac_load(bytes);
}

static int take(struct netlink *nl, int n, char **args)
{
	struct device_flaws flaws;
	struct device_wish wish = {0};
	struct why why;

	if (n > 2)
		wish.mtu = (uint32_t)strtoul(args[2], NULL, 10);
	if (n > 3)
		wish.mac = mac_of(args[3]);
	if (say(device_take(nl, args[0], index_of(args[1]), &wish, &flaws, &why), &why) != 0)
		return 1;
	printf("taken%s%s\n", flaws.strips_vlan ? " strips-vlan" : "",
	       flaws.sysctl_readonly ? " sysctl-readonly" : "");
	fflush(stdout);
	return 0;
}

static void report(void *, int err, const char *text)
{
	printf("%d %s\n", err, text);
}

static int restore(struct netlink *nl, int n, char **args)
{
	int keep[8];
	size_t kept = 0;

	for (int i = 1; i < n && kept < 8; i++)
		keep[kept++] = index_of(args[i]);
	device_restore_all(nl, args[0], keep, kept, report, NULL);
	return 0;
}

static int info(struct netlink *nl, const char *name)
{
	struct device_info d;
	struct why why;
	uint32_t rx, tx;

	if (say(device_info(nl, index_of(name), &d, &why), &why) != 0)
		return 1;
	if (device_channels(d.name, &rx, &tx) < 0)
		return 1;
	printf("%s kind=%s mtu=%u up=%d carrier=%d queues=%u/%u channels=%u/%u\n", d.name, d.kind,
	       d.mtu, d.up, d.carrier, d.rx_queues, d.tx_queues, rx, tx);
	return 0;
}

static int is_default(struct netlink *nl, const char *name)
{
	struct why why;
	bool yes;

	if (say(device_is_default_route(nl, index_of(name), &yes, &why), &why) != 0)
		return 1;
	puts(yes ? "yes" : "no");
	return 0;
}

static void event_print(void *, const struct link_event *e)
{
	printf("%s %s%s%s%s mtu=%u\n", e->name, e->deleted ? "deleted" : "there",
	       e->up ? " up" : "", e->carrier ? " carrier" : "", e->channels ? " channels" : "",
	       e->mtu);
	fflush(stdout);
}

static int watch(void)
{
	struct monitor *m;
	struct why why;
	int err = monitor_open(&m, event_print, NULL, &why);
	uint64_t losses = 0;

	if (say(err, &why) != 0)
		return 1;
	err = monitor_dump(m, &why);
	puts(".");
	fflush(stdout);
	while (err == 0) {
		struct pollfd p = {.fd = monitor_fd(m), .events = POLLIN};

		if (poll(&p, 1, -1) < 0)
			break;
		err = monitor_dispatch(m, &why);
		if (monitor_losses(m) != losses)
			puts("lost");
		losses = monitor_losses(m);
		fflush(stdout);
	}
	monitor_close(m);
	return say(err, &why);
}

static int run(struct netlink *nl, const char *command, int n, char **args)
{
	struct why why;

	if (strcmp(command, "watch") == 0)
		return watch();
	if (n < 1)
		return 2;
	if (strcmp(command, "restore") == 0)
		return restore(nl, n, args);
	if (strcmp(command, "info") == 0)
		return info(nl, args[0]);
	if (strcmp(command, "default") == 0)
		return is_default(nl, args[0]);
	if (n < 2)
		return 2;
	if (strcmp(command, "take") == 0)
		return take(nl, n, args);
	if (strcmp(command, "give") == 0)
		return say(device_give_back(nl, args[0], index_of(args[1]), &why), &why);
	if (strcmp(command, "hold") == 0 && take(nl, n, args) == 0)
		return pause();
	return 2;
}

int main(int argc, char **argv)
{
	struct netlink *nl;
	struct why why;
	int status;

	if (argc < 2)
		return 2;
	if (say(netlink_open(&nl, NETLINK_ROUTE, &why), &why) != 0)
		return 1;
	status = run(nl, argv[1], argc - 2, argv + 2);
	netlink_close(nl);
	return status;
}
