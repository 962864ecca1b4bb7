/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * why: the one line that says what went wrong. A function that can fail for the user's reasons
 * fills it, its caller prints it once, at the boundary.
 */
#ifndef BASE_WHY_H
#define BASE_WHY_H

struct why {
	char text[512];
};

/**
 * why_fail - note why something failed, in one expression with the return
 * @why:    where to, or NULL; the text is cut when it is too long
 * @err:    negative errno
 * @format: names the thing, and the remedy where there is one; no newline
 *
 * Context: any. Return: @err.
 */
int why_fail(struct why *why, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
