/* SPDX-License-Identifier: BSD-2-Clause */
#include "mld/mld.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "mld/report.h"

/* RFC 3810 9 */
#define ROBUSTNESS     2
#define UNSOLICITED_NS NS_PER_SEC
#define OLDER_NS       ((ROBUSTNESS * 125ull + 10) * NS_PER_SEC) /* 9.12, with 9.2 and 9.3 */

/* Between answers, whatever a query asks for: whoever floods the link with queries gets no flood of
 * reports back. Queriers ask again after a second (RFC 3810 9.8). */
#define PAUSE_NS (100 * NS_PER_MS)

#define NEVER UINT64_MAX

struct mld_group {
	struct ip addr;
	bool gone;       /* left, and to be told so */
	uint8_t changes; /* so many more reports tell that it was joined, or left */
	uint64_t due_ns; /* of the answer to a query about it */
};

/* An interface; without a link it is in no group. */
struct mld_slot {
	struct mld_group *group;
	uint32_t n, room;
	struct ip source;
	uint64_t mac;
	uint64_t change_ns;  /* of the next report of changes */
	uint64_t general_ns; /* of the answer to a query about all groups */
	uint64_t older_ns;   /* until then the link's querier is taken to speak MLDv1 only */
	uint64_t pause_ns;   /* no query is answered before then */
};

struct mld {
	const struct mld_ops *ops;
	void *ctx;
	uint64_t random;
	struct ip *wanted; /* room for an interface's groups */
	uint16_t n;
	struct mld_slot slot[];
};

uint16_t mld_groups(const struct iface *f, struct ip *groups)
{
	uint16_t n = 0;

	if (f->n_addr6 == 0)
		return 0;
	groups[n++] = IP6_ALL_ROUTERS;
	for (uint16_t i = 0; i < f->n_addr6; i++) {
		struct ip group = ip6_solicited_node(f->addr6[i].addr);
		uint16_t k = 0;

		if (!iface_in_group6(f, group))
			continue; /* someone else has the address */
		while (k < n && !ip_equal(groups[k], group))
			k++;
		if (k == n)
			groups[n++] = group;
	}
	return n;
}

static void slot_init(struct mld_slot *s)
{
	s->n = 0;
	s->change_ns = NEVER;
	s->general_ns = NEVER;
	s->older_ns = NEVER;
}

int mld_new(struct mld **out, const struct mld_ops *ops, void *ctx, uint16_t n, uint64_t seed)
{
	struct mld *m = calloc(1, sizeof(*m) + n * sizeof(m->slot[0]));

	if (m == NULL)
		return -ENOMEM;
	m->ops = ops;
	m->ctx = ctx;
	m->random = seed;
	m->n = n;
	for (uint16_t i = 0; i < n; i++)
		slot_init(&m->slot[i]);
	*out = m;
	return 0;
}

void mld_free(struct mld *m)
{
	for (uint16_t i = 0; m != NULL && i < m->n; i++)
		free(m->slot[i].group);
	if (m != NULL)
		free(m->wanted);
	free(m);
}

static void report_begin(const struct mld *m, const struct mld_slot *s, struct mld_report *r)
{
	r->ops = m->ops;
	r->ctx = m->ctx;
	r->iface = (uint16_t)(s - m->slot);
	r->n = 0;
	r->v1 = s->older_ns != NEVER;
	r->mac = s->mac;
	r->source = s->source;
}

/* Forget the groups that were left and that this has been told of. */
static void groups_sweep(struct mld_slot *s)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		if (!s->group[i].gone || s->group[i].changes > 0)
			s->group[kept++] = s->group[i];
	}
	s->n = kept;
}

/* Report what was joined or left, and set the time to say it again (RFC 3810 6.1). */
static void changes_report(struct mld *m, struct mld_slot *s, uint64_t now_ns)
{
	struct mld_report r;
	bool more = false;

	report_begin(m, s, &r);
	for (uint32_t i = 0; i < s->n; i++) {
		struct mld_group *g = &s->group[i];

		if (g->changes == 0)
			continue;
		mld_report_add(&r, g->gone ? MLD_TO_INCLUDE : MLD_TO_EXCLUDE, g->addr);
		more |= --g->changes > 0;
	}
	mld_report_flush(&r);
	groups_sweep(s);
	s->change_ns = more ? now_ns + random_between(&m->random, 1, UNSOLICITED_NS) : NEVER;
}

/* RFC 3810 8.2.1: what changes the version spoken cancels all that is to be said. */
static void version_change(struct mld_slot *s, uint64_t older_ns)
{
	if ((s->older_ns == NEVER) != (older_ns == NEVER)) {
		for (uint32_t i = 0; i < s->n; i++) {
			s->group[i].changes = 0;
			s->group[i].due_ns = NEVER;
		}
		groups_sweep(s);
		s->change_ns = NEVER;
		s->general_ns = NEVER;
	}
	s->older_ns = older_ns;
}

/* Room for all groups that @s may have with those of @f. */
static int slot_reserve(struct mld_slot *s, const struct iface *f)
{
	uint32_t room = s->n + f->n_addr6 + 1u;
	struct mld_group *group;

	if (room <= s->room)
		return 0;
	group = realloc(s->group, room * sizeof(*group));
	if (group == NULL)
		return -ENOMEM;
	s->group = group;
	s->room = room;
	return 0;
}

/* Be in @addr, which there is room for. Return: is that new? */
static bool group_join(struct mld_slot *s, struct ip addr)
{
	struct mld_group *g = s->group;

	while (g < s->group + s->n && !ip_equal(g->addr, addr))
		g++;
	if (g < s->group + s->n && !g->gone)
		return false;
	assert(s->n < s->room || g < s->group + s->n); /* mld_reserve() */
	s->n += g == s->group + s->n;
	*g = (struct mld_group){.addr = addr, .changes = ROBUSTNESS, .due_ns = NEVER};
	return true;
}

static bool group_leave(struct mld_group *g)
{
	if (g->gone)
		return false;
	g->gone = true;
	g->changes = ROBUSTNESS;
	g->due_ns = NEVER;
	return true;
}

static bool has_group(const struct ip *groups, uint16_t n, struct ip addr)
{
	for (uint16_t i = 0; i < n; i++) {
		if (ip_equal(groups[i], addr))
			return true;
	}
	return false;
}

/* The interface is in just the @n @groups. */
static void slot_groups(struct mld *m, struct mld_slot *s, const struct ip *groups, uint16_t n,
                        uint64_t now_ns)
{
	bool changed = false;

	for (uint32_t i = 0; i < s->n; i++) {
		if (!has_group(groups, n, s->group[i].addr))
			changed |= group_leave(&s->group[i]);
	}
	for (uint16_t i = 0; i < n; i++)
		changed |= group_join(s, groups[i]);
	if (changed)
		changes_report(m, s, now_ns);
}

static void slot_set(struct mld *m, struct mld_slot *s, const struct iface *f, uint64_t now_ns)
{
	struct ip source = iface_link6(f);

	if (!f->up) {
		slot_init(s);
		return;
	}
	if (!ip_is_none(source) && !ip_equal(source, s->source)) {
		/* Reports from :: may have been ignored: all is said again (RFC 3590 4). */
		for (uint32_t i = 0; i < s->n; i++)
			s->group[i].changes = ROBUSTNESS;
		s->change_ns = s->n > 0 ? now_ns : NEVER;
	}
	s->source = source;
	s->mac = f->mac;
	slot_groups(m, s, m->wanted, mld_groups(f, m->wanted), now_ns);
	if (s->change_ns <= now_ns)
		changes_report(m, s, now_ns);
}

int mld_reserve(struct mld *m, const struct ifaces *s)
{
	uint16_t most = 0;
	struct ip *wanted;

	for (uint16_t i = 0; i < m->n && i < s->n; i++) {
		if (slot_reserve(&m->slot[i], &s->iface[i]) < 0)
			return -ENOMEM;
		most = s->iface[i].n_addr6 > most ? s->iface[i].n_addr6 : most;
	}
	wanted = realloc(m->wanted, (most + 1u) * sizeof(*wanted));
	if (wanted == NULL)
		return -ENOMEM;
	m->wanted = wanted;
	return 0;
}

void mld_set_ifaces(struct mld *m, const struct ifaces *s, uint64_t now_ns)
{
	for (uint16_t i = 0; i < m->n && i < s->n; i++)
		slot_set(m, &m->slot[i], &s->iface[i], now_ns);
}

/* Of a query's response code: RFC 3810 5.1.3, RFC 2710 3.4. */
static uint64_t query_delay_ns(const struct mld_query *q)
{
	uint64_t ms = q->code;

	if (q->version != 1 && q->code >= 0x8000)
		ms = (uint64_t)((q->code & 0xfff) | 0x1000) << ((q->code >> 12 & 7) + 3);
	return ms * NS_PER_MS;
}

static void sooner(uint64_t *due_ns, uint64_t at_ns)
{
	if (at_ns < *due_ns)
		*due_ns = at_ns;
}

/* RFC 3810 6.2: an answer that is due sooner is enough. */
static void answer_within(struct mld *m, const struct mld_slot *s, uint64_t *due_ns, uint64_t delay,
                          uint64_t now_ns)
{
	uint64_t at_ns = now_ns + random_between(&m->random, 0, delay);

	sooner(due_ns, at_ns > s->pause_ns ? at_ns : s->pause_ns);
}

void mld_query(struct mld *m, uint16_t iface, const struct mld_query *q, uint64_t now_ns)
{
	struct mld_slot *s = &m->slot[iface];
	uint64_t delay = query_delay_ns(q);
	bool all = ip_is_none(q->group);

	if (s->n == 0)
		return;
	if (q->version == 1)
		version_change(s, now_ns + OLDER_NS);
	/* MLDv1 answers for each group at a time of its own (RFC 2710 4). */
	if (all && s->older_ns == NEVER) {
		answer_within(m, s, &s->general_ns, delay, now_ns);
		return;
	}
	for (uint32_t i = 0; i < s->n; i++) {
		struct mld_group *g = &s->group[i];

		if (!g->gone && (all || ip_equal(g->addr, q->group)))
			answer_within(m, s, &g->due_ns, delay, now_ns);
	}
}

/* Answer for all groups, or for those whose answers are due. */
static void slot_answer(struct mld *m, struct mld_slot *s, uint64_t now_ns)
{
	bool all = s->general_ns <= now_ns;
	struct mld_report r;

	report_begin(m, s, &r);
	for (uint32_t i = 0; i < s->n; i++) {
		struct mld_group *g = &s->group[i];

		if (g->gone || (!all && g->due_ns > now_ns))
			continue;
		mld_report_add(&r, MLD_IS_EXCLUDE, g->addr);
		g->due_ns = NEVER;
		s->pause_ns = now_ns + PAUSE_NS;
	}
	mld_report_flush(&r);
	if (all)
		s->general_ns = NEVER;
}

bool mld_stop(struct mld *m, uint16_t iface, uint64_t now_ns)
{
	struct mld_slot *s = &m->slot[iface];
	bool any = s->n > 0;

	slot_groups(m, s, NULL, 0, now_ns);
	slot_init(s);
	return any;
}

static uint64_t slot_next(const struct mld_slot *s)
{
	uint64_t next = s->change_ns;

	sooner(&next, s->general_ns);
	sooner(&next, s->older_ns);
	for (uint32_t i = 0; i < s->n; i++)
		sooner(&next, s->group[i].due_ns);
	return next;
}

uint64_t mld_tick(struct mld *m, uint64_t now_ns)
{
	uint64_t next = NEVER, at;

	for (uint16_t i = 0; i < m->n; i++) {
		struct mld_slot *s = &m->slot[i];

		if (s->older_ns <= now_ns)
			version_change(s, NEVER);
		if (s->change_ns <= now_ns)
			changes_report(m, s, now_ns);
		slot_answer(m, s, now_ns);
		at = slot_next(s);
		next = at < next ? at : next;
	}
	return next;
}
