/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ring: records of a fixed size from one thread to one other. The producer reserves a slot, fills
 * it in place and pushes; the consumer peeks at it in place and pops. Neither ever waits.
 */
#ifndef BASE_RING_H
#define BASE_RING_H

#include <stdbool.h>
#include <stdint.h>

struct ring;

/**
 * ring_new - allocate a ring
 * @out:   set on success; the caller frees it with ring_free()
 * @slots: how many records it holds, a power of two
 * @bytes: size of a record
 *
 * Context: agent. Return: 0, -EINVAL if @slots is no power of two, -ENOMEM.
 */
[[nodiscard]] int ring_new(struct ring **out, uint32_t slots, uint32_t bytes);

/* Free @r; NULL is allowed. Context: agent, when both ends have let go. */
void ring_free(struct ring *r);

/* The next free slot to fill, or NULL when the ring is full. Context: the producer. */
void *ring_reserve(struct ring *r);

/* The same, but NULL also when no more than @spare slots are free: for records that must leave room
 * for others. */
void *ring_reserve_but(struct ring *r, uint32_t spare);

/* Hand the slot of the last ring_reserve() to the consumer. Context: the producer. */
void ring_push(struct ring *r);

/* The oldest record, or NULL when there is none; valid until ring_pop(). Context: the consumer. */
void *ring_peek(struct ring *r);

/* Give the slot of the last ring_peek() back. Context: the consumer. */
void ring_pop(struct ring *r);

/* Is there something to consume? Context: any; a hint for anyone but the consumer. */
bool ring_has(const struct ring *r);

#endif
