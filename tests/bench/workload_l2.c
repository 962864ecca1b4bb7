/* SPDX-License-Identifier: BSD-2-Clause */
/* What is bridged: packets as those of ip4_1, between stations that the bridge knows. */
#include <errno.h>

#include "recipe.h"
#include "rng.h"
#include "wire/ether.h"

/* 02:KIND:NUMBER, as its bytes lie in the frame. */
static void mac_put(uint8_t *at, uint8_t kind, uint32_t number)
{
	at[0] = 0x02;
	at[1] = kind;
	store32(at + 2, __builtin_bswap32(number));
}

int make_l2(struct workload *w, const struct recipe *r, uint64_t *rng)
{
	int err = recipe_frames(w, r->n_frames);

	if (err < 0)
		return err;
	w->bridged = true;
	w->frame_len = ETHER_MIN_LEN;
	for (size_t i = 0; i < w->n_frames; i++) {
		uint8_t *frame = w->frame + i * WORKLOAD_SLOT;
		uint32_t pair = rng_below(rng, (uint32_t)r->n_routes);

		recipe_frame4(frame, 0x14000001);
		mac_put(frame, 0xbb, pair);
		mac_put(frame + ETHER_ADDR_LEN, 0xaa, pair);
	}
	return 0;
}
