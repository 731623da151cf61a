/* Clones: a function compiled for wider vectors too, chosen when the program starts.
 *
 * For loops whose every element is computed alone, so that all versions give the same bits; fused
 * multiply-add is off everywhere (-ffp-contract=off).
 */
#ifndef LODE_JOBS_HIERARCHY_DETECTORS_CLONES_H
#define LODE_JOBS_HIERARCHY_DETECTORS_CLONES_H

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define LODE_CLONES /* its start-up does not stand functions that are chosen before it */
#endif
#endif

#ifndef LODE_CLONES
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__SANITIZE_THREAD__)
#define LODE_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define LODE_CLONES
#endif
#endif

#endif
