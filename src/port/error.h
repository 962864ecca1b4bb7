/* SPDX-License-Identifier: BSD-2-Clause */
/* Why opening a port failed, in one line for the user. Filled by src/port, printed by its caller.
 */
#ifndef PORT_ERROR_H
#define PORT_ERROR_H

struct port_error {
	char text[320];
};

/* Write the line and give @err back. A NULL @e is allowed. */
int port_error_set(struct port_error *e, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
