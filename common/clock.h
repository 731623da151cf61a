/* Clock: the only readers of time. Only the engine asks; leaves and root steps never do. */
#ifndef LODE_COMMON_CLOCK_H
#define LODE_COMMON_CLOCK_H

#include <stdint.h>

int64_t lode_clock_us(void);         /* monotonic */
int64_t lode_clock_thread_us(void);  /* processor time of this thread */
int64_t lode_clock_process_us(void); /* processor time of this process */
int64_t lode_clock_wall_ms(void);    /* since 1970; it may be set back */
/* Wall clock as "2026-11-21T10:17:31.123Z" into buffer (>= 32 bytes); returns buffer. */
const char *lode_clock_iso(char *buffer);

#endif
