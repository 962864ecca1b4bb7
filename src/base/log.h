/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log: one line an event, to stderr, or to the journal with its fields when stderr is the journal.
 * Only the agent logs; a worker counts, or sends the agent a report.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_LEVEL_ERROR = 3, LOG_LEVEL_WARNING, LOG_LEVEL_NOTICE, LOG_LEVEL_INFO };

/* Write one line; no newline at the end of @format. It never waits: a line that the reader of
 * stderr does not take at once is lost, and counted. Context: agent. */
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Tell how many lines were lost, if some were and the reader takes them again. Context: agent. */
void log_flush(void);

#define log_error(...)   log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...)  log_write(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...)    log_write(LOG_LEVEL_INFO, __VA_ARGS__)

#endif
