/* Handover: what one thread wrote before it sent a message to another thread of this process is the
 * other's to read once it has received it. libzmq guarantees that; ThreadSanitizer cannot see it,
 * since libzmq is not built with it, so a build with it is told here. Elsewhere these are nothing.
 */
#ifndef LODE_COMMON_HANDOVER_H
#define LODE_COMMON_HANDOVER_H

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define LODE_THREAD_SANITIZER
#endif
#endif

#ifdef LODE_THREAD_SANITIZER
#include <sanitizer/tsan_interface.h>
static inline void lode_handover_give(void *channel)
{
    __tsan_release(channel);
}
static inline void lode_handover_take(void *channel)
{
    __tsan_acquire(channel);
}
#else
static inline void lode_handover_give(void *channel)
{
    (void)channel;
}
static inline void lode_handover_take(void *channel)
{
    (void)channel;
}
#endif

#endif
