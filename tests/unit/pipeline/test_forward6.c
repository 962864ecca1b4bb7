/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>

#include "road.h"

static void packets_go_between_all_ports(void **state)
{
	struct road *t = *state;

	for (uint16_t i = 0; i < ROUTER_PORTS; i++) {
		for (uint16_t k = 0; k < ROUTER_PORTS; k++) {
			router_udp6(&t->in, i, HOST_IP6(k), 100);
			road_forwards(t, i, k);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		road_test(packets_go_between_all_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
