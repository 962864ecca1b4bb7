/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>

#include "route/route.h"

/* Two interfaces with a link-local address each; ids 1 and 2 are their links, 3 the router. */
struct bed {
	struct route route;
	struct ifaces *s;
	struct batch *b;
};

#define OWN(i)    ((struct ip){0xfe80ull << 48, 0x100 + (i)})
#define NEIGHBOUR ((struct ip){0xfe80ull << 48, 0x999})

static const struct nexthop line[] = {{},
                                      {.kind = NH_CONNECTED, .iface = 0},
                                      {.kind = NH_CONNECTED, .iface = 1},
                                      {.kind = NH_LOCAL}};
static const struct nexthop near = {.kind = NH_LINK};
static const struct nexthop far = {.kind = NH_FORWARD};

static int setup(void **state)
{
	struct bed *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	assert_int_equal(idtab_new(&t->route.nexthops, ARRAY_SIZE(line)), 0);
	for (uint32_t id = 1; id < ARRAY_SIZE(line); id++)
		assert_null(idtab_set(t->route.nexthops, id, &line[id]));
	t->s = ifaces_new(2);
	t->b = aligned_alloc(CACHE_LINE, (sizeof(*t->b) + 63) & ~63ul);
	assert_non_null(t->s);
	assert_non_null(t->b);
	memset(t->b, 0, sizeof(*t->b));
	for (uint16_t i = 0; i < 2; i++) {
		const struct iface_addr6 own = {OWN(i), 64, ADDR_USABLE};
		const struct iface f = {
			.id = i, .n_addr6 = 1, .addr6 = &own, .nh_link = i + 1, .nh_local = 3};

		assert_int_equal(ifaces_set(t->s, &f), 0);
	}
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct bed *t = *state;

	idtab_free(t->route.nexthops);
	ifaces_free(t->s);
	free(t->b);
	free(t);
	return 0;
}

static void add(struct bed *t, struct ip dst, uint16_t in, uint8_t flags, const struct nexthop *nh)
{
	struct lane *l = &t->b->ip6;

	l->hi[l->n] = dst.hi;
	l->lo[l->n] = dst.lo;
	l->pkt[l->n++] = (struct pkt){.in = in, .flags = flags | PKT_IP6, .nh = nh};
	l->kinds |= 1u << nh->kind;
}

static const struct nexthop *line_of(struct bed *t, uint32_t i)
{
	return t->b->ip6.pkt[i].nh;
}

static void own_packets_go_to_the_link_they_are_of(void **state)
{
	struct bed *t = *state;

	for (uint16_t in = 0; in < 2; in++)
		add(t, NEIGHBOUR, in, PKT_ORIGINATED, &near);
	add(t, NEIGHBOUR, 0, PKT_ORIGINATED, &far);
	scope6_stage(&t->route, t->s, t->b);
	assert_ptr_equal(line_of(t, 0), &line[1]);
	assert_ptr_equal(line_of(t, 1), &line[2]);
	assert_ptr_equal(line_of(t, 2), &far);
	assert_true(t->b->ip6.kinds & 1u << NH_CONNECTED);
	assert_int_equal(t->b->ip6.n, 3);
}

/* RFC 4291 2.5.6: another link's address of the router is nobody's on this one. */
static void the_address_of_the_link_is_the_routers(void **state)
{
	struct bed *t = *state;

	for (uint16_t in = 0; in < 2; in++) {
		add(t, OWN(in), in, 0, &near);
		add(t, OWN(1 - in), in, 0, &near);
	}
	scope6_stage(&t->route, t->s, t->b);
	for (uint32_t i = 0; i < 4; i++)
		assert_ptr_equal(line_of(t, i), i % 2 == 0 ? &line[3] : &near);
	assert_true(t->b->ip6.kinds & 1u << NH_LOCAL);
}

static void what_came_in_is_not_forwarded_to_a_link_local_address(void **state)
{
	struct bed *t = *state;

	add(t, NEIGHBOUR, 0, 0, &near);
	add(t, NEIGHBOUR, 1, PKT_LINK, &near);
	scope6_stage(&t->route, t->s, t->b);
	assert_ptr_equal(line_of(t, 0), &near);
	assert_ptr_equal(line_of(t, 1), &near);
}

static void an_address_that_is_not_usable_is_not_the_routers(void **state)
{
	static const enum addr_state states[] = {ADDR_TENTATIVE, ADDR_DUPLICATE};
	struct bed *t = *state;

	for (uint32_t i = 0; i < 2; i++) {
		const struct iface_addr6 own = {OWN(0), 64, (uint8_t)states[i]};
		const struct iface f = {.id = 0, .n_addr6 = 1, .addr6 = &own, .nh_local = 3};

		assert_int_equal(ifaces_set(t->s, &f), 0);
		add(t, OWN(0), 0, 0, &near);
		scope6_stage(&t->route, t->s, t->b);
		assert_ptr_equal(line_of(t, i), &near);
	}
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(own_packets_go_to_the_link_they_are_of),
		test(the_address_of_the_link_is_the_routers),
		test(what_came_in_is_not_forwarded_to_a_link_local_address),
		test(an_address_that_is_not_usable_is_not_the_routers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
