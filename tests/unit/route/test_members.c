/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
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

/* The gateway 10.0.iface.1, with a reference. */
static uint16_t gateway(struct nexthops *t, uint16_t iface)
{
	const struct nexthop_key key = {NH_RESOLVE, iface, ip_from4(0x0a000001u + iface * 256u)};
	uint16_t id = 0;

	assert_int_equal(nexthop_get(t, &key, 1514, &id), 0);
	return id;
}

static void judge(struct nexthops *t, uint16_t iface, enum nexthop_kind kind)
{
	const struct nexthop line = {.kind = (uint8_t)kind, .max_len = 1514};

	assert_int_equal(nexthop_resolve(t, iface, ip_from4(0x0a000001u + iface * 256u), &line), 0);
}

/* The group of the gateways behind the interfaces of the bit set @ifaces. */
static uint16_t group(struct nexthops *t, uint32_t ifaces, uint16_t prior)
{
	uint16_t member[NEXTHOP_MEMBERS], id = 0;
	unsigned int n = 0;

	for (uint16_t i = 32; i-- > 0;) {
		if (ifaces >> i & 1)
			member[n++] = gateway(t, i);
	}
	assert_int_equal(nexthop_get_group(t, member, n, prior, &id), 0);
	return id;
}

static const struct nexthop *line_of(struct nexthops *t, uint16_t id)
{
	return idtab_get(nexthops_idtab(t), id);
}

static struct nexthop_group table_of(struct nexthops *t, uint16_t id)
{
	assert_int_equal(line_of(t, id)->kind, NH_GROUP);
	return *line_of(t, id)->group;
}

static uint32_t buckets_by(struct nexthops *t, uint16_t id, uint16_t iface)
{
	const struct nexthop_group g = table_of(t, id);
	uint32_t n = 0;

	for (uint32_t b = 0; b < NEXTHOP_BUCKETS; b++)
		n += line_of(t, g.bucket[b])->iface == iface;
	return n;
}

static void routes_with_the_same_gateways_share_a_group(void **state)
{
	struct nexthops *t = *state;
	uint16_t a = gateway(t, 1), b = gateway(t, 2), id = 0;
	uint16_t order[2][2] = {{a, b}, {gateway(t, 2), gateway(t, 1)}};
	uint16_t member[NEXTHOP_MEMBERS];

	assert_int_equal(nexthop_get_group(t, order[0], 2, 0, &id), 0);
	assert_int_equal(nexthop_members(t, id, member), 2);
	assert_int_equal(member[0], a);
	assert_int_equal(member[1], b);
	assert_int_equal(nexthop_members(t, a, member), 0);
	for (int i = 0; i < 2; i++) {
		uint16_t same = 0;

		order[0][0] = gateway(t, 1);
		order[0][1] = gateway(t, 2);
		assert_int_equal(nexthop_get_group(t, order[i], 2, 0, &same), 0);
		assert_int_equal(same, id);
	}
	assert_int_not_equal(group(t, 1u << 1 | 1u << 3, 0), id);
	assert_int_equal(nexthop_key(t, id).kind, NH_GROUP);
}

static void members_live_as_long_as_the_group(void **state)
{
	struct nexthops *t = *state;
	uint16_t id = group(t, 6, 0), member[NEXTHOP_MEMBERS];

	assert_int_equal(nexthop_members(t, id, member), 2);
	assert_int_equal(nexthop_next_member(t, 0), member[0] < member[1] ? member[0] : member[1]);
	nexthop_put(t, id);
	assert_int_equal(nexthop_next_member(t, 0), 0);
	assert_int_not_equal(gateway(t, 1), member[0]);
	assert_int_not_equal(gateway(t, 2), member[1]);
}

static void a_gateway_that_fails_gets_no_flows_until_it_is_known_again(void **state)
{
	struct nexthops *t = *state;
	uint16_t id = group(t, 1u << 1 | 1u << 2 | 1u << 3, 0);
	const struct nexthop_group before = table_of(t, id);

	assert_in_range(buckets_by(t, id, 1), 85, 86);
	judge(t, 1, NH_RESOLVE); /* before anything is known, all count as alive */
	assert_in_range(buckets_by(t, id, 1), 85, 86);
	judge(t, 1, NH_FORWARD);
	judge(t, 1, NH_STALE);
	assert_in_range(buckets_by(t, id, 1), 85, 86);
	judge(t, 1, NH_FAILED);
	assert_int_equal(buckets_by(t, id, 1), 0);
	assert_int_equal(buckets_by(t, id, 2), 128);
	judge(t, 1, NH_RESOLVE);
	assert_int_equal(buckets_by(t, id, 1), 0);
	judge(t, 1, NH_FORWARD);
	assert_memory_equal(table_of(t, id).bucket, before.bucket, sizeof(before.bucket));
	judge(t, 1, NH_RESOLVE); /* it was known, and is no more */
	assert_int_equal(buckets_by(t, id, 1), 0);
	judge(t, 1, NH_STALE);
	assert_memory_equal(table_of(t, id).bucket, before.bucket, sizeof(before.bucket));
}

static void if_all_fail_flows_meet_their_lines(void **state)
{
	struct nexthops *t = *state;
	uint16_t id = group(t, 6, 0);

	judge(t, 1, NH_FAILED);
	judge(t, 2, NH_FAILED);
	assert_int_equal(buckets_by(t, id, 1), 128);
	assert_int_equal(buckets_by(t, id, 2), 128);
	judge(t, 2, NH_FORWARD);
	assert_int_equal(buckets_by(t, id, 2), 256);
}

static void behind_a_link_that_is_down_all_are_dead(void **state)
{
	struct nexthops *t = *state;
	uint16_t id = group(t, 6, 0), late;

	nexthop_set_iface_up(t, 1, false);
	nexthop_set_iface_up(t, 1, false);
	assert_int_equal(buckets_by(t, id, 2), 256);
	late = group(t, 1u << 1 | 1u << 4, 0);
	assert_int_equal(buckets_by(t, late, 4), 256);
	nexthop_set_iface_up(t, 1, true); /* it has to be heard of first */
	assert_int_equal(buckets_by(t, id, 2), 256);
	judge(t, 1, NH_FORWARD);
	assert_int_equal(buckets_by(t, id, 2), 128);
	assert_int_equal(buckets_by(t, late, 4), 128);
}

static void a_group_that_follows_another_keeps_its_flows(void **state)
{
	struct nexthops *t = *state;
	uint16_t old = group(t, 1u << 1 | 1u << 2 | 1u << 3, 0), new;
	struct nexthop_group was, is;
	uint32_t moved = 0;

	new = group(t, 1u << 1 | 1u << 3 | 1u << 5 | 1u << 6, old);
	was = table_of(t, old);
	is = table_of(t, new);
	for (uint32_t b = 0; b < NEXTHOP_BUCKETS; b++)
		moved += was.bucket[b] != is.bucket[b];
	/* 256 / 3 are those of the member that is gone, the two that stay keep 64 each. */
	assert_int_equal(moved, 128);
	nexthop_put(t, old);
	for (uint16_t i = 1; i < 7; i++)
		assert_int_equal(buckets_by(t, new, i), i == 2 || i == 4 ? 0 : 64);
}

static void without_an_id_nothing_changes(void **state)
{
	struct nexthops *t = *state;
	uint16_t member[2] = {gateway(t, 1), gateway(t, 2)}, id = 0;
	struct nexthop_key key = {NH_RESOLVE, 9, ip_from4(0)};

	while (nexthop_get(t, &key, 1514, &id) == 0)
		key.gateway.lo++;
	id = 7;
	assert_int_equal(nexthop_get_group(t, member, 2, 0, &id), -ENOSPC);
	assert_int_equal(id, 7);
	assert_int_equal(nexthop_next_member(t, 0), 0);
	nexthop_put(t, member[0]); /* still ours */
}

struct reader {
	struct nexthops *t;
	uint16_t id;
	atomic_bool stop;
	uint64_t seen, wrong;
};

/* A worker: each bucket names a member's line, whatever is being published. */
static void *read_buckets(void *arg)
{
	struct reader *r = arg;

	rcu_register_thread();
	while (!atomic_load(&r->stop)) {
		const struct nexthop *line = line_of(r->t, r->id);

		for (uint32_t b = 0; b < NEXTHOP_BUCKETS; b++) {
			const struct nexthop *to = line_of(r->t, line->group->bucket[b]);

			r->wrong += to == NULL || to->iface < 1 || to->iface > 4;
		}
		r->seen++;
		rcu_quiescent_state();
	}
	rcu_unregister_thread();
	return NULL;
}

static void readers_always_find_a_member(void **state)
{
	struct reader r = {.t = *state, .id = group(*state, 0x1e, 0)};
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, read_buckets, &r), 0);
	for (uint32_t i = 0; i < 20000; i++)
		judge(r.t, (uint16_t)(1 + i % 4), i / 4 % 2 == 0 ? NH_FAILED : NH_FORWARD);
	atomic_store(&r.stop, true);
	pthread_join(thread, NULL);
	assert_int_equal(r.wrong, 0);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(routes_with_the_same_gateways_share_a_group),
		test(members_live_as_long_as_the_group),
		test(a_gateway_that_fails_gets_no_flows_until_it_is_known_again),
		test(if_all_fail_flows_meet_their_lines),
		test(behind_a_link_that_is_down_all_are_dead),
		test(a_group_that_follows_another_keeps_its_flows),
		test(without_an_id_nothing_changes),
		test(readers_always_find_a_member),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
