/* SPDX-License-Identifier: BSD-2-Clause */
#include "packet/parse6.h"

/* RFC 8200 4.3. A jumbogram has no other length than that of its option (RFC 2675 2). */
static enum verdict hop_by_hop_check(const uint8_t *h, uint32_t total)
{
	if (total == IP6_LEN)
		return DROP_JUMBO;
	if (total < IP6_LEN + 8 || total < IP6_LEN + (h[IP6_LEN + 1] + 1u) * 8)
		return DROP_IP_HEADER;
	return KEEP;
}

/* ::, ::1, all other IPv4-compatible and all IPv4-mapped addresses are on no wire (RFC 4291 2.5.2,
 * 2.5.3, 2.5.5; RFC 4942 2.2). */
static bool martian_both(struct ip a)
{
	return a.hi == 0 && (a.lo >> 32 == 0 || ip_is4(a));
}

enum verdict parse6_special(const uint8_t *h, uint32_t total, uint8_t *flags)
{
	struct ip src = ip6_src(h), dst = ip6_dst(h);
	bool group = ip6_is_multicast(dst);

	if (ip6_next(h) == IP6_HOP_BY_HOP) {
		enum verdict v = hop_by_hop_check(h, total);

		if (v != KEEP)
			return v;
		*flags |= PKT_OPTIONS;
	}
	if (ip6_is_multicast(src)) /* RFC 4291 2.7 */
		return DROP_MARTIAN_SOURCE;
	/* Who has no address yet speaks to groups only (RFC 4861 4.1, 4.3, RFC 3810 5.2.13). */
	if (martian_both(src) && !(group && ip_is_none(src)))
		return DROP_MARTIAN_SOURCE;
	if (martian_both(dst))
		return DROP_MARTIAN_DEST;
	if (ip6_is_link_local(src))
		*flags |= PKT_LINK;
	return group ? DROP_MULTICAST : KEEP;
}
