/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>
#include <string.h>

#include "cli/command.h"

struct sheet {
	char *text;
	size_t size;
	FILE *to;
	struct table *table;
};

static void sheet_begin(struct sheet *s, const char *word, bool colour)
{
	char show[] = "show";
	char what[32];
	char *words[] = {show, what};
	const struct command *c;

	snprintf(what, sizeof(what), "%s", word);
	c = command_find(words, 2);
	assert_non_null(c);
	s->to = open_memstream(&s->text, &s->size);
	assert_int_equal(table_new(&s->table, s->to, c->columns, c->n_columns, colour), 0);
}

static void sheet_row(struct sheet *s, const char *json)
{
	json_t *row = json_loads(json, 0, NULL);

	assert_non_null(row);
	assert_int_equal(table_row(s->table, row), 0);
	json_decref(row);
}

static void sheet_end(struct sheet *s)
{
	table_end(s->table);
	table_free(s->table);
	fclose(s->to);
}

static void sheet_is(struct sheet *s, const char *want)
{
	sheet_end(s);
	assert_string_equal(s->text, want);
	free(s->text);
}

#define WAN0                                                                             \
	"{\"ifname\":\"wan0\",\"operstate\":\"up\",\"mode\":\"zero-copy\",\"queues\":4," \
	"\"rx_pps\":1912345.25,\"tx_pps\":1880000,\"drops_ps\":12,\"mtu\":1500}"
#define LAN0                                                                        \
	"{\"ifname\":\"lan0\",\"operstate\":\"up\",\"mode\":\"copy\",\"queues\":4," \
	"\"rx_pps\":1880000,\"tx_pps\":1912345,\"drops_ps\":0,"                     \
	"\"note\":\"veth offers no zero copy\"}"

static void interfaces_look_as_promised(void **)
{
	struct sheet s;

	sheet_begin(&s, "interfaces", false);
	sheet_row(&s, WAN0);
	sheet_row(&s, LAN0);
	sheet_is(&s, "IFNAME   STATE  MODE       QUEUES  RX pps  TX pps  DROPS/s  NOTE\n"
	             "wan0     up     zero-copy  4       1.91M   1.88M   12\n"
	             "lan0     up     copy       4       1.88M   1.91M   0        "
	             "veth offers no zero copy\n");
}

static void drops_look_as_promised(void **)
{
	struct sheet s;

	sheet_begin(&s, "drops", false);
	sheet_row(&s, "{\"ifname\":\"wan0\",\"reason\":\"ttl-expired\",\"packets\":97,"
	              "\"example\":\"10.0.10.77 > 198.51.100.1 udp 33434\"}");
	sheet_is(&s, "IFNAME  REASON        PACKETS  LAST EXAMPLE\n"
	             "wan0    ttl-expired        97  10.0.10.77 > 198.51.100.1 udp 33434\n");
}

static void unknown_values_are_blank(void **)
{
	struct sheet s;

	sheet_begin(&s, "neighbours", false);
	sheet_row(&s,
	          "{\"dst\":\"10.0.0.2\",\"dev\":\"wan0\",\"state\":\"incomplete\",\"held\":3}");
	sheet_row(&s, "{\"dst\":\"10.0.0.3\",\"lladdr\":null,\"state\":\"static\"}");
	sheet_is(&s, "DST       DEV   LLADDR  STATE       CONFIRMED  HELD  ROUTER\n"
	             "10.0.0.2  wan0          incomplete             3\n"
	             "10.0.0.3                static\n");
}

static void an_empty_answer_is_a_heading(void **)
{
	struct sheet s;

	sheet_begin(&s, "counters", false);
	sheet_is(&s, "IFNAME  NAME  VALUE\n");
}

static void colour_does_not_move_the_columns(void **)
{
	struct sheet s;

	sheet_begin(&s, "neighbours", true);
	sheet_row(&s, "{\"dst\":\"10.0.0.2\",\"dev\":\"wan0\",\"state\":\"failed\",\"held\":3}");
	sheet_row(&s, "{\"dst\":\"10.0.0.3\",\"dev\":\"wan0\",\"state\":\"stale\",\"held\":0}");
	sheet_is(&s, "\033[1mDST       DEV   LLADDR  STATE   CONFIRMED  HELD  ROUTER\033[0m\n"
	             "10.0.0.2  wan0          \033[31mfailed\033[0m             3\n"
	             "10.0.0.3  wan0          stale              0\n");
}

static void letters_beyond_ascii_count_once(void **)
{
	struct sheet s;

	sheet_begin(&s, "counters", false);
	sheet_row(&s, "{\"ifname\":\"b\xc3\xbc"
	              "ro-lan\",\"name\":\"x\",\"value\":1}");
	sheet_is(&s, "IFNAME    NAME  VALUE\n"
	             "b\xc3\xbc"
	             "ro-lan  x         1\n");
}

/* Rows behind the kept ones are on their way before the table ends, in the widths found so far. */
static void a_long_table_streams(void **)
{
	struct sheet s;
	size_t before;

	sheet_begin(&s, "counters", false);
	for (int i = 0; i < TABLE_KEPT_ROWS - 1; i++)
		sheet_row(&s, "{\"ifname\":\"wan0\",\"name\":\"rx\",\"value\":7}");
	fflush(s.to);
	assert_int_equal(s.size, 0);
	sheet_row(&s, "{\"ifname\":\"wan0\",\"name\":\"rx-long\",\"value\":7}");
	fflush(s.to);
	before = s.size;
	assert_int_equal(before, (TABLE_KEPT_ROWS + 1) * strlen("wan0    rx           7\n"));
	sheet_row(&s, "{\"ifname\":\"wan0\",\"name\":\"longer-than-all\",\"value\":7}");
	fflush(s.to);
	assert_string_equal(s.text + before, "wan0    longer-than-all      7\n");
	sheet_end(&s);
	free(s.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interfaces_look_as_promised),
		cmocka_unit_test(drops_look_as_promised),
		cmocka_unit_test(unknown_values_are_blank),
		cmocka_unit_test(an_empty_answer_is_a_heading),
		cmocka_unit_test(colour_does_not_move_the_columns),
		cmocka_unit_test(letters_beyond_ascii_count_once),
		cmocka_unit_test(a_long_table_streams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
