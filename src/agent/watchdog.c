/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/watchdog.h"

#include <stdio.h>

#include "base/clock.h"

/* A tenth less than said: the timer that calls once a second jitters. */
#define KICK_NS   (900 * NS_PER_MS)
#define REBIND_NS (2900 * NS_PER_MS)

#define AGAIN_NS  (30 * NS_PER_SEC)  /* between the first bindings */
#define TRIES     3                  /* that many; from then on it is tried rarely */
#define RARELY_NS (600 * NS_PER_SEC) /* so rarely: a binding stops the interface for a moment */
#define WELL_NS   (60 * NS_PER_SEC)  /* without a stall: the last binding has helped */

void watchdog_read(const struct port_queue *q, struct watchdog_sample *s)
{
	uint32_t given = __atomic_load_n(q->fill.producer, __ATOMIC_RELAXED);

	s->tx_pending = __atomic_load_n(&q->tx_pending, __ATOMIC_RELAXED);
	s->completed = __atomic_load_n(q->comp.producer, __ATOMIC_RELAXED);
	s->received = __atomic_load_n(q->rx.producer, __ATOMIC_RELAXED);
	s->fill = given - __atomic_load_n(q->fill.consumer, __ATOMIC_RELAXED);
	s->fill_short = counter_read(&q->counters.fill_short);
}

/*
 * Frames are owed and not one came back since the last sample. A slow link moves on, an idle one
 * owes nothing. That frames are merely owed in two samples says nothing: the sender may be fast.
 */
static bool tx_still(const struct watchdog_queue *q, const struct watchdog_sample *s)
{
	return s->tx_pending > 0 && s->completed == q->last.completed;
}

/*
 * Nothing was received since the kernel found the fill ring empty, though frames lie there now, or
 * there are none to put there. Without traffic the kernel has no use for frames and finds nothing
 * empty; under overload it finds it empty, but what it had came in. Whether packets arrive at all
 * only the device can tell.
 */
static bool rx_still(const struct watchdog_queue *q, const struct watchdog_sample *s)
{
	if (s->received != q->last.received)
		return false;
	if (s->fill > 0)
		return s->fill_empty != q->fill_empty;
	return s->fill_short != q->last.fill_short;
}

/* Can @s be compared with the sample before? */
static bool is_served(const struct watchdog_queue *q, const struct watchdog_sample *s)
{
	return q->seen && s->up && q->last.up && s->loops != q->last.loops;
}

bool watchdog_doubts(const struct watchdog *w, uint16_t queue, const struct watchdog_sample *s)
{
	const struct watchdog_queue *q = &w->queue[queue];

	return is_served(q, s) && rx_still(q, s);
}

void watchdog_device(struct watchdog *w, uint64_t rx, uint64_t taken)
{
	/* More came than went anywhere. Drivers that do not count what goes to sockets show less,
	 * and are believed to be idle: better no help than a wrong one. */
	w->arriving =
		w->device_known && (int64_t)((rx - w->device_rx) - (taken - w->device_taken)) > 0;
	w->device_rx = rx;
	w->device_taken = taken;
	w->device_known = true;
}

void watchdog_device_unknown(struct watchdog *w)
{
	w->device_known = false;
	w->arriving = false;
}

/* How long has the side stood still, if @still? Return: ns since the first such sample. */
static uint64_t side_look(struct watchdog_side *side, bool still, uint64_t now_ns)
{
	if (still && !side->still)
		side->since_ns = now_ns;
	side->still = still;
	if (!still) {
		side->stalled = false;
		return 0;
	}
	if (now_ns - side->since_ns >= KICK_NS && !side->stalled) {
		side->stalled = true;
		side->stalls++;
	}
	return now_ns - side->since_ns;
}

static void queue_remember(struct watchdog_queue *q, const struct watchdog_sample *s)
{
	if (!q->seen || s->received != q->last.received)
		q->fill_empty = s->fill_empty;
	q->last = *s;
	q->seen = true;
}

enum watchdog_action watchdog_look(struct watchdog *w, uint16_t queue,
                                   const struct watchdog_sample *s, uint64_t now_ns)
{
	struct watchdog_queue *q = &w->queue[queue];
	bool served = is_served(q, s);
	uint64_t tx = side_look(&q->tx, served && tx_still(q, s), now_ns);
	uint64_t rx = side_look(&q->rx, served && w->arriving && rx_still(q, s), now_ns);

	q->starved = q->rx.stalled && s->fill == 0;
	queue_remember(q, s);
	if (w->tries > 0 && now_ns - w->still_ns >= WELL_NS)
		w->tries = 0;
	if (!q->tx.stalled && !q->rx.stalled)
		return WATCHDOG_NOTHING;
	w->still_ns = now_ns;
	/* A new binding gets no more frames than the old one had, and gives nobody any: the empty
	 * fill ring has none to free, and those that wait to be sent are the other side's. */
	if (q->starved)
		rx = 0;
	if ((tx >= REBIND_NS || rx >= REBIND_NS) && watchdog_may_rebind(w, now_ns))
		return WATCHDOG_REBIND;
	return WATCHDOG_KICK;
}

void watchdog_bound(struct watchdog *w)
{
	for (uint16_t i = 0; i < PORT_QUEUE_MAX; i++) {
		struct watchdog_queue *q = &w->queue[i];

		q->seen = false; /* new sockets count from 0 */
		q->starved = false;
		side_look(&q->tx, false, 0);
		side_look(&q->rx, false, 0);
	}
	watchdog_device_unknown(w);
}

bool watchdog_rebound(struct watchdog *w, uint16_t queue, uint64_t now_ns)
{
	w->tries++;
	w->next_ns = now_ns + (w->tries < TRIES ? AGAIN_NS : RARELY_NS);
	w->still_ns = now_ns;
	w->queue[queue].rebinds++;
	watchdog_bound(w);
	return w->tries >= TRIES;
}

bool watchdog_may_rebind(const struct watchdog *w, uint64_t now_ns)
{
	return w->tries == 0 || now_ns >= w->next_ns;
}

bool watchdog_describe(const struct watchdog *w, uint16_t queue, char *text, size_t room)
{
	const struct watchdog_queue *q = &w->queue[queue];

	text[0] = '\0';
	if (q->tx.stalled)
		snprintf(text, room, "queue %u: %u frames are not sent", queue, q->last.tx_pending);
	else if (q->starved)
		snprintf(text, room, "queue %u: no frame is free to receive with", queue);
	else if (q->rx.stalled)
		snprintf(text, room, "queue %u: packets arrive and are not received", queue);
	return q->tx.stalled || q->rx.stalled;
}
