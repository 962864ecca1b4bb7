/* SPDX-License-Identifier: BSD-2-Clause */
/* vids: VLAN IDs, one or a set, and the names of VLANs' interfaces. Private to config/. */
#ifndef CONFIG_VIDS_H
#define CONFIG_VIDS_H

#include <stdio.h>

#include "config/config.h"

/* Read a VID, 1..4094. Return: true, or false with @why (WHY_MAX bytes) filled in. Context: any. */
[[nodiscard]] bool vid_parse(const char *text, uint16_t *value, char *why);

/* Add to @value what @text says: 10, 20-29 or all. Return: as vid_parse(). Context: any. */
[[nodiscard]] bool vids_parse(const char *text, struct config_vids *value, char *why);

/* Write a set that is not empty: all, 10, 20-29 or [10, 20-29]. Context: any. */
void vids_print(FILE *out, const struct config_vids *v);

static inline void vids_add(struct config_vids *v, uint16_t vid)
{
	v->bits[vid / 64] |= 1ull << (vid % 64);
}

static inline bool vids_are_none(const struct config_vids *v)
{
	uint64_t any = 0;

	for (size_t i = 0; i < sizeof(v->bits) / sizeof(v->bits[0]); i++)
		any |= v->bits[i];
	return any == 0;
}

/* Does @name end in a dot and a number, as in lan0.10? Context: any. */
bool name_is_vlan(const char *name);

/**
 * name_split - take the name of a VLAN's interface apart
 * @name:   for which name_is_vlan()
 * @parent: CONFIG_NAME_LEN bytes; set to what is before the last dot
 * @vid:    set to the number behind it; 0 if it is none of a VLAN
 *
 * Context: any.
 */
void name_split(const char *name, char *parent, uint16_t *vid);

/* Set @parent (CONFIG_NAME_LEN bytes) to the name of what the VLAN @f is one of, which is said, or
 * in the name. Return: false if it is neither. Context: any. */
[[nodiscard]] bool parent_of(const struct config_interface *f, char *parent);

#endif
