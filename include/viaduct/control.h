/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * control: how programs talk to viaductd. What is said here stays; what is not may change.
 *
 * The daemon listens on a UNIX stream socket, VIADUCT_CONTROL_SOCKET in its run directory, mode
 * 0600. A connection carries one request and one answer, in lines of UTF-8 JSON.
 *
 * Request: one line, at most VIADUCT_CONTROL_REQUEST_MAX bytes with its newline, an object with
 *     "viaduct"  protocol version, the number VIADUCT_CONTROL_VERSION
 *     "command"  array of 1 to VIADUCT_CONTROL_WORDS_MAX strings: the command's words, then its
 *                arguments
 * Other members are ignored, and so is what follows the newline.
 *
 *     {"viaduct":1,"command":["show","routes"]}
 *
 * Answer: any number of rows, an object and a line each, then one last line, which is the only one
 * that starts with the bytes {"exit": (no row has that key). It has
 *     "exit"     an enum viaduct_exit
 *     "error"    what went wrong, if something did: "PATH: TEXT", several separated by \n
 *     "message"  what was done, if there is more to say than the exit status
 * Then the daemon closes the connection. An answer without a last line was cut short.
 *
 *     {"dst":"default","gateway":"203.0.113.1","dev":"wan0","protocol":"static","best":true}
 *     {"dst":"10.0.10.0/24","dev":"lan0","protocol":"connected","best":true}
 *     {"exit":0}
 *
 * Rows are made while the client reads, so an answer may be of any length, and what changes
 * meanwhile may or may not be in it. Unknown values are absent. New members may appear in any
 * object. A client that takes nothing for five minutes, or sends no request for thirty seconds, is
 * dropped; one that closes before the last line may find its command done or not.
 */
#ifndef VIADUCT_CONTROL_H
#define VIADUCT_CONTROL_H

#define VIADUCT_RUN_DIR             "/run/viaduct" /* unless --run-dir says otherwise */
#define VIADUCT_CONTROL_SOCKET      "control.sock" /* in the run directory */
#define VIADUCT_CONTROL_LOCK        "lock" /* flock(2)ed by the daemon while it lives; its pid */
#define VIADUCT_CONTROL_VERSION     1
#define VIADUCT_CONTROL_REQUEST_MAX 65536
#define VIADUCT_CONTROL_WORDS_MAX   256

/* How a command ends: "exit" of the last line, and the exit status of the program `viaduct`. */
enum viaduct_exit {
	VIADUCT_EXIT_DONE,
	VIADUCT_EXIT_FAILED,    /* refused or failed */
	VIADUCT_EXIT_USAGE,     /* no such command or argument */
	VIADUCT_EXIT_NO_DAEMON, /* of the program only */
	VIADUCT_EXIT_INVALID,   /* the configuration has errors */
	VIADUCT_EXIT_CONFLICT,  /* with another change */
	VIADUCT_EXIT_DIFFERENT, /* a check found a difference */
	VIADUCT_EXIT_TIMEOUT,
};

#endif
