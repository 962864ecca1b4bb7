/* SPDX-License-Identifier: BSD-2-Clause */
/* config: a configuration's life, from bytes or a file to the model and its end. */
#include "config/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/check.h"
#include "config/reader.h"
#include "config/value.h"

/* A million routes take some 50 MB. */
#define BYTES_MAX (256ul << 20)

int config_parse(struct config **out, const char *text, size_t len, struct config_errors *errs)
{
	struct check k = {.errs = errs};

	if (len > BYTES_MAX) {
		errors_add(errs, (struct mark){}, &(struct path){}, "larger than %lu MiB",
		           BYTES_MAX >> 20);
		return -EINVAL;
	}
	k.config = calloc(1, sizeof(*k.config));
	if (k.config == NULL)
		return -ENOMEM;
	if (reader_run(&k, text, len) && k.err == 0)
		check_all(&k);
	check_fini(&k);
	errors_sort(errs);
	if (k.err == 0 && errors_count(errs) > 0)
		k.err = -EINVAL;
	if (k.err != 0) {
		config_free(k.config);
		return k.err;
	}
	*out = k.config;
	return 0;
}

/* All of @in. Return: 0, -EFBIG or another -errno. */
static int read_all(FILE *in, char **text, size_t *len)
{
	size_t room = 1ul << 16, n = 0;
	char *buf = malloc(room);
	int err = 0;

	errno = 0;
	while (buf != NULL) {
		char *more;

		n += fread(buf + n, 1, room - n, in);
		if (n < room || n > BYTES_MAX)
			break;
		room *= 2;
		more = realloc(buf, room);
		if (more == NULL)
			free(buf);
		buf = more;
	}
	if (buf == NULL)
		return -ENOMEM;
	if (ferror(in) != 0)
		err = errno != 0 ? -errno : -EIO;
	else if (n > BYTES_MAX)
		err = -EFBIG;
	if (err != 0) {
		free(buf);
		return err;
	}
	*text = buf;
	*len = n;
	return 0;
}

int config_load(struct config **out, const char *path, struct config_errors *errs)
{
	FILE *in = fopen(path, "re");
	char *text = NULL;
	size_t len = 0;
	int err;

	err = in != NULL ? read_all(in, &text, &len) : -errno;
	if (in != NULL)
		(void)fclose(in);
	if (err != 0) {
		errors_add(errs, (struct mark){}, &(struct path){}, "%s", strerror(-err));
		return err;
	}
	err = config_parse(out, text, len, errs);
	free(text);
	return err;
}

void config_free(struct config *c)
{
	if (c == NULL)
		return;
	/* What a foot has is its bridge's. */
	for (size_t i = 0; i < c->n_interfaces; i++) {
		if (c->interfaces[i].made)
			c->interfaces[i] = (struct config_interface){};
	}
	value_free(&config_schema, c);
	free(c);
}

uint16_t config_find_interface(const struct config *c, const char *name)
{
	size_t low = 0, high = c->n_interfaces;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(c->interfaces[mid].name, name);

		if (order == 0)
			return (uint16_t)mid;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return CONFIG_NO_IFACE;
}
