/* SPDX-License-Identifier: BSD-2-Clause */
#include "route/rib6.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "table/pages.h"

#define BRANCH_MAX 31u
#define NODE_BYTES 1024ul
#define NODES_MAX  (1ul << 20) /* for some thirty million routes */
#define DEPTH_MAX \
	12 /* branches have at least two children each, and there is not that much memory */

struct fork {
	struct fib6_route first; /* no route below is before it, but below the first child */
	void *child;
};

struct branch {
	uint32_t n;
	struct fork fork[BRANCH_MAX];
};

/* The way from the root to a leaf: which child of which branch. */
struct path {
	struct branch *branch[DEPTH_MAX];
	uint32_t i[DEPTH_MAX];
	struct rib6_leaf *leaf;
};

static_assert(sizeof(struct fib6_route) == 24, "250,000 routes fit in 6 MiB");
static_assert(sizeof(struct rib6_leaf) <= NODE_BYTES && sizeof(struct branch) <= NODE_BYTES,
              "a node is either");

/* What decides where prefixes are the same. */
static uint64_t rank_of(const struct fib6_route *r)
{
	return r->len * (1ull << 40) + r->metric * (1ull << 8) + r->source;
}

static bool before_lower(const struct fib6_route *a, const struct fib6_route *b)
{
	return a->dst.lo < b->dst.lo || (a->dst.lo == b->dst.lo && rank_of(a) < rank_of(b));
}

/* Which it is cannot be foreseen in a search, but that the upper halves differ mostly. */
static force_inline bool before(const struct fib6_route *a, const struct fib6_route *b)
{
	if (unlikely(a->dst.hi == b->dst.hi))
		return before_lower(a, b);
	return a->dst.hi < b->dst.hi;
}

int rib6_compare(const struct fib6_route *a, const struct fib6_route *b)
{
	return before(b, a) - before(a, b);
}

/*
 * Searches go by the upper halves of addresses, without branches, whose outcome nobody could
 * foresee; then step over those that have the same.
 */
static uint32_t leaf_find(const struct rib6_leaf *leaf, const struct fib6_route *key)
{
	uint32_t at = 0;

	for (uint32_t n = leaf->n, half; n > 1; n -= half) {
		half = n / 2;
		at += half & -(uint32_t)(leaf->r[at + half].dst.hi < key->dst.hi);
	}
	while (at < leaf->n && before(&leaf->r[at], key))
		at++;
	return at;
}

/* The last child that does not begin behind @key, or the first one. */
static uint32_t branch_find(const struct branch *b, const struct fib6_route *key)
{
	uint32_t at = 0;

	for (uint32_t n = b->n, half; n > 1; n -= half) {
		half = n / 2;
		at += half & -(uint32_t)(b->fork[at + half].first.dst.hi < key->dst.hi);
	}
	while (at + 1 < b->n && !before(key, &b->fork[at + 1].first))
		at++;
	return at;
}

static void path_find(const struct rib6 *t, const struct fib6_route *key, struct path *p)
{
	void *node = t->root;

	for (unsigned int d = 0; d < t->depth; d++) {
		p->branch[d] = node;
		p->i[d] = branch_find(node, key);
		node = p->branch[d]->fork[p->i[d]].child;
	}
	/* A search would wait for one line after the other. */
	for (size_t i = 0; i < NODE_BYTES; i += CACHE_LINE)
		prefetch((const char *)node + i);
	p->leaf = node;
}

/* Return: NULL if there is no room. */
static void *node_new(struct rib6 *t)
{
	void *node = t->spare;

	if (node != NULL)
		t->spare = *(void **)node;
	else if (t->fresh < NODES_MAX)
		node = t->pool + NODE_BYTES * t->fresh++;
	return node;
}

static void node_free(struct rib6 *t, void *node)
{
	*(void **)node = t->spare;
	t->spare = node;
}

int rib6_init(struct rib6 *t)
{
	struct rib6_leaf *leaf;

	*t = (struct rib6){.pool = pages_map(NODES_MAX * NODE_BYTES, 0)};
	if (t->pool == NULL)
		return -ENOMEM;
	leaf = node_new(t);
	leaf->next = NULL;
	leaf->n = 0;
	t->root = leaf;
	return 0;
}

void rib6_fini(struct rib6 *t)
{
	pages_unmap(t->pool, NODES_MAX * NODE_BYTES);
	*t = (struct rib6){};
}

struct rib6_at rib6_seek(const struct rib6 *t, const struct fib6_route *key)
{
	struct path p;
	struct rib6_at at;

	path_find(t, key, &p);
	at = (struct rib6_at){p.leaf, leaf_find(p.leaf, key)};
	return at;
}

struct rib6_at rib6_seek_prefix(const struct rib6 *t, struct ip dst, unsigned int len)
{
	const struct fib6_route key = {.dst = dst, .len = (uint8_t)len};

	return rib6_seek(t, &key);
}

/* The upper half of a full branch, and what begins with it. */
static void branch_split(struct branch *b, struct branch *upper, struct fork *up)
{
	upper->n = b->n / 2;
	b->n -= upper->n;
	memcpy(upper->fork, &b->fork[b->n], upper->n * sizeof(b->fork[0]));
	*up = (struct fork){upper->fork[0].first, upper};
}

static void branch_insert(struct branch *b, uint32_t i, const struct fork *f)
{
	memmove(&b->fork[i + 1], &b->fork[i], (b->n - i) * sizeof(*f));
	b->fork[i] = *f;
	b->n++;
}

/* All nodes that the split of a full leaf may need. Return: how many levels split, or -ENOMEM. */
static int spares_get(struct rib6 *t, const struct path *p, void **spare)
{
	const int depth = (int)t->depth;
	int n = 0, levels = 1;

	for (int d = depth; d > 0 && p->branch[d - 1]->n == BRANCH_MAX; d--)
		levels++;
	/* The root's other half needs a new root. */
	for (; n < levels + (levels > depth); n++) {
		spare[n] = node_new(t);
		if (spare[n] != NULL)
			continue;
		while (n-- > 0)
			node_free(t, spare[n]);
		return -ENOMEM;
	}
	return levels;
}

/* The upper half of a full leaf, and what begins with it. */
static void leaf_split(struct rib6_leaf *leaf, struct rib6_leaf *upper, struct fork *up)
{
	upper->next = leaf->next;
	upper->n = leaf->n / 2;
	leaf->next = upper;
	leaf->n -= upper->n;
	memcpy(upper->r, &leaf->r[leaf->n], upper->n * sizeof(upper->r[0]));
	*up = (struct fork){upper->r[0], upper};
}

static void root_grow(struct rib6 *t, struct branch *root, const struct fork *up)
{
	assert(root != NULL);
	root->n = 2;
	root->fork[0] = (struct fork){{}, t->root};
	root->fork[1] = *up;
	t->root = root;
	t->depth++;
}

/* Split the leaf at the end of the path, and above it what is full. */
static int split(struct rib6 *t, struct path *p)
{
	void *spare[DEPTH_MAX + 2] = {};
	int levels = spares_get(t, p, spare), d = (int)t->depth;
	struct fork up;

	if (levels < 0)
		return levels;
	leaf_split(p->leaf, spare[0], &up);
	for (int i = 1; i < levels; i++) {
		struct branch *b = p->branch[--d], *half = spare[i];
		struct fork next;
		uint32_t at = p->i[d] + 1;

		branch_split(b, half, &next);
		if (at <= b->n)
			branch_insert(b, at, &up);
		else
			branch_insert(half, at - b->n, &up);
		up = next;
	}
	if (d > 0)
		branch_insert(p->branch[d - 1], p->i[d - 1] + 1, &up);
	else
		root_grow(t, spare[levels], &up);
	return 0;
}

static bool same_prefix(const struct fib6_route *a, const struct fib6_route *b)
{
	return a->len == b->len && ip_equal(a->dst, b->dst);
}

/* Is a neighbour in the order of the same prefix as the route at @i of a leaf? */
static bool prefix_shared(const struct rib6 *t, struct rib6_leaf *leaf, uint32_t i)
{
	const struct fib6_route *r = &leaf->r[i], *other;
	struct rib6_at at = {leaf, i + 1};

	other = rib6_at(&at);
	if (other != NULL && same_prefix(other, r))
		return true;
	if (i > 0)
		return same_prefix(&leaf->r[i - 1], r);
	at = rib6_seek_prefix(t, r->dst, r->len);
	return rib6_at(&at) != r;
}

int rib6_add(struct rib6 *t, const struct fib6_route *r)
{
	struct path p;
	uint32_t i;
	int err;

	path_find(t, r, &p);
	if (p.leaf->n == RIB6_LEAF_MAX) {
		err = split(t, &p);
		if (err < 0)
			return err;
		path_find(t, r, &p);
	}
	i = leaf_find(p.leaf, r);
	memmove(&p.leaf->r[i + 1], &p.leaf->r[i], (p.leaf->n - i) * sizeof(*r));
	p.leaf->r[i] = *r;
	p.leaf->n++;
	t->n++;
	t->lens[r->len] += !prefix_shared(t, p.leaf, i);
	return 0;
}

static void branch_remove(struct branch *b, uint32_t i)
{
	b->n--;
	memmove(&b->fork[i], &b->fork[i + 1], (b->n - i) * sizeof(b->fork[0]));
}

/* Join child @i of @b and the one after it, if a third of the room stays free. */
static void leaves_join(struct rib6 *t, struct branch *b, uint32_t i)
{
	struct rib6_leaf *left = b->fork[i].child, *right;

	if (i + 1 >= b->n)
		return;
	right = b->fork[i + 1].child;
	if (left->n + right->n > RIB6_LEAF_MAX * 2 / 3)
		return;
	memcpy(&left->r[left->n], right->r, right->n * sizeof(left->r[0]));
	left->n += right->n;
	left->next = right->next;
	node_free(t, right);
	branch_remove(b, i + 1);
}

static void branches_join(struct rib6 *t, struct branch *b, uint32_t i)
{
	struct branch *left = b->fork[i].child, *right;

	if (i + 1 >= b->n)
		return;
	right = b->fork[i + 1].child;
	if (left->n + right->n > BRANCH_MAX * 2 / 3)
		return;
	/* Of a branch's first child alone the beginning need not be true. */
	right->fork[0].first = b->fork[i + 1].first;
	memcpy(&left->fork[left->n], right->fork, right->n * sizeof(left->fork[0]));
	left->n += right->n;
	node_free(t, right);
	branch_remove(b, i + 1);
}

static void thin_out(struct rib6 *t, struct path *p)
{
	for (unsigned int d = t->depth; d-- > 0;) {
		uint32_t left = p->i[d] > 0 ? p->i[d] - 1 : 0;
		void (*join)(struct rib6 *, struct branch *, uint32_t) =
			d + 1 == t->depth ? leaves_join : branches_join;
		uint32_t was = p->branch[d]->n;

		join(t, p->branch[d], p->i[d]);
		if (left != p->i[d])
			join(t, p->branch[d], left);
		if (p->branch[d]->n == was)
			break;
	}
	while (t->depth > 0 && ((struct branch *)t->root)->n == 1) {
		struct branch *root = t->root;

		t->root = root->fork[0].child;
		t->depth--;
		node_free(t, root);
	}
}

void rib6_del(struct rib6 *t, const struct fib6_route *r)
{
	struct path p;
	uint32_t i;

	path_find(t, r, &p);
	i = leaf_find(p.leaf, r);
	assert(i < p.leaf->n && rib6_compare(&p.leaf->r[i], r) == 0);
	t->lens[r->len] -= !prefix_shared(t, p.leaf, i);
	t->n--;
	p.leaf->n--;
	memmove(&p.leaf->r[i], &p.leaf->r[i + 1], (p.leaf->n - i) * sizeof(*r));
	if (p.leaf->n < RIB6_LEAF_MAX / 3)
		thin_out(t, &p);
}

/* How many nodes a level of @n things has, of @room each at most. */
static size_t level_nodes(size_t n, size_t room)
{
	return (n + room - 1) / room;
}

/* Nodes are loaded nearly full. */
#define LEAF_LOAD   (RIB6_LEAF_MAX - 2)
#define BRANCH_LOAD (BRANCH_MAX - 2)

static size_t load_nodes(size_t n)
{
	size_t level = level_nodes(n, LEAF_LOAD), sum = level;

	while (level > 1) {
		level = level_nodes(level, BRANCH_LOAD);
		sum += level;
	}
	return sum;
}

/* Share out @n things among @parts: how many the first of them gets. */
static uint32_t share(size_t n, size_t parts)
{
	return (uint32_t)((n + parts - 1) / parts);
}

static size_t leaves_make(struct rib6 *t, const struct fib6_route *r, size_t n, struct fork *f)
{
	struct rib6_leaf *last = NULL;
	size_t parts = level_nodes(n, LEAF_LOAD);

	for (size_t i = 0; i < parts; i++) {
		struct rib6_leaf *leaf = node_new(t);

		leaf->next = NULL;
		leaf->n = share(n, parts - i);
		memcpy(leaf->r, r, leaf->n * sizeof(*r));
		if (last != NULL)
			last->next = leaf;
		last = leaf;
		f[i] = (struct fork){*r, leaf};
		r += leaf->n;
		n -= leaf->n;
	}
	return parts;
}

/* Put a level of branches above the @n nodes that @f names; then it names these. */
static size_t branches_make(struct rib6 *t, struct fork *f, size_t n)
{
	size_t parts = level_nodes(n, BRANCH_LOAD), from = 0;

	for (size_t i = 0; i < parts; i++) {
		struct branch *b = node_new(t);

		b->n = share(n - from, parts - i);
		memcpy(b->fork, &f[from], b->n * sizeof(*f));
		from += b->n;
		f[i] = (struct fork){b->fork[0].first, b};
	}
	return parts;
}

int rib6_load(struct rib6 *t, const struct fib6_route *r, size_t n)
{
	struct fork *f;
	size_t level;

	assert(t->n == 0 && t->depth == 0);
	if (n == 0)
		return 0;
	if (load_nodes(n) > NODES_MAX - t->fresh)
		return -ENOMEM;
	f = calloc(level_nodes(n, LEAF_LOAD), sizeof(*f));
	if (f == NULL)
		return -ENOMEM;
	node_free(t, t->root);
	level = leaves_make(t, r, n, f);
	for (; level > 1; t->depth++)
		level = branches_make(t, f, level);
	t->root = f[0].child;
	free(f);
	t->n = n;
	for (size_t i = 0; i < n; i++)
		t->lens[r[i].len] += i == 0 || !same_prefix(&r[i], &r[i - 1]);
	return 0;
}

static unsigned int bits_shared(struct ip a, struct ip b)
{
	if (a.hi != b.hi)
		return (unsigned int)__builtin_clzll(a.hi ^ b.hi);
	return a.lo != b.lo ? 64 + (unsigned int)__builtin_clzll(a.lo ^ b.lo) : 128;
}

/*
 * What comes right before the prefix of @len bits is the one wanted, or tells how many bits can at
 * most be wanted: no more than it shares with @dst.
 */
const struct fib6_route *rib6_cover(const struct rib6 *t, struct ip dst, unsigned int len)
{
	for (int n = (int)len; n >= 0; n--) {
		struct rib6_at at, here;
		const struct fib6_route *r;
		struct ip first = ip_and(dst, ip6_mask((unsigned int)n));
		unsigned int shared;

		if (t->lens[n] == 0)
			continue;
		at = rib6_seek_prefix(t, first, (unsigned int)n);
		here = at;
		r = rib6_at(&at);
		if (r != NULL && r->len == n && ip_equal(r->dst, first))
			return r;
		if (here.i == 0)
			continue;
		r = &here.leaf->r[here.i - 1];
		shared = bits_shared(r->dst, dst);
		if (r->len <= shared) {
			at = rib6_seek_prefix(t, r->dst, r->len);
			return rib6_at(&at);
		}
		n = (int)shared < n ? (int)shared + 1 : n;
	}
	return NULL;
}

size_t rib6_prefixes(const struct rib6 *t)
{
	size_t sum = 0;

	for (unsigned int len = 0; len <= 128; len++)
		sum += t->lens[len];
	return sum;
}

size_t rib6_bytes(const struct rib6 *t)
{
	return t->fresh * NODE_BYTES;
}
