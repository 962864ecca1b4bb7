/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * control: the server's end of the control socket (viaduct/control.h has the protocol). Commands
 * come as a table; each answers through a struct control_reply: rows from a cursor that is asked
 * for the next one only while the client takes them, a few hundred a turn, so that neither a
 * million routes nor a client that sleeps holds up the agent or fills its memory.
 *
 * Context of everything here: agent.
 */
#ifndef AGENT_CONTROL_H
#define AGENT_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <viaduct/control.h>

#include "agent/loop.h"
#include "base/json.h"

struct control;

/* An answer in the making. open() of its command finds it all zero and sets what it wants. */
struct control_reply {
	/*
	 * Add the members of the next row to @row, an object that the server opens and closes. A
	 * call that adds nothing makes no row; it lets a cursor that searches give the loop a turn
	 * between steps. What the cursor walks over may change between calls.
	 * Return: false when there is no more, with nothing added. NULL: an answer without rows.
	 */
	bool (*next)(struct control_reply *r, struct json *row);
	/* Free @state. Called once, when the answer is over or its client is gone; may be NULL. */
	void (*close)(struct control_reply *r);
	void *state;

	/* The server's own, set through the functions below. */
	int exit;
	char *error;
	char *message;
};

/* What open() returns for an answer that comes later. */
#define CONTROL_LATER (-1)

struct control_command {
	const char *words;     /* "show routes" */
	unsigned int max_args; /* words that may follow; more are refused without asking */
	/**
	 * open - start to answer
	 * @ctx:  of struct control_config
	 * @r:    answer; set next, close and state before anything can fail
	 * @args: @n words behind the command's own, valid during the call
	 *
	 * Return: an enum viaduct_exit, best by `return control_refuse(r, ...)` if it is not
	 * VIADUCT_EXIT_DONE; rows are sent after VIADUCT_EXIT_DONE only. Or CONTROL_LATER: @r
	 * waits, without a time-out, until control_finish(), or until close() tells that the
	 * client is gone.
	 */
	int (*open)(void *ctx, struct control_reply *r, char *const *args, size_t n);
};

struct control_config {
	const char *run_dir;
	const struct control_command *commands; /* kept, not copied */
	size_t n_commands;
	void *ctx;
	uint64_t request_ns;      /* time a client has for its request; 0: 30 s */
	uint64_t stall_ns;        /* time it may take nothing of its answer; 0: 5 min */
	unsigned int max_clients; /* at once; 0: 256 */
};

/**
 * control_lock - make sure that this is the only daemon on @run_dir, which is made if need be
 * @lock: set on success: a descriptor, the lock is held until it is closed, so also after a crash
 *        no longer than the process lives
 * @pid:  set with -EALREADY: who holds it, or 0
 *
 * Return: 0, -EALREADY if another daemon lives here, or a negative errno.
 */
[[nodiscard]] int control_lock(const char *run_dir, int *lock, int *pid);

/**
 * control_new - listen on @cfg->run_dir's socket
 * @out: set on success; control_free() closes the clients and removes the socket
 *
 * The caller holds control_lock(): a socket that lies there is a dead daemon's and is replaced.
 * Return: 0, -ENAMETOOLONG if the path does not fit a socket address, or a negative errno.
 */
[[nodiscard]] int control_new(struct control **out, struct loop *l,
                              const struct control_config *cfg);
void control_free(struct control *c);

/* How many clients there are. */
unsigned int control_clients(const struct control *c);

/**
 * control_refuse - let the answer end with @exit and an error
 * @format: "PATH: TEXT" of one line; several calls make several lines
 *
 * Return: @exit.
 */
int control_refuse(struct control_reply *r, enum viaduct_exit exit, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Let the answer end with a message of one line. */
void control_say(struct control_reply *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * control_finish - go on with an answer that open() left for later
 * @exit: how it ends, unless control_refuse() said so; rows, if @r->next is set, are sent first
 *
 * Nothing is called back from within. Once for each answer.
 */
void control_finish(struct control_reply *r, enum viaduct_exit exit);

#endif
