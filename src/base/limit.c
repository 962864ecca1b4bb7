/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/limit.h"

#include "base/clock.h"

void limit_set(struct limit *l, uint64_t rate)
{
	uint64_t interval = rate == 0 ? 0 : NS_PER_SEC / rate;

	__atomic_store_n(&l->interval_ns, interval, __ATOMIC_RELAXED);
}

/* A token bucket kept as one point in time (the generic cell rate algorithm). */
bool limit_pass(struct limit *l, uint64_t now_ns)
{
	uint64_t interval = __atomic_load_n(&l->interval_ns, __ATOMIC_RELAXED);
	uint64_t burst = interval < NS_PER_SEC / 10 ? NS_PER_SEC / 10 : interval;
	uint64_t due = __atomic_load_n(&l->due_ns, __ATOMIC_RELAXED), next;

	if (interval == 0)
		return true;
	do {
		next = (due < now_ns ? now_ns : due) + interval;
		if (next > now_ns + burst)
			return false;
	} while (!__atomic_compare_exchange_n(&l->due_ns, &due, next, true, __ATOMIC_RELAXED,
	                                      __ATOMIC_RELAXED));
	return true;
}
