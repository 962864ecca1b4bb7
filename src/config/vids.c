/* SPDX-License-Identifier: BSD-2-Clause */
/* vids: VLAN IDs as a file writes them. */
#include "config/vids.h"

#include <string.h>

#include "config/value.h"

bool vid_parse(const char *text, uint16_t *value, char *why)
{
	uint32_t n;

	if (!digits_parse(text, text + strlen(text), &n) || n < 1 || n > CONFIG_VID_MAX)
		return value_refuse(why, "\"%.40s\" is no VLAN from 1 to %d", text, CONFIG_VID_MAX);
	*value = (uint16_t)n;
	return true;
}

bool vids_parse(const char *text, struct config_vids *value, char *why)
{
	const char *end = text + strlen(text), *dash = strchr(text, '-');
	uint32_t first = 1, last = CONFIG_VID_MAX;
	bool fine = strcmp(text, "all") == 0;

	if (!fine) {
		fine = digits_parse(text, dash != NULL ? dash : end, &first);
		last = first;
	}
	if (fine && dash != NULL)
		fine = digits_parse(dash + 1, end, &last);
	if (!fine || first < 1 || first > last || last > CONFIG_VID_MAX)
		return value_refuse(why,
		                    "\"%.40s\" is no VLAN from 1 to %d, no range such as 20-29, "
		                    "nor all",
		                    text, CONFIG_VID_MAX);
	for (uint32_t vid = first; vid <= last; vid++)
		vids_add(value, (uint16_t)vid);
	return true;
}

/* The last VID of the run of @v that begins with @vid, which is in it. */
static uint16_t run_end(const struct config_vids *v, uint16_t vid)
{
	while (vid < CONFIG_VID_MAX && config_vids_has(v, vid + 1))
		vid++;
	return vid;
}

void vids_print(FILE *out, const struct config_vids *v)
{
	unsigned int n = 0, runs = 0;

	for (uint16_t vid = 1; vid <= CONFIG_VID_MAX; vid++)
		runs += config_vids_has(v, vid) && !config_vids_has(v, vid - 1);
	if (config_vids_has(v, 1) && run_end(v, 1) == CONFIG_VID_MAX) {
		(void)fputs("all", out);
		return;
	}
	for (uint16_t vid = 1; vid <= CONFIG_VID_MAX; vid++) {
		uint16_t last;

		if (!config_vids_has(v, vid))
			continue;
		last = run_end(v, vid);
		(void)fprintf(out, "%s%u", n > 0 ? ", " : runs > 1 ? "[" : "", vid);
		if (last > vid)
			(void)fprintf(out, "-%u", last);
		vid = last;
		n++;
	}
	if (runs > 1)
		(void)fputc(']', out);
}

bool name_is_vlan(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot != NULL && dot != name && dot[1] != '\0' &&
	       strspn(dot + 1, "0123456789") == strlen(dot + 1);
}

void name_split(const char *name, char *parent, uint16_t *vid)
{
	const char *dot = strrchr(name, '.');
	char why[WHY_MAX];

	*vid = 0;
	(void)snprintf(parent, CONFIG_NAME_LEN, "%.*s", (int)(dot - name), name);
	if (!vid_parse(dot + 1, vid, why))
		*vid = 0;
}

bool parent_of(const struct config_interface *f, char *parent)
{
	uint16_t vid;

	if (f->parent[0] != '\0')
		memcpy(parent, f->parent, CONFIG_NAME_LEN);
	else if (name_is_vlan(f->name))
		name_split(f->name, parent, &vid);
	else
		return false;
	return true;
}
