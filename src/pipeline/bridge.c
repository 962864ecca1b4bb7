/* SPDX-License-Identifier: BSD-2-Clause */
/* bridge: where frames in the bridged lane go. */
#include "pipeline/pipeline.h"

/* No bridge has ports, so none is there to leave by. */
void bridge_stage(struct pipeline *p)
{
	struct l2_lane *l = &p->batch.l2;

	for (uint32_t i = 0; i < l->n; i++)
		pkt_list_add(&p->batch.ended, &l->pkt[i], DROP_NO_PORT);
	l->n = 0;
}
