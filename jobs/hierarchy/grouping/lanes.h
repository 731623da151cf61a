/* Lanes: eight doubles side by side, for loops whose every element is a sum of its own.
 *
 * A vector of GNU C, which the compiler cuts to what the processor has: arithmetic is element by
 * element without fused multiply-add, so all widths give the same bits. LANES_CLONES on a function
 * compiles it for several widths, and the one that the processor has is called.
 */
#ifndef LODE_JOBS_HIERARCHY_GROUPING_LANES_H
#define LODE_JOBS_HIERARCHY_GROUPING_LANES_H

#include <stdint.h>

enum { LANES = 8 };
typedef double lanes __attribute__((vector_size(64)));
typedef int64_t lanes_bits __attribute__((vector_size(64))); /* the same bytes as integers */

/* Sanitizers run before what picks a clone is ready. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&                             \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define LANES_CLONES __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define LANES_CLONES
#endif

/* n rounded up to whole vectors. */
static inline int64_t lanes_padded(int64_t n)
{
    return (n + LANES - 1) / LANES * LANES;
}

#endif
