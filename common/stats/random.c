/* Random: splitmix64 and distributions that need nothing but comparisons and exact arithmetic.
 *
 * Exponential: von Neumann's method of runs (1951). The chance that a run of falling uniform
 * numbers which starts at x has odd length is e^-x; a run of even length moves one unit on.
 * Normal: half-normal by rejection from an exponential a, accepted with e^-((a-1)^2/2), that is
 * when a second exponential is at least (a-1)^2/2; then a sign.
 */
#include "common/stats/random.h"

/* 2^64 divided by the golden ratio, odd: splitmix64's step. */
static const uint64_t STEP = UINT64_C(0x9e3779b97f4a7c15);

/* Splitmix64's finaliser: a bijection in which every input bit moves every output bit. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

struct lode_random lode_random_begin(uint64_t seed, uint64_t item)
{
    return (struct lode_random){.state = mix(mix(seed + STEP) ^ mix(item))};
}

uint64_t lode_random_next(struct lode_random *random)
{
    random->state += STEP;
    return mix(random->state);
}

double lode_random_uniform(struct lode_random *random)
{
    return (double)(lode_random_next(random) >> 11) * 0x1p-53;
}

uint64_t lode_random_below(struct lode_random *random, uint64_t n)
{
    /* 2^64 mod n numbers at the bottom would be drawn once too often: they are drawn again */
    const uint64_t surplus = (UINT64_MAX - n + 1) % n;
    uint64_t x = lode_random_next(random);
    while (x < surplus) x = lode_random_next(random);
    return x % n;
}

bool lode_random_chance(struct lode_random *random, double p)
{
    return lode_random_uniform(random) < p;
}

double lode_random_exponential(struct lode_random *random)
{
    for (double whole = 0.0;; whole += 1.0) {
        const double first = lode_random_uniform(random);
        double last = first;
        bool odd = true;
        for (;;) {
            const double next = lode_random_uniform(random);
            if (next >= last) break;
            last = next;
            odd = !odd;
        }
        if (odd) return whole + first;
    }
}

int64_t lode_random_geometric(struct lode_random *random, double p)
{
    int64_t failures = 0;
    while (!lode_random_chance(random, p)) failures++;
    return failures;
}

double lode_random_normal(struct lode_random *random)
{
    for (;;) {
        const double a = lode_random_exponential(random);
        const double b = lode_random_exponential(random);
        if (2.0 * b >= (a - 1.0) * (a - 1.0)) return lode_random_next(random) >> 63 ? a : -a;
    }
}
