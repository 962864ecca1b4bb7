/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "parse.h"

static void nothing_said_gives_the_defaults(void **)
{
	struct config *c = parse("");

	assert_int_equal(c->version, CONFIG_VERSION);
	assert_int_equal(c->system.workers, 0);
	assert_int_equal(c->system.frames, 0);
	assert_int_equal(c->system.icmp_errors, 1000);
	assert_int_equal(c->system.idle, CONFIG_IDLE_ADAPTIVE);
	assert_int_equal(c->system.hugepages, CONFIG_HUGEPAGES_PREFER);
	for (size_t i = 0; i < CONFIG_CPUS / 64; i++)
		assert_true(c->system.cpus.bits[i] == 0);
	assert_int_equal(c->n_interfaces + c->n_routes + c->n_neighbours, 0);
	config_free(c);
}

static void system_values_reach_the_model(void **)
{
	struct config *c = parse("system:\n"
	                         "  workers: 3\n"
	                         "  cpus: 0,2-3,64,1023\n"
	                         "  idle: busy\n"
	                         "  frames: 4096\n"
	                         "  hugepages: never\n"
	                         "  icmp-errors: none\n");

	assert_int_equal(c->system.workers, 3);
	assert_true(c->system.cpus.bits[0] == 0xd);
	assert_true(c->system.cpus.bits[1] == 1);
	assert_true(c->system.cpus.bits[15] == 1ull << 63);
	assert_int_equal(c->system.idle, CONFIG_IDLE_BUSY);
	assert_int_equal(c->system.frames, 4096);
	assert_int_equal(c->system.hugepages, CONFIG_HUGEPAGES_NEVER);
	assert_int_equal(c->system.icmp_errors, 0);
	config_free(c);
}

static void interfaces_are_sorted_and_found_by_name(void **)
{
	struct config *c =
		parse("interfaces:\n"
	              "  wan0: {control: own, addresses: [203.0.113.2/24, 192.0.2.1/31],\n"
	              "         mtu: 1400, mac: 02:00:00:00:00:01, on-failure: drop,\n"
	              "         force: on, xdp: {mode: generic, zero-copy: never, queues: 2}}\n"
	              "  lan0: {control: own, pcap: {in: a, out: b}}\n");
	const struct config_interface *f = &c->interfaces[1];

	assert_int_equal(c->n_interfaces, 2);
	assert_string_equal(c->interfaces[0].name, "lan0");
	assert_string_equal(c->interfaces[0].pcap.in, "a");
	assert_string_equal(c->interfaces[0].pcap.out, "b");
	assert_int_equal(config_find_interface(c, "lan0"), 0);
	assert_int_equal(config_find_interface(c, "wan0"), 1);
	assert_int_equal(config_find_interface(c, "wan"), CONFIG_NO_IFACE);
	assert_string_equal(f->name, "wan0");
	assert_int_equal(f->control, CONFIG_CONTROL_OWN);
	assert_int_equal(f->n_addresses, 2);
	assert_int_equal(ip_to4(f->addresses[0].addr), 0xcb007102u);
	assert_int_equal(f->addresses[0].len, 24);
	assert_int_equal(f->addresses[1].len, 31);
	assert_int_equal(f->mtu, 1400);
	assert_true(f->mac == 0x010000000002ull);
	assert_int_equal(f->on_failure, CONFIG_ON_FAILURE_DROP);
	assert_true(f->force);
	assert_int_equal(f->xdp.mode, CONFIG_XDP_GENERIC);
	assert_int_equal(f->xdp.zero_copy, CONFIG_ZERO_COPY_NEVER);
	assert_int_equal(f->xdp.queues, 2);
	assert_null(f->pcap.in);
	config_free(c);
}

static void a_gateway_finds_its_interface_through_the_subnets(void **)
{
	struct config *c = parse("routes:\n"
	                         "  - {to: 198.18.0.0/15, via: 10.0.200.9}\n"
	                         "  - {to: 198.51.100.0/24, via: 10.1.0.1, interface: a}\n"
	                         "  - {to: default, via: 192.0.2.0}\n"
	                         "  - {to: 192.168.0.0/16, type: prohibit, metric: 7}\n"
	                         "interfaces:\n"
	                         "  c: {control: own, addresses: [192.0.2.1/31]}\n"
	                         "  b: {control: own, addresses: [10.0.9.1/24, 10.0.0.1/16]}\n"
	                         "  a: {control: own, addresses: [10.1.0.2/32]}\n");

	assert_int_equal(c->n_routes, 4);
	assert_int_equal(c->routes[0].to.len, 0);
	assert_int_equal(c->routes[0].index, 2);
	assert_int_equal(c->routes[0].iface, 2);
	assert_int_equal(c->routes[1].type, CONFIG_ROUTE_PROHIBIT);
	assert_int_equal(c->routes[1].iface, CONFIG_NO_IFACE);
	assert_int_equal(c->routes[1].metric, 7);
	assert_int_equal(c->routes[2].iface, 1);
	assert_int_equal(ip_to4(c->routes[2].via.addr), 0x0a00c809u);
	assert_string_equal(c->routes[2].interface, "");
	assert_int_equal(c->routes[3].iface, 0);
	assert_string_equal(c->routes[3].interface, "a");
	config_free(c);
}

static void every_error_comes_in_the_order_of_the_file(void **)
{
	static const char text[] =
		"neighbours:\n  - {address: 192.0.2.1, lladdr: 02:00:00:00:00:01}\n"
		"interfaces:\n  a: {control: own, mtu: 5, foo: 1}\n"
		"version: 9\n";
	struct config_errors errs = {};
	struct config *c = NULL;

	assert_int_equal(config_parse(&c, text, strlen(text), &errs), -EINVAL);
	assert_null(c);
	assert_int_equal(errs.n, 3);
	assert_int_equal(errs.more, 0);
	assert_string_equal(errs.list[0].path, "interfaces.a.mtu");
	assert_int_equal(errs.list[0].line, 4);
	assert_int_equal(errs.list[0].column, 26);
	assert_string_equal(errs.list[1].path, "interfaces.a.foo");
	assert_string_equal(errs.list[2].path, "version");
	config_errors_fini(&errs);
	assert_int_equal(errs.n, 0);
}

static void errors_beyond_the_limit_are_counted(void **)
{
	struct config_errors errs = {};
	struct config *c = NULL;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	for (int i = 0; i < CONFIG_MAX_ERRORS + 5; i++)
		(void)fprintf(out, "key%d: 1\n", i);
	(void)fclose(out);
	assert_int_equal(config_parse(&c, text, len, &errs), -EINVAL);
	assert_int_equal(errs.n, CONFIG_MAX_ERRORS);
	assert_int_equal(errs.more, 5);
	config_errors_fini(&errs);
	free(text);
}

static void what_the_file_says_reaches_no_terminal_as_control(void **)
{
	static const char text[] = "\"\\e[31m\\u009b\": 1\n";
	struct config_errors errs = {};
	struct config *c = NULL;

	assert_int_equal(config_parse(&c, text, strlen(text), &errs), -EINVAL);
	assert_int_equal(errs.n, 1);
	assert_string_equal(errs.list[0].path, "?[31m??");
	assert_string_equal(errs.list[0].message, "unknown key \"?[31m??\"");
	config_errors_fini(&errs);
}

static void a_file_that_is_not_there_is_an_error(void **)
{
	struct config_errors errs = {};
	struct config *c = NULL;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_int_equal(config_load(&c, "/nonexistent/viaduct.yaml", &errs), -ENOENT);
	config_errors_print(&errs, "viaduct.yaml", out);
	(void)fclose(out);
	assert_string_equal(text, "viaduct.yaml: No such file or directory\n");
	config_errors_fini(&errs);
	free(text);
	assert_int_equal(config_load(&c, "/", &errs), -EISDIR);
	config_errors_fini(&errs);
}

static void a_file_of_any_size_is_read_whole(void **)
{
	char path[] = "/tmp/viaduct-test-XXXXXX";
	struct config_errors errs = {};
	struct config *c = NULL;
	int fd = mkstemp(path);
	FILE *out = fdopen(fd, "w");

	(void)fprintf(out, "routes:\n");
	for (unsigned int i = 0; i < 60000; i++)
		(void)fprintf(out, "  - {to: 10.%u.%u.0/24, type: blackhole}\n", i >> 8, i & 255);
	(void)fclose(out);
	assert_int_equal(config_load(&c, path, &errs), 0);
	assert_int_equal(c->n_routes, 60000);
	assert_int_equal(ip_to4(c->routes[59999].to.addr), 0x0a000000u + (59999u << 8));
	config_free(c);
	(void)unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_said_gives_the_defaults),
		cmocka_unit_test(system_values_reach_the_model),
		cmocka_unit_test(interfaces_are_sorted_and_found_by_name),
		cmocka_unit_test(a_gateway_finds_its_interface_through_the_subnets),
		cmocka_unit_test(every_error_comes_in_the_order_of_the_file),
		cmocka_unit_test(errors_beyond_the_limit_are_counted),
		cmocka_unit_test(what_the_file_says_reaches_no_terminal_as_control),
		cmocka_unit_test(a_file_that_is_not_there_is_an_error),
		cmocka_unit_test(a_file_of_any_size_is_read_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
