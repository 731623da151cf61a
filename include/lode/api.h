/* What all headers of lode's public interface share: its number, and how its functions are marked.
 *
 * The functions are not in a library: the program `lode` has them, and a shared library that it
 * loads (LODE_PLUGIN in lode/job.h) finds them there. Nothing is linked. All of it is plain C17 and
 * can be included from C++.
 */
#ifndef LODE_API_H
#define LODE_API_H

/* The number of this interface: it counts up whenever a struct or function of these headers
 * changes. lode loads a library only when it was compiled with the number that lode has. */
#define LODE_JOB_ABI 2

/* The result must be looked at: the compiler warns about a call that drops it. */
#define LODE_CHECKED __attribute__((warn_unused_result))
/* Checks arguments as those of printf. */
#define LODE_PRINTF(format_at, first_at) __attribute__((format(printf, format_at, first_at)))

/* Around the declarations of every public header. What is declared between them the program gives
 * to the libraries it loads; everything else of it is hidden. */
#ifdef __cplusplus
#define LODE_API_BEGIN                                                                             \
    extern "C" {                                                                                   \
    _Pragma("GCC visibility push(default)")
#define LODE_API_END                                                                               \
    _Pragma("GCC visibility pop")                                                                  \
    }
#else
#define LODE_API_BEGIN _Pragma("GCC visibility push(default)")
#define LODE_API_END _Pragma("GCC visibility pop")
#endif

#endif
