/* Log: one line an event, `time level rank message key=value...`, to standard error or a file.
 *
 * The sink is the second piece of mutable file-scope state in lode (the first is the error chain).
 * Control bytes never reach the sink: a hostile file name cannot write to a terminal.
 */
#ifndef LODE_COMMON_LOG_H
#define LODE_COMMON_LOG_H

#include "common/error.h"

enum lode_log_level { LODE_LOG_ERROR, LODE_LOG_WARN, LODE_LOG_INFO, LODE_LOG_DEBUG };

/* Who speaks in this process ("coordinator", "worker host/3.0"); copied. */
void lode_log_name(const char *name);
/* Lines at this level and more urgent ones are written. Default: LODE_LOG_WARN. */
void lode_log_set_level(enum lode_log_level level);
/* Sends lines to a file (appended) instead of standard error; NULL: back to standard error. */
LODE_CHECKED lode_status lode_log_open(const char *path);

#define lode_log_error(...) lode_log_line(LODE_LOG_ERROR, __VA_ARGS__)
#define lode_log_warn(...) lode_log_line(LODE_LOG_WARN, __VA_ARGS__)
#define lode_log_info(...) lode_log_line(LODE_LOG_INFO, __VA_ARGS__)
#define lode_log_debug(...) lode_log_line(LODE_LOG_DEBUG, __VA_ARGS__)
void lode_log_line(enum lode_log_level level, const char *format, ...) LODE_PRINTF(2, 3);

#endif
