/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cell: how one value is shown in a table. A formatter writes at most CELL_BYTES with the NUL; a
 * value of a type that it does not know is shown as text, so that a newer daemon's answers are
 * never hidden. What terminals would obey is replaced by '?'.
 */
#ifndef CLI_CELL_H
#define CLI_CELL_H

#include <jansson.h>

#define CELL_BYTES 1024 /* 16 gateways of IPv6, each with its device and a flag */

typedef void (*cell_format)(char *cell, const json_t *value);

/* As it is: strings, numbers, yes and no, lists with commas, objects as key=value. */
void cell_text(char *cell, const json_t *value);

/* The gateways of a route, a list of objects, each with its device and flags: A.B.C.D eth0 dead. */
void cell_gateways(char *cell, const json_t *value);

/* A rate or count with three significant digits: 12, 9.5k, 1.91M. */
void cell_human(char *cell, const json_t *value);

/* One decimal: 51.2. */
void cell_decimal(char *cell, const json_t *value);

/* Seconds as a person says them: 0.4s, 12s, 3m05s, 2h10m, 5d03h. */
void cell_age(char *cell, const json_t *value);

#endif
