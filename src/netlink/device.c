// SPDX-License-Identifier: BSD-2-Clause
#include "netlink/device.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "netlink/journal.h"
#include "netlink/knobs.h"
#include "netlink/replay.h"
#include "wire/ether.h"

/* One change of a link; the kernel does them one by one, so that each has its own error. */
enum link_field { LINK_UP, LINK_MTU, LINK_MAC, LINK_GEN_MODE };

static void field_put(struct nlmsghdr *nlh, enum link_field field, uint64_t value)
{
	struct ifinfomsg *head = mnl_nlmsg_get_payload(nlh);
	struct nlattr *spec, *family;
	uint8_t mac[ETHER_ADDR_LEN];

	switch (field) {
	case LINK_UP:
		head->ifi_change = IFF_UP;
		head->ifi_flags = value ? IFF_UP : 0;
		break;
	case LINK_MTU:
		mnl_attr_put_u32(nlh, IFLA_MTU, (uint32_t)value);
		break;
	case LINK_MAC:
		mac_store(mac, value);
		mnl_attr_put(nlh, IFLA_ADDRESS, sizeof(mac), mac);
		break;
	case LINK_GEN_MODE:
		spec = mnl_attr_nest_start(nlh, IFLA_AF_SPEC);
		family = mnl_attr_nest_start(nlh, AF_INET6);
		mnl_attr_put_u8(nlh, IFLA_INET6_ADDR_GEN_MODE, (uint8_t)value);
		mnl_attr_nest_end(nlh, family);
		mnl_attr_nest_end(nlh, spec);
		break;
	}
}

static int link_set(struct netlink *nl, int ifindex, enum link_field field, uint64_t value)
{
	uint8_t bytes[256] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(bytes);
	struct ifinfomsg *head;

	nlh->nlmsg_type = RTM_NEWLINK;
	head = mnl_nlmsg_put_extra_header(nlh, sizeof(*head));
	head->ifi_index = ifindex;
	field_put(nlh, field, value);
	return netlink_ask(nl, nlh, NULL, NULL);
}

/* Some drivers change the MAC of a device only while it is down. */
static int mac_set(struct netlink *nl, const struct device_info *d, uint64_t mac)
{
	int err = link_set(nl, d->ifindex, LINK_MAC, mac);
	int up;

	if (err != -EBUSY || !d->up)
		return err;
	err = link_set(nl, d->ifindex, LINK_UP, 0);
	if (err < 0)
		return err;
	err = link_set(nl, d->ifindex, LINK_MAC, mac);
	up = link_set(nl, d->ifindex, LINK_UP, 1);
	return err < 0 ? err : up;
}

static int mtu_mac_set(struct netlink *nl, const struct device_info *d,
                       const struct device_wish *to, struct why *why)
{
	int err = 0;

	if (to->mtu != d->mtu)
		err = link_set(nl, d->ifindex, LINK_MTU, to->mtu);
	if (err < 0)
		return why_fail(why, err, "%s: cannot set the MTU to %u: %s", d->name, to->mtu,
		                netlink_error(nl, err));
	if (to->mac != d->mac)
		err = mac_set(nl, d, to->mac);
	if (err < 0)
		return why_fail(why, err, "%s: cannot set the MAC address: %s", d->name,
		                netlink_error(nl, err));
	return 0;
}

static void boot_id_read(char *out, size_t bytes)
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, out, bytes - 1);

	out[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

/* Is it the device of the journal, and not another one that got its number? */
static bool journal_is_of(const struct journal_link *l, const struct device_info *d)
{
	char boot_id[sizeof(l->boot_id)];

	boot_id_read(boot_id, sizeof(boot_id));
	if (strcmp(boot_id, l->boot_id) != 0)
		return false; /* a reboot forgets what was changed */
	if (l->perm_mac != 0 || d->perm_mac != 0)
		return l->perm_mac == d->perm_mac;
	/* Without a burnt-in address: the name can change under us, the MAC by our own doing. */
	return d->mac == l->mac || (l->own_macs[0] != 0 && d->mac == l->own_macs[0]) ||
	       (l->own_macs[1] != 0 && d->mac == l->own_macs[1]);
}

static int journal_fill(struct netlink *nl, const struct device_info *d, struct journal *j,
                        struct why *why)
{
	struct timespec now;
	int err;

	clock_gettime(CLOCK_BOOTTIME, &now);
	j->link = (struct journal_link){
		.taken_ns = (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec,
		.mac = d->mac,
		.perm_mac = d->perm_mac,
		.ifindex = d->ifindex,
		.mtu = d->mtu,
		.up = d->up,
		.rxvlan = rxvlan_read(d->name),
		.tag_features = tag_features_read(d->name),
		.addr_gen_mode =
			d->addr_gen_mode == LINK_NO_IPV6 ? JOURNAL_UNKNOWN : d->addr_gen_mode,
	};
	memcpy(j->link.name, d->name, sizeof(j->link.name));
	boot_id_read(j->link.boot_id, sizeof(j->link.boot_id));
	sysctl_read(d->name, j->link.sysctl);
	err = replay_record(nl, j);
	if (err < 0)
		return why_fail(why, err, "%s: cannot read its addresses and routes: %s", d->name,
		                netlink_error(nl, err));
	return 0;
}

/* The original's journal if there is one that is of this device, else -ENOENT. */
static int journal_find(const char *run_dir, const struct device_info *d, struct journal *j,
                        struct why *why)
{
	int err = journal_read(run_dir, d->ifindex, j, why);

	if (err < 0 || journal_is_of(&j->link, d))
		return err;
	journal_fini(j);
	return -ENOENT;
}

/* Have a journal on disk that knows the device, also by the MAC that it is about to get. */
static int journal_prepare(const char *run_dir, struct journal *j, uint64_t mac, bool fresh,
                           struct why *why)
{
	uint64_t *own = j->link.own_macs;

	if (mac == 0 || mac == own[0])
		return fresh ? journal_write(run_dir, j, why) : 0;
	own[1] = own[0]; /* which it has until the change is made */
	own[0] = mac;
	return journal_write(run_dir, j, why);
}

/* No IPv6, no ARP, no addresses, no routes. */
static int kernel_silence(struct netlink *nl, const struct device_info *d,
                          struct device_flaws *flaws, struct why *why)
{
	int32_t silent[JOURNAL_SYSCTLS];
	int err = 0;

	if (d->addr_gen_mode != LINK_NO_IPV6)
		err = link_set(nl, d->ifindex, LINK_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	if (err < 0)
		return why_fail(why, err, "%s: cannot end IPv6 address generation: %s", d->name,
		                netlink_error(nl, err));
	sysctl_silent(silent);
	err = sysctl_write(d->name, silent);
	flaws->sysctl_readonly = err == -EROFS || err == -EACCES;
	if (err < 0 && !flaws->sysctl_readonly)
		return why_fail(why, err, "%s: cannot set its sysctls: %s", d->name,
		                strerror(-err));
	err = replay_remove(nl, d->ifindex);
	if (err == -EBUSY)
		return why_fail(why, err,
		                "%s: something keeps adding addresses; stop the network manager or "
		                "DHCP client that runs there",
		                d->name);
	if (err < 0)
		return why_fail(why, err, "%s: cannot remove its addresses and routes: %s", d->name,
		                netlink_error(nl, err));
	return 0;
}

static int device_change(struct netlink *nl, const struct device_info *d,
                         const struct device_wish *to, struct device_flaws *flaws, struct why *why)
{
	int err = kernel_silence(nl, d, flaws, why);

	if (err == 0)
		err = mtu_mac_set(nl, d, to, why);
	if (err < 0)
		return err;
	if (rxvlan_read(d->name) == 1)
		flaws->strips_vlan = rxvlan_write(d->name, 0) < 0;
	if (d->up)
		return 0;
	err = link_set(nl, d->ifindex, LINK_UP, 1);
	if (err < 0)
		return why_fail(why, err, "%s: cannot set it up: %s", d->name,
		                netlink_error(nl, err));
	return 0;
}

int device_take(struct netlink *nl, const char *run_dir, int ifindex,
                const struct device_wish *wish, struct device_flaws *flaws, struct why *why)
{
	struct device_flaws found = {0};
	struct device_wish to = *wish;
	struct journal j = {0};
	struct device_info d;
	bool fresh;
	int err = device_info(nl, ifindex, &d, why);

	if (err < 0)
		return err;
	err = journal_find(run_dir, &d, &j, why);
	fresh = err == -ENOENT;
	if (fresh)
		err = journal_fill(nl, &d, &j, why);
	if (err == 0)
		err = journal_prepare(run_dir, &j, to.mac, fresh, why);
	if (err < 0)
		goto free_journal;
	to.mtu = to.mtu == 0 ? j.link.mtu : to.mtu;
	to.mac = to.mac == 0 ? j.link.mac : to.mac;
	err = device_change(nl, &d, &to, &found, why);
	if (err == 0) {
		*flaws = found;
	} else if (fresh) {
		struct why second; /* the first failure is the one to tell */

		(void)!device_give_back(nl, run_dir, ifindex, &second);
	}

free_journal:
	journal_fini(&j);
	return err;
}

int device_see_tags(const char *name, bool *filters)
{
	int32_t on = tag_features_read(name);

	*filters = false;
	if (on == JOURNAL_UNKNOWN || on == 0)
		return 0; /* who has no such features has none of these */
	if (tag_features_write(name, 0) == 0)
		return 0;
	on = tag_features_read(name);
	*filters = (on & (TAG_FILTER_C | TAG_FILTER_S)) != 0;
	return (on & TAG_STRIP_S) != 0 ? -EOPNOTSUPP : 0;
}

/* A failure of one step of restoring: the first is kept. */
static void step_note(int *first, int err, struct why *why, const char *name, const char *what)
{
	if (err < 0 && *first == 0)
		*first =
			why_fail(why, err, "%s: cannot restore %s: %s", name, what, strerror(-err));
}

/*
 * The order matters: an MTU below 1280 takes IPv6 away, IPv6 has to be there for the mode, without
 * a mode no address is made up, and addresses come before the routes that use them. A device that
 * was down is set down first, which drops the IPv6 addresses that are then put back.
 */
static int device_restore(struct netlink *nl, const struct journal *j, const struct device_info *d,
                          struct why *why)
{
	const struct journal_link *l = &j->link;
	struct device_wish was = {.mtu = l->mtu, .mac = l->mac};
	struct device_info now = *d;
	struct why own;
	int first = 0;
	int err;

	if (d->up && !l->up)
		step_note(&first, link_set(nl, d->ifindex, LINK_UP, 0), why, d->name, "down");
	now.up = d->up && l->up;
	err = mtu_mac_set(nl, &now, &was, why);
	if (first == 0)
		first = err;
	if (l->rxvlan != JOURNAL_UNKNOWN && rxvlan_read(d->name) != l->rxvlan)
		step_note(&first, rxvlan_write(d->name, l->rxvlan), why, d->name, "rxvlan");
	if (l->tag_features != JOURNAL_UNKNOWN && tag_features_read(d->name) != l->tag_features)
		step_note(&first, tag_features_write(d->name, l->tag_features), why, d->name,
		          "its VLAN filter");
	if (!d->up && l->up)
		step_note(&first, link_set(nl, d->ifindex, LINK_UP, 1), why, d->name, "up");
	step_note(&first, sysctl_write(d->name, l->sysctl), why, d->name, "its sysctls");
	if (l->addr_gen_mode != JOURNAL_UNKNOWN)
		step_note(&first, link_set(nl, d->ifindex, LINK_GEN_MODE, l->addr_gen_mode), why,
		          d->name, "IPv6 address generation");
	err = replay_restore(nl, j, &own);
	if (err < 0 && first == 0)
		first = why_fail(why, err, "%s: %s", d->name, own.text);
	return first;
}

static int journal_drop(const char *run_dir, const struct journal *j, const char *reason,
                        struct why *why)
{
	int err = journal_remove(run_dir, j->link.ifindex, why);

	if (err < 0)
		return err;
	why_fail(why, 0, "%s (%d) %s; what was noted of it is dropped", j->link.name,
	         j->link.ifindex, reason);
	return 1;
}

int device_give_back(struct netlink *nl, const char *run_dir, int ifindex, struct why *why)
{
	struct journal j = {0};
	struct device_info d;
	int err = journal_read(run_dir, ifindex, &j, why);

	if (err == -ENOENT) {
		why_fail(why, 0, "network device %d was not taken", ifindex);
		return 1;
	}
	if (err < 0)
		return err;
	err = device_info(nl, ifindex, &d, why);
	if (err == -ENODEV)
		err = journal_drop(run_dir, &j, "is gone", why);
	else if (err == 0 && !journal_is_of(&j.link, &d))
		err = journal_drop(run_dir, &j, "is another device now, or of an earlier boot",
		                   why);
	else if (err == 0)
		err = device_restore(nl, &j, &d, why);
	if (err == 0)
		err = journal_remove(run_dir, ifindex, why);
	journal_fini(&j);
	return err;
}

/* A damaged journal is told of at start, not when its device is taken. */
static void journal_probe(const char *run_dir, int ifindex, device_report_fn *report, void *context)
{
	struct journal j = {0};
	struct why why;
	int err = journal_read(run_dir, ifindex, &j, &why);

	if (err < 0 && err != -ENOENT)
		report(context, err, why.text);
	journal_fini(&j);
}

static bool is_kept(const int *keep, size_t n_keep, int ifindex)
{
	for (size_t i = 0; i < n_keep; i++) {
		if (keep[i] == ifindex)
			return true;
	}
	return false;
}

void device_restore_all(struct netlink *nl, const char *run_dir, const int *keep, size_t n_keep,
                        device_report_fn *report, void *context)
{
	struct why why = {""};
	int *found;
	size_t n;
	int err = journal_list(run_dir, &found, &n, &why);

	if (err < 0) {
		report(context, err, why.text);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (is_kept(keep, n_keep, found[i])) {
			journal_probe(run_dir, found[i], report, context);
			continue;
		}
		err = device_give_back(nl, run_dir, found[i], &why);
		if (err == 0)
			why_fail(&why, 0,
			         "network device %d was left taken by a crash and is given back",
			         found[i]);
		report(context, err, why.text);
	}
	free(found);
}
