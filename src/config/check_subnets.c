/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_subnets: the interfaces among each other, and whose subnet an address is in. Prefixes hold
 * each other or are disjoint, so once no two interfaces overlap, the widest subnets suffice to find
 * an interface by binary search.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/address.h"
#include "config/check.h"
#include "wire/addr.h"

static int by_mark(const struct check_subnet *x, const struct check_subnet *y)
{
	if (x->at.line != y->at.line)
		return x->at.line < y->at.line ? -1 : 1;
	return x->at.column < y->at.column ? -1 : x->at.column > y->at.column;
}

static int by_address(const void *a, const void *b)
{
	const struct check_subnet *x = a, *y = b;

	int order = ip_order(x->subnet.addr, y->subnet.addr);

	return order != 0 ? order : by_mark(x, y);
}

static int by_subnet(const void *a, const void *b)
{
	const struct check_subnet *x = a, *y = b;

	int order = ip_order(x->first, y->first);

	if (order != 0)
		return order;
	if (x->subnet.len != y->subnet.len)
		return x->subnet.len < y->subnet.len ? -1 : 1;
	return by_mark(x, y);
}

static const char *name_of(const struct check *k, const struct check_subnet *s)
{
	return k->config->interfaces[s->iface].name;
}

static void refuse_subnet(struct check *k, const struct check_subnet *s, const char *what,
                          const struct check_subnet *other)
{
	char text[IP_PREFIX_TEXT], vid[8];
	struct path path = check_path_of(k, &k->config->interfaces[s->iface], vid);

	path.step[path.n++] = (struct path_step){.key = "addresses"};
	path.step[path.n++] = (struct path_step){.index = s->index};
	errors_add(k->errs, s->at, &path, "%s %s of %s", what,
	           ip_prefix_format(text, other->subnet.addr, other->subnet.len),
	           name_of(k, other));
}

static void refuse_same_addresses(struct check *k)
{
	qsort(k->subnets, k->n_subnets, sizeof(k->subnets[0]), by_address);
	for (size_t i = 1; i < k->n_subnets; i++) {
		if (ip_equal(k->subnets[i].subnet.addr, k->subnets[i - 1].subnet.addr))
			refuse_subnet(k, &k->subnets[i], "the same address as", &k->subnets[i - 1]);
	}
}

/* Complain about subnets of two interfaces that overlap, and keep the widest ones. */
static void keep_widest(struct check *k)
{
	size_t n = 0;

	qsort(k->subnets, k->n_subnets, sizeof(k->subnets[0]), by_subnet);
	for (size_t i = 0; i < k->n_subnets; i++) {
		const struct check_subnet *s = &k->subnets[i];
		const struct check_subnet *wide = n > 0 ? &k->subnets[n - 1] : NULL;

		if (wide == NULL || ip_order(s->first, wide->last) > 0)
			k->subnets[n++] = *s;
		else if (wide->iface != s->iface && !ip_equal(wide->subnet.addr, s->subnet.addr))
			refuse_subnet(k, s, "the subnet overlaps", wide);
	}
	k->n_subnets = n;
}

static void take(struct check *k, struct ip addr, const char *what)
{
	k->taken[k->n_taken++] = (struct check_taken){addr, what};
}

static int by_taken(const void *a, const void *b)
{
	const struct check_taken *x = a, *y = b;

	return ip_order(x->addr, y->addr);
}

static void list_taken(struct check *k)
{
	k->taken = calloc(3 * k->n_subnets + 1, sizeof(*k->taken));
	if (k->taken == NULL) {
		k->err = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < k->n_subnets; i++) {
		const struct check_subnet *s = &k->subnets[i];

		take(k, s->subnet.addr, "the router's own address");
		if (!prefix_has_first(&s->subnet))
			continue;
		if (ip_is4(s->subnet.addr)) {
			take(k, s->first, "the address of a subnet itself");
			take(k, s->last, "the broadcast address of a subnet");
		} else {
			take(k, s->first, "the anycast address of a subnet's routers");
		}
	}
	qsort(k->taken, k->n_taken, sizeof(k->taken[0]), by_taken);
}

void check_interfaces(struct check *k)
{
	list_taken(k);
	if (k->err != 0 || k->n_subnets == 0)
		return;
	refuse_same_addresses(k);
	keep_widest(k);
}

const struct check_subnet *check_find_subnet(const struct check *k, struct ip addr)
{
	size_t low = 0, high = k->n_subnets;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (ip_order(k->subnets[mid].last, addr) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == k->n_subnets || ip_order(k->subnets[low].first, addr) > 0)
		return NULL;
	return &k->subnets[low];
}

const char *check_find_taken(const struct check *k, struct ip addr)
{
	struct check_taken key = {.addr = addr};
	const struct check_taken *t;

	if (k->n_taken == 0)
		return NULL;
	t = bsearch(&key, k->taken, k->n_taken, sizeof(key), by_taken);
	return t != NULL ? t->what : NULL;
}
