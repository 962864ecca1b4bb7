/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attr: walking netlink attributes that may end too early. Each function gives an attribute that
 * is whole, or NULL at the end. (libmnl's loops do not pass -Wconversion.)
 */
#ifndef NETLINK_ATTR_H
#define NETLINK_ATTR_H

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

static inline const struct nlattr *attr_at(const void *at, const void *end)
{
	ptrdiff_t left = (const uint8_t *)end - (const uint8_t *)at;

	return left > 0 && mnl_attr_ok(at, (int)left) ? at : NULL;
}

/* Not mnl_nlmsg_get_payload_tail(), which counts the padding behind a message as part of it. */
static inline const void *attr_end(const struct nlmsghdr *nlh)
{
	return (const uint8_t *)nlh + nlh->nlmsg_len;
}

/* The first attribute behind @head bytes of the family's header. */
static inline const struct nlattr *attr_first(const struct nlmsghdr *nlh, size_t head)
{
	return attr_at(mnl_nlmsg_get_payload_offset(nlh, head), attr_end(nlh));
}

static inline const struct nlattr *attr_next(const struct nlmsghdr *nlh, const struct nlattr *attr)
{
	return attr_at(mnl_attr_next(attr), attr_end(nlh));
}

/* The first attribute inside @nest. */
static inline const struct nlattr *attr_inner(const struct nlattr *nest)
{
	const uint8_t *begin = mnl_attr_get_payload(nest);

	return attr_at(begin, begin + mnl_attr_get_payload_len(nest));
}

static inline const struct nlattr *attr_inner_next(const struct nlattr *nest,
                                                   const struct nlattr *attr)
{
	const uint8_t *begin = mnl_attr_get_payload(nest);

	return attr_at(mnl_attr_next(attr), begin + mnl_attr_get_payload_len(nest));
}

/* The attribute @type inside @nest. */
static inline const struct nlattr *attr_inner_find(const struct nlattr *nest, uint16_t type)
{
	const struct nlattr *attr = attr_inner(nest);

	while (attr != NULL && mnl_attr_get_type(attr) != type)
		attr = attr_inner_next(nest, attr);
	return attr;
}

/* The attribute @type of a message with @head bytes of header. */
static inline const struct nlattr *attr_find(const struct nlmsghdr *nlh, size_t head, uint16_t type)
{
	const struct nlattr *attr = attr_first(nlh, head);

	while (attr != NULL && mnl_attr_get_type(attr) != type)
		attr = attr_next(nlh, attr);
	return attr;
}

/* A number out of @attr; 0 when there is none. */
static inline uint32_t attr_u32(const struct nlattr *attr)
{
	return attr != NULL && mnl_attr_get_payload_len(attr) >= sizeof(uint32_t)
	               ? mnl_attr_get_u32(attr)
	               : 0;
}

#endif
