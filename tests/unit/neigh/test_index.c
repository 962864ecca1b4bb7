/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>

#include "bed.h"

#define KEYS 2000

/* The @i-th key: interfaces in order, on each IPv4 before IPv6, low halves before high ones. */
static struct neigh_key key_of(uint64_t i)
{
	uint64_t on = i % (KEYS / 4), half = KEYS / 8;

	if (on < half)
		return neigh_key((uint16_t)(i / (KEYS / 4)), ip_from4((uint32_t)on));
	return neigh_key((uint16_t)(i / (KEYS / 4)), (struct ip){on / 3, on});
}

/* Take all out of @t: nothing leads anywhere any more. */
static void empty(struct neigh_table *t)
{
	while (t->head[0] != NULL) {
		struct neigh *n = t->head[0];

		neigh_index_del(t, n);
		free(n);
	}
	for (int i = 0; i < NEIGH_LEVELS; i++)
		assert_null(t->head[i]);
	for (uint64_t key = 0; key < KEYS; key++)
		assert_null(neigh_index_find(t, key_of(key)));
}

/* The index alone, against an array of flags. */
static void what_is_in_is_found_and_walked_in_order(void **)
{
	struct neigh_table t = {.random = 7, .limits.entries = KEYS / 4};
	bool in[KEYS] = {};

	assert_int_equal(neigh_index_init(&t), 0);
	for (int step = 0; step < 40000; step++) {
		uint64_t key = neigh_random(&t) % KEYS;
		struct neigh *n = neigh_index_find(&t, key_of(key));

		assert_int_equal(n != NULL, in[key]);
		if (n == NULL) {
			assert_non_null(neigh_index_new(&t, key_of(key)));
		} else {
			neigh_index_del(&t, n);
			free(n);
		}
		in[key] = !in[key];
	}
	for (uint64_t key = 0; key < KEYS; key++) {
		struct neigh *n = neigh_index_from(&t, key_of(key));

		if (in[key])
			assert_true(n != NULL && neigh_key_equal(n->key, key_of(key)));
		else
			assert_true(n == NULL || neigh_key_before(key_of(key), n->key));
	}
	empty(&t);
	neigh_index_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_in_is_found_and_walked_in_order),
	};

	return cmocka_run_group_tests(tests, bed_setup, bed_teardown);
}
