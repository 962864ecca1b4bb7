/* SPDX-License-Identifier: BSD-2-Clause */
#include "churn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "netarg.h"
#include "rng.h"
#include "wire/ether.h"
#include "wire/ip4.h"

#define ROUTES 1000000
#define ROOM   2000000         /* for a file's */
#define PERIOD (NS_PER_MS / 4) /* the thread sleeps so long, then makes what is due at once */
#define PER_10 10

/* How a prefix behaves, by its number. The first one is the default route. */
enum role { STAYS, FLAPS, COMES };

static enum role role_of(uint32_t i)
{
	return i % PER_10 == 3 ? FLAPS : i % PER_10 == 7 ? COMES : STAYS;
}

static uint8_t other_nh(const struct churn *c, uint32_t i)
{
	return (uint8_t)((c->prefixes.route[i].nh + 7) % DUT_NEXTHOPS);
}

/* The next hops that are ever allowed for a destination. */
static uint32_t allowed_ever(const struct churn *c, uint32_t dst)
{
	const struct prefixes *p = &c->prefixes;
	uint32_t allowed = 0;

	for (int len = 32; len >= 0;) {
		uint32_t i = prefixes_cover(p, dst, len);

		allowed |= 1u << p->route[i].nh;
		if (role_of(i) == FLAPS)
			allowed |= 1u << other_nh(c, i);
		if (role_of(i) != COMES)
			break; /* there is always one: the default route stays */
		len = p->route[i].len - 1;
	}
	return allowed;
}

static uint32_t allowed_now(const struct churn *c, uint32_t dst)
{
	const struct prefixes *p = &c->prefixes;
	uint32_t i = prefixes_cover(p, dst, 32);

	while (c->nh[i] == CHURN_ABSENT)
		i = prefixes_cover(p, dst, p->route[i].len - 1);
	return 1u << c->nh[i];
}

static uint32_t dst_of(const struct churn *c, size_t i)
{
	return ip4_dst(workload_frame(&c->workload, i) + ETHER_LEN);
}

void churn_settle(struct churn *c)
{
	for (size_t i = 0; i < CHURN_FRAMES; i++)
		c->allowed[i] = allowed_now(c, dst_of(c, i));
}

static int prefixes_get(struct prefixes *p, const char *path)
{
	int err = path != NULL ? prefixes_read(p, path, ROOM) : prefixes_make(p, ROOM);

	if (err < 0)
		return err;
	prefixes_add(p, 0, 0);
	prefixes_grow(p, ROUTES);
	prefixes_spread(p, DUT_NEXTHOPS);
	for (size_t i = 0; i < p->n; i++)
		p->route[i].nh--; /* they are counted from 0 here */
	return 0;
}

static int frames_get(struct churn *c)
{
	const struct prefixes *p = &c->prefixes;
	struct workload_route *route = calloc(p->n, sizeof(*route));
	uint32_t *dst = calloc(CHURN_FRAMES, sizeof(*dst));
	uint64_t rng = 3;
	int err = -ENOMEM;

	for (size_t i = 0; route != NULL && dst != NULL && i < CHURN_FRAMES;) {
		const struct workload_route *r = &p->route[rng_below(&rng, (uint32_t)p->n)];

		if (r->len > 0)
			dst[i++] = r->dst | ((uint32_t)rng_next(&rng) & ~ip4_mask(r->len));
	}
	if (route != NULL && dst != NULL)
		err = workload_make_to(&c->workload, "churn", dst, CHURN_FRAMES);
	free(dst);
	if (err < 0) {
		free(route);
		return err;
	}
	memcpy(route, p->route, p->n * sizeof(*route));
	c->workload.route = route;
	c->workload.n_routes = p->n;
	return 0;
}

int churn_init(struct churn *c, const char *path)
{
	const struct prefixes *p = &c->prefixes;
	int err = prefixes_get(&c->prefixes, path);

	if (err == 0)
		err = frames_get(c);
	if (err < 0)
		goto fail;
	err = -ENOMEM;
	c->nh = calloc(p->n, sizeof(*c->nh));
	c->changing = calloc(p->n, sizeof(*c->changing));
	c->allowed = calloc(CHURN_FRAMES, sizeof(*c->allowed));
	if (c->nh == NULL || c->changing == NULL || c->allowed == NULL)
		goto fail;
	for (uint32_t i = 0; i < p->n; i++) {
		c->nh[i] = (uint8_t)p->route[i].nh;
		if (role_of(i) != STAYS && p->route[i].len > 0)
			c->changing[c->n_changing++] = i;
	}
	for (size_t i = 0; i < CHURN_FRAMES; i++)
		c->allowed[i] = allowed_ever(c, dst_of(c, i));
	return 0;

fail:
	churn_fini(c);
	return err;
}

void churn_fini(struct churn *c)
{
	workload_free(&c->workload);
	prefixes_free(&c->prefixes);
	free(c->nh);
	free(c->changing);
	free(c->allowed);
}

/* A prefix that changes does so. */
static int change(struct churn *c, uint32_t i)
{
	struct workload_route r = c->prefixes.route[i];
	uint8_t next = CHURN_ABSENT;

	if (role_of(i) == FLAPS)
		next = c->nh[i] == r.nh ? other_nh(c, i) : (uint8_t)r.nh;
	else if (c->nh[i] == CHURN_ABSENT)
		next = (uint8_t)r.nh;
	c->nh[i] = next;
	if (next == CHURN_ABSENT)
		return dut_route_remove(c->dut, &r);
	r.nh = next;
	return dut_route_set(c->dut, &r);
}

static void *churn_on(void *arg)
{
	struct churn *c = arg;
	uint64_t rng = 5, due = clock_ns();

	if (c->cpu >= 0)
		c->err = netarg_pin((unsigned int)c->cpu);
	while (c->err == 0 && !__atomic_load_n(&c->stop, __ATOMIC_RELAXED)) {
		uint64_t n = c->rate * PERIOD / NS_PER_SEC;
		struct timespec t;

		due += PERIOD;
		t.tv_sec = (time_t)(due / NS_PER_SEC);
		t.tv_nsec = (long)(due % NS_PER_SEC);
		(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
		if (!__atomic_load_n(&c->on, __ATOMIC_RELAXED))
			continue;
		for (uint64_t i = 0; c->err == 0 && i < n; i++)
			c->err = change(c, c->changing[rng_below(&rng, (uint32_t)c->n_changing)]);
		__atomic_store_n(&c->changes, c->changes + n, __ATOMIC_RELAXED);
	}
	return NULL;
}

int churn_start(struct churn *c)
{
	c->stop = false;
	return -pthread_create(&c->thread, NULL, churn_on, c);
}

int churn_stop(struct churn *c)
{
	__atomic_store_n(&c->stop, true, __ATOMIC_RELAXED);
	pthread_join(c->thread, NULL);
	return c->err;
}
