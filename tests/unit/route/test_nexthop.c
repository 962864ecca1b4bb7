/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>
#include <string.h>

#include "base/rcu.h"
#include "route/nexthop.h"

static int setup(void **state)
{
	struct nexthops *t = NULL;
	int err = nexthops_new(&t);

	*state = t;
	return err;
}

static int teardown(void **state)
{
	nexthops_free(*state);
	rcu_barrier();
	return 0;
}

static const struct nexthop *line_of(struct nexthops *t, uint32_t id)
{
	return idtab_get(nexthops_idtab(t), id);
}

static uint16_t get(struct nexthops *t, enum nexthop_kind kind, uint16_t iface, uint32_t gateway)
{
	const struct nexthop_key key = {kind, iface, ip_from4(gateway)};
	uint16_t id = 0;

	assert_int_equal(nexthop_get(t, &key, 1514, &id), 0);
	assert_int_not_equal(id, 0);
	return id;
}

static void one_key_has_one_id(void **state)
{
	struct nexthops *t = *state;
	uint16_t a = get(t, NH_RESOLVE, 1, 0x0a000001);

	assert_int_equal(get(t, NH_RESOLVE, 1, 0x0a000001), a);
	assert_int_not_equal(get(t, NH_RESOLVE, 2, 0x0a000001), a);
	assert_int_not_equal(get(t, NH_RESOLVE, 1, 0x0a000002), a);
	assert_int_not_equal(get(t, NH_CONNECTED, 1, 0), get(t, NH_CONNECTED, 2, 0));
	assert_int_equal(get(t, NH_BLACKHOLE, 0, 0), get(t, NH_BLACKHOLE, 0, 0));
}

static void a_new_line_says_what_its_key_says(void **state)
{
	struct nexthops *t = *state;
	uint16_t id = get(t, NH_RESOLVE, 3, 0x0a000009);
	const struct nexthop *line = line_of(t, id);
	struct nexthop_key key = nexthop_key(t, id);

	assert_non_null(line);
	assert_int_equal((uintptr_t)line % CACHE_LINE, 0);
	assert_int_equal(line->kind, NH_RESOLVE);
	assert_int_equal(line->iface, 3);
	assert_true(ip_equal(line->gateway, ip_from4(0x0a000009)));
	assert_int_equal(line->max_len, 1514);
	assert_int_equal(line->id, id);
	assert_int_equal(key.kind, NH_RESOLVE);
	assert_int_equal(key.iface, 3);
	assert_true(ip_equal(key.gateway, ip_from4(0x0a000009)));
}

static void resolving_changes_the_line_and_keeps_the_id(void **state)
{
	struct nexthops *t = *state;
	const struct nexthop what = {.kind = NH_FORWARD,
	                             .header_len = 14,
	                             .max_len = 9014,
	                             .header = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0}};
	uint16_t other = get(t, NH_RESOLVE, 4, 0x0a000001);
	uint16_t id = get(t, NH_RESOLVE, 3, 0x0a000001);
	const struct nexthop *line;

	assert_int_equal(nexthop_resolve(t, 3, ip_from4(0x0a000001), &what), 0);
	line = line_of(t, id);
	assert_int_equal(line->kind, NH_FORWARD);
	assert_int_equal(line->header_len, 14);
	assert_int_equal(line->max_len, 9014);
	assert_int_equal(line->iface, 3);
	assert_true(ip_equal(line->gateway, ip_from4(0x0a000001)));
	assert_int_equal(line->id, id);
	assert_memory_equal(line->header, what.header, sizeof(what.header));
	assert_int_equal(line_of(t, other)->kind, NH_RESOLVE);
	assert_int_equal(get(t, NH_RESOLVE, 3, 0x0a000001), id);
}

static void resolving_an_unknown_gateway_does_nothing(void **state)
{
	const struct nexthop what = {.kind = NH_FORWARD};

	assert_int_equal(nexthop_resolve(*state, 3, ip_from4(0x0a000001), &what), 0);
	assert_null(line_of(*state, 1));
}

static void the_last_reference_frees_the_key_but_not_yet_the_line(void **state)
{
	struct nexthops *t = *state;
	uint16_t id = get(t, NH_RESOLVE, 1, 0x0a000001);
	const struct nexthop *line;

	assert_int_equal(get(t, NH_RESOLVE, 1, 0x0a000001), id);
	nexthop_put(t, id);
	assert_int_equal(get(t, NH_RESOLVE, 1, 0x0a000001), id);
	nexthop_put(t, id);
	line = line_of(t, id);
	nexthop_put(t, id);
	assert_ptr_equal(line_of(t, id), line);
	assert_true(ip_equal(line->gateway, ip_from4(0x0a000001)));
	assert_int_not_equal(get(t, NH_RESOLVE, 1, 0x0a000001), id);
}

static void max_len_changes_on_one_interface_only(void **state)
{
	struct nexthops *t = *state;
	uint16_t a = get(t, NH_RESOLVE, 0, 0x0a000001);
	uint16_t b = get(t, NH_CONNECTED, 0, 0);
	uint16_t c = get(t, NH_RESOLVE, 1, 0x0a000001);
	uint16_t d = get(t, NH_LOCAL, 0, 0);

	assert_int_equal(nexthop_set_max_len(t, 0, 9014), 0);
	assert_int_equal(line_of(t, a)->max_len, 9014);
	assert_true(ip_equal(line_of(t, a)->gateway, ip_from4(0x0a000001)));
	assert_int_equal(line_of(t, b)->max_len, 9014);
	assert_int_equal(line_of(t, c)->max_len, 1514);
	assert_int_equal(line_of(t, d)->max_len, 1514);
}

static void all_ids_can_be_used_and_used_again(void **state)
{
	struct nexthops *t = *state;
	struct nexthop_key key = {NH_RESOLVE, 1, {0, 0}};
	uint16_t id;

	for (int round = 0; round < 3; round++) {
		for (uint32_t i = 1; i < NEXTHOP_MAX; i++)
			get(t, NH_RESOLVE, 1, i * 7919 + (uint32_t)round);
		key.gateway = ip_from4(1);
		assert_int_equal(nexthop_get(t, &key, 1514, &id), -ENOSPC);
		for (uint16_t i = 1; i < NEXTHOP_MAX; i++)
			nexthop_put(t, i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_key_has_one_id, setup, teardown),
		cmocka_unit_test_setup_teardown(a_new_line_says_what_its_key_says, setup, teardown),
		cmocka_unit_test_setup_teardown(resolving_changes_the_line_and_keeps_the_id, setup,
	                                        teardown),
		cmocka_unit_test_setup_teardown(resolving_an_unknown_gateway_does_nothing, setup,
	                                        teardown),
		cmocka_unit_test_setup_teardown(
			the_last_reference_frees_the_key_but_not_yet_the_line, setup, teardown),
		cmocka_unit_test_setup_teardown(max_len_changes_on_one_interface_only, setup,
	                                        teardown),
		cmocka_unit_test_setup_teardown(all_ids_can_be_used_and_used_again, setup,
	                                        teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
