/* Random numbers keyed by (seed, item): the same for any worker, order and repeat.
 *
 * A stream is splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators",
 * OOPSLA 2014) started at a hash of seed and item, so item 7 draws the same numbers whether or not
 * items 0..6 were drawn before. Good enough for simulated data and sampling; not for secrets.
 *
 * No function of the C library's mathematics is used: its last bit differs between processors with
 * and without fused multiply-add, and equal seeds must give equal bytes everywhere.
 */
#ifndef LODE_COMMON_RANDOM_H
#define LODE_COMMON_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct lode_random {
    uint64_t state;
};

/* The stream of one item. */
struct lode_random lode_random_begin(uint64_t seed, uint64_t item);

/* The next 64 random bits. */
uint64_t lode_random_next(struct lode_random *random);

/* Uniform in [0, 1): a multiple of 2^-53. */
double lode_random_uniform(struct lode_random *random);

/* Uniform in 0..n-1, without bias; n >= 1. */
uint64_t lode_random_below(struct lode_random *random, uint64_t n);

/* True with probability p; always takes one number from the stream. */
bool lode_random_chance(struct lode_random *random, double p);

/* Exponential with mean 1. About six uniform numbers each. */
double lode_random_exponential(struct lode_random *random);

/* Failures before the first success of probability p in (0, 1]: mean (1 - p) / p, which is also the
 * cost. */
int64_t lode_random_geometric(struct lode_random *random, double p);

/* Standard normal. */
double lode_random_normal(struct lode_random *random);

#endif
