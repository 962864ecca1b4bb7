/* SPDX-License-Identifier: BSD-2-Clause */
#include "port/error.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

int port_error_set(struct port_error *e, int err, const char *format, ...)
{
	va_list ap;

	if (e == NULL)
		return err;
	va_start(ap, format);
	vsnprintf(e->text, sizeof(e->text), format, ap);
	va_end(ap);
	return err;
}
