/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What <linux/if_xdp.h> of Debian 12 (Linux 6.1) does not know yet and newer kernels do. Each is
 * probed at run time; including this needs no newer header.
 */
#ifndef UAPI_IF_XDP_H
#define UAPI_IF_XDP_H

#include <linux/if_xdp.h>

/* Bind flag, Linux 6.6: packets of several descriptors may come and go. */
#ifndef XDP_USE_SG
#define XDP_USE_SG (1 << 4)
#endif

/* Descriptor option, Linux 6.6: the packet goes on in the next descriptor. */
#ifndef XDP_PKT_CONTD
#define XDP_PKT_CONTD (1 << 0)
#endif

/* SOL_XDP option, Linux 6.17: packets that one sendto() of copy mode may move. */
#ifndef XDP_MAX_TX_SKB_BUDGET
#define XDP_MAX_TX_SKB_BUDGET 9
#endif

#endif
