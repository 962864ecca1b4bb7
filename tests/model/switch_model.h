/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * switch_model: a switch as IEEE 802.1Q describes it and a user configures it, written a second
 * time: port by port, frame by frame, each frame copied and its tag put in or left out byte by
 * byte. It knows nothing of batches, rings, snapshots or the hash table of stations, and shares no
 * code with src/.
 */
#ifndef MODEL_SWITCH_MODEL_H
#define MODEL_SWITCH_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#define SWITCH_PORTS    6
#define SWITCH_STATIONS 256
#define SWITCH_ROUTER   (-1) /* the port that the router itself is behind */
#define SWITCH_FRAME    9100

/* How a frame ends, or a copy of it. */
enum switch_end {
	END_SENT,
	END_ROUTER, /* it is the router's, by its foot in the VLAN */
	END_SHORT,
	END_NO_CARRIER,
	END_PORT_STATE,
	END_VLAN,
	END_RESERVED,
	END_SOURCE,
	END_SAME_PORT,
	END_NO_PORT,
	END_ISOLATED,
	END_DOUBLE_TAG,
	END_STORM,
	END_TOO_BIG,
	END_COUNT,
};

enum switch_state { PORT_FORWARDS, PORT_LEARNS, PORT_BLOCKS, PORT_NO_CARRIER };

/* A port as the configuration says it. */
struct switch_port {
	bool there; /* of the bridge; else a routed port */
	enum switch_state state;
	bool isolated;
	bool full;  /* has as many stations as it may */
	bool trunk; /* else an access port of VLAN @native */
	bool allowed[4096];
	uint32_t mtu;
	unsigned int native; /* VLAN of untagged frames, both ways; 0: a trunk takes none */
	uint32_t storm;      /* how many frames it may flood now; UINT32_MAX: no limit */
};

struct switch_station {
	uint8_t mac[6];
	unsigned int vid;
	int port; /* or SWITCH_ROUTER */
	bool fixed;
};

struct switch_frame {
	int port; /* where it comes out */
	uint32_t len;
	uint8_t bytes[SWITCH_FRAME];
};

struct switch_model {
	bool aware;
	struct switch_port port[SWITCH_PORTS];
	bool foot[4096]; /* the router is in that VLAN (0: of an unaware switch) */
	struct switch_station station[SWITCH_STATIONS];
	unsigned int n_stations;
	uint64_t ended[END_COUNT];
	/* What came out, and the VLAN of what went to the router: emptied by the test. */
	struct switch_frame *sent;
	unsigned int n_sent, max_sent;
	unsigned int router_vid;
};

/* Add a station; those of the router have port SWITCH_ROUTER. */
void switch_station_add(struct switch_model *m, const uint8_t *mac, unsigned int vid, int port,
                        bool fixed);

/* The station of @mac in @vid, or NULL. */
struct switch_station *switch_station_find(struct switch_model *m, const uint8_t *mac,
                                           unsigned int vid);

/**
 * switch_hears - a frame came in: who sent it, and from where?
 * @vid: out: VLAN that it was heard in
 *
 * A station that is known moves to @port at once, unless that has as many as it may. Return: is it
 * a station that is not known?
 */
bool switch_hears(struct switch_model *m, int port, const uint8_t *frame, uint32_t len,
                  unsigned int *vid);

/* The frame goes where it should; all of its batch were heard before. Return: how it ended, or the
 * last of its copies did: END_ROUTER if one is the router's. */
enum switch_end switch_takes(struct switch_model *m, int port, const uint8_t *frame, uint32_t len);

/* The router sends an untagged frame by its foot in @vid. */
void switch_router_sends(struct switch_model *m, unsigned int vid, const uint8_t *frame,
                         uint32_t len);

#endif
