/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_ra: what an interface may say in its router advertisements (RFC 4861 6.2.1), and that it
 * fits one packet that every link takes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/address.h"
#include "config/check.h"
#include "wire/addr.h"

#define MTU_MIN 1280 /* RFC 8200 5 */

/* Bytes of the message: RFC 4861 4.2 and 4.6, RFC 8106 5. */
#define FIXED_BYTES  (40 + 16 + 8) /* IPv6, the message and its link-layer address */
#define MTU_BYTES    8
#define PREFIX_BYTES 32
#define DNS_BYTES    8 /* of an option with servers or domains, before the first of them */

static void refuse(struct check *k, const struct seen *seen, enum ra_field i, const char *why)
{
	const struct schema *s = schema_field(seen->schema, "router-advertisement");
	struct path path = *seen->path;
	struct mark at = k->ra.field[i].line != 0 ? k->ra.field[i] : k->ra.whole;

	path.step[path.n++] = (struct path_step){.key = s->key};
	if (k->ra.field[i].line != 0)
		path.step[path.n++] = (struct path_step){.key = s->fields[i].key};
	errors_add(k->errs, at, &path, "%s", why);
}

static const struct config_ra *current(const struct check *k, const struct seen *seen)
{
	return &check_current(k, seen->path)->ra;
}

static void said_before(struct check *k, const struct seen *seen)
{
	errors_add(k->errs, seen->at[0], seen->path, "said before");
}

void check_ra_prefix(struct check *k, const struct seen *seen)
{
	const struct config_prefix *p = seen->value;
	const struct config_ra *ra = current(k, seen);
	struct mark *at;

	if (seen->index == 0)
		k->ra.n_prefixes = 0; /* another interface's were there */
	at = array_slot(&k->ra.prefixes, k->ra.n_prefixes, sizeof(*at));
	if (at == NULL) {
		k->err = -ENOMEM;
		return;
	}
	*at = seen->at[0];
	k->ra.n_prefixes++;
	if (ip_is4(p->addr))
		errors_add(k->errs, *at, seen->path, "router advertisements are of IPv6");
	else if (ip6_is_link_local(p->addr)) /* RFC 4861 6.2.1 */
		errors_add(k->errs, *at, seen->path, "the link-local prefix is not announced");
	else if (prefix_martian(p) != NULL)
		errors_add(k->errs, *at, seen->path, "no address of it is a host's");
	for (size_t i = 0; i < ra->n_prefixes; i++) {
		if (prefix_equal(&ra->prefixes[i], p))
			said_before(k, seen);
	}
}

void check_dns_server(struct check *k, const struct seen *seen)
{
	const struct ip *addr = seen->value;
	const struct config_ra *ra = current(k, seen);

	if (ip_is4(*addr))
		errors_add(k->errs, seen->at[0], seen->path,
		           "router advertisements are of IPv6, so is a server in them");
	for (size_t i = 0; i < ra->n_dns_servers; i++) {
		if (ip_equal(ra->dns_servers[i], *addr))
			said_before(k, seen);
	}
}

void check_dns_search(struct check *k, const struct seen *seen)
{
	const char *domain = *(char *const *)seen->value;
	const struct config_ra *ra = current(k, seen);

	for (size_t i = 0; i < ra->n_dns_search; i++) {
		if (strcasecmp(ra->dns_search[i], domain) == 0)
			said_before(k, seen);
	}
}

void check_ra(struct check *k, const struct seen *seen)
{
	k->ra.whole = seen->at[0];
	memcpy(k->ra.field, seen->at + 1, RA_FIELDS * sizeof(k->ra.field[0]));
}

static void check_times(struct check *k, const struct seen *seen, const struct config_ra *ra)
{
	if (ra->lifetime != 0 && ra->lifetime < ra->interval)
		refuse(k, seen, RA_LIFETIME,
		       "shorter than the interval: hosts would lose the router in between");
	if (ra->preferred <= ra->valid)
		return;
	if (k->ra.field[RA_PREFERRED].line != 0)
		refuse(k, seen, RA_PREFERRED, "longer than the valid lifetime");
	else
		refuse(k, seen, RA_VALID,
		       "shorter than the preferred lifetime, which must be said then");
}

static void check_link_mtu(struct check *k, const struct seen *seen,
                           const struct config_interface *f)
{
	if (f->ra.mtu != CONFIG_MTU_AUTO && f->mtu != 0 && f->ra.mtu > f->mtu)
		refuse(k, seen, RA_MTU, "larger than the interface's own");
}

/* RFC 4862 5.5.3 d: of a prefix of another length no host on Ethernet makes an address. */
static void check_lengths(struct check *k, const struct seen *seen, const struct config_ra *ra)
{
	const struct schema *s = schema_field(seen->schema, "router-advertisement");
	struct path path = *seen->path;

	path.step[path.n++] = (struct path_step){.key = s->key};
	path.step[path.n++] = (struct path_step){.key = s->fields[RA_PREFIXES].key};
	path.n++;
	for (uint32_t i = 0; ra->autonomous && i < ra->n_prefixes; i++) {
		path.step[path.n - 1] = (struct path_step){.index = i};
		if (ra->prefixes[i].len != 64)
			errors_add(k->errs, k->ra.prefixes[i], &path,
			           "hosts make addresses of a /64 only; \"autonomous: no\" keeps "
			           "them from it");
	}
}

/* Take the prefixes of the interface's own addresses, each once. */
static void derive_prefixes(struct check *k, struct config_interface *f)
{
	struct config_ra *ra = &f->ra;

	for (size_t i = 0; i < f->n_addresses; i++) {
		struct config_prefix p = {prefix_first(&f->addresses[i]), f->addresses[i].len};
		struct config_prefix *slot;
		size_t j = 0;

		if (ip_is4(p.addr) || ip6_is_link_local(p.addr) || (ra->autonomous && p.len != 64))
			continue;
		while (j < ra->n_prefixes && !prefix_equal(&ra->prefixes[j], &p))
			j++;
		if (j < ra->n_prefixes)
			continue;
		slot = array_slot(&ra->prefixes, ra->n_prefixes, sizeof(p));
		if (slot == NULL) {
			k->err = -ENOMEM;
			return;
		}
		*slot = p;
		ra->n_prefixes++;
	}
}

static size_t ra_bytes(const struct config_ra *ra)
{
	size_t n = FIXED_BYTES + ra->n_prefixes * PREFIX_BYTES, domains = 0;

	if (ra->mtu != 0)
		n += MTU_BYTES;
	for (size_t i = 0; i < ra->n_dns_search; i++)
		domains += strlen(ra->dns_search[i]) + 2; /* as RFC 1035 3.1 writes it */
	if (ra->n_dns_servers > 0)
		n += DNS_BYTES + ra->n_dns_servers * sizeof(struct ip);
	if (domains > 0)
		n += DNS_BYTES + (domains + 7) / 8 * 8;
	return n;
}

void check_advertisement(struct check *k, const struct seen *seen, struct config_interface *f)
{
	char why[96];

	check_times(k, seen, &f->ra);
	check_link_mtu(k, seen, f);
	if (f->ra.prefixes_said)
		check_lengths(k, seen, &f->ra);
	else
		derive_prefixes(k, f);
	(void)snprintf(why, sizeof(why), "%zu bytes, which is more than %d: say less",
	               ra_bytes(&f->ra), MTU_MIN);
	if (ra_bytes(&f->ra) > MTU_MIN)
		refuse(k, seen, RA_FIELDS, why);
}
