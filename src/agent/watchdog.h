/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * watchdog: does an interface stand still that should move? Drivers lose completions, and stop
 * receiving when their fill ring was empty once (AF_XDP rows 5, 36). This is the judgement alone,
 * from samples of counters and the time; watch.c takes the samples and does what it says.
 *
 * It asks for a kick after a second without any progress, for a new binding after three, and for
 * further ones ever more rarely. A queue is judged only while its link is up and its worker turns
 * its loop: what a busy machine delays is no stall.
 */
#ifndef AGENT_WATCHDOG_H
#define AGENT_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

#include "port/port.h"

enum watchdog_action {
	WATCHDOG_NOTHING,
	WATCHDOG_KICK,   /* the worker should make the system calls, whatever the flags say */
	WATCHDOG_REBIND, /* close the interface's sockets and bind new ones */
};

/* What a queue looked like at one moment. Ring indexes and their differences wrap. */
struct watchdog_sample {
	bool up;             /* its link */
	uint64_t loops;      /* of the worker that serves it */
	uint32_t tx_pending; /* frames handed over and not completed */
	uint32_t completed;  /* index of the completion ring's producer */
	uint32_t received;   /* index of the rx ring's producer */
	uint32_t fill;       /* frames in the fill ring */
	uint64_t fill_empty; /* times the kernel found that ring empty */
	uint64_t fill_short; /* times no frame was free to fill it */
};

/* What is remembered of one direction of a queue. */
struct watchdog_side {
	uint64_t since_ns; /* of the first sample that stood still; meaningless unless still */
	bool still;
	bool stalled;    /* still for a second or more: counted and kicked */
	uint64_t stalls; /* times that began */
};

struct watchdog_queue {
	bool seen; /* @last is a sample of the sockets that are bound now */
	struct watchdog_sample last;
	uint64_t fill_empty; /* when something was received last */
	bool starved;        /* receives nothing because no frame is free */
	struct watchdog_side tx, rx;
	uint64_t rebinds; /* that this queue asked for */
};

/* Of an interface. Zeroed is a good beginning. Context: agent. */
struct watchdog {
	struct watchdog_queue queue[PORT_QUEUE_MAX];
	/* What the device says it received, and what is known to have become of it. */
	uint64_t device_rx, device_taken;
	bool device_known;
	bool arriving; /* packets reach the device and nobody else */
	/* New bindings. */
	uint64_t still_ns; /* when something was stalled last */
	uint64_t next_ns;  /* no new binding before */
	uint32_t tries;    /* since all was well for a minute */
};

/* What the rings of @q say; the caller adds @up, @loops and, from the kernel, @fill_empty. */
void watchdog_read(const struct port_queue *q, struct watchdog_sample *s);

/**
 * watchdog_doubts - would packets that reach the device make @s a stall of reception?
 *
 * Only then is it worth asking the kernel for the device's counter: see watchdog_device().
 */
bool watchdog_doubts(const struct watchdog *w, uint16_t queue, const struct watchdog_sample *s);

/**
 * watchdog_device - what the device counts
 * @rx:    packets that it received
 * @taken: packets that the sockets received, or the XDP program decided about otherwise
 *
 * Call it before the queues of a second are looked at, if one is in doubt; else
 * watchdog_device_unknown(). Two calls a second apart are needed before anything is believed.
 */
void watchdog_device(struct watchdog *w, uint64_t rx, uint64_t taken);
void watchdog_device_unknown(struct watchdog *w);

/**
 * watchdog_look - judge one queue, once a second
 * @s: what it looks like now
 *
 * Return: what to do. A new binding is for the whole interface: then watchdog_rebound() follows,
 * and the other queues need not be looked at.
 */
enum watchdog_action watchdog_look(struct watchdog *w, uint16_t queue,
                                   const struct watchdog_sample *s, uint64_t now_ns);

/* New sockets were bound, for whatever reason: nothing of the old ones' is compared with theirs. */
void watchdog_bound(struct watchdog *w);

/* The interface is being bound anew because of @queue. Return: does that seem to be of no use? Then
 * it is tried rarely from now on. */
bool watchdog_rebound(struct watchdog *w, uint16_t queue, uint64_t now_ns);

/* May a binding that failed be tried again? */
bool watchdog_may_rebind(const struct watchdog *w, uint64_t now_ns);

/* How @queue stands still, as a clause: "7 frames are not sent". @text: NULL-terminated. Return:
 * false, with an empty text, if it does not. */
bool watchdog_describe(const struct watchdog *w, uint16_t queue, char *text, size_t room);

#endif
