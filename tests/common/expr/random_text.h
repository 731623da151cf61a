/* Random texts of the language over the schema of schema.h: each is well-typed. */
#ifndef LODE_TESTS_COMMON_EXPR_RANDOM_TEXT_H
#define LODE_TESTS_COMMON_EXPR_RANDOM_TEXT_H

#include <stdint.h>
#include <string.h>

#include "common/memory.h"

struct random_text {
    uint64_t seed;
    struct lode_bytes bytes; /* zero-terminated when done */
};

/* splitmix64 */
static inline uint64_t random_below(struct random_text *text, uint64_t limit)
{
    uint64_t z = text->seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % limit;
}

/* Writes one of the alternatives; in it, a capital letter stands for a part of that kind:
 * B bool, N number, D duration, T time, X text of country, E events, A atom, C conditions, P
 * pattern. */
static inline void random_part(struct random_text *text, char kind, int depth)
{
    static const char *const bools[] = {"true",
                                        "crash",
                                        "kpi('odd-one')",
                                        "X = 'DE'",
                                        "os != 'it\\'s odd'",
                                        "X in {}",
                                        "os ~ '^and'",
                                        "lower(os) !~ 'i'",
                                        "N < N",
                                        "D <= D",
                                        "T > T",
                                        "N >= N",
                                        "X = previous(X)",
                                        "(B) != (B)",
                                        "N in {N, N}",
                                        "(B and B)",
                                        "(B or B)",
                                        "not B",
                                        "is_missing(N)",
                                        "is_missing(X)",
                                        "has(E)",
                                        "matches(P)",
                                        "(B when B)",
                                        "previous(B)",
                                        "if(B, B, B)",
                                        "D = D",
                                        "A within 10s of A",
                                        "((B) or_else (B))"};
    static const char *const numbers[] = {"1",
                                          "-2.5",
                                          "90%",
                                          "0",
                                          "-0",
                                          "1e-7",
                                          "kpi_seconds",
                                          "number(age)",
                                          "hour(T)",
                                          "weekday(T)",
                                          "(N + N)",
                                          "(N - N)",
                                          "(N * N)",
                                          "(N / N)",
                                          "-N",
                                          "-(5)",
                                          "abs(N)",
                                          "min(N, N)",
                                          "max(N, N, N)",
                                          "if(B, N, N)",
                                          "(N when B)",
                                          "(N or_else N)",
                                          "session_index()",
                                          "user_sessions()",
                                          "previous(N)",
                                          "count(E)",
                                          "count_matches(P)",
                                          "sum(ms of E)",
                                          "most(ms of E)",
                                          "at(cache.cpu)",
                                          "at(backend[region].cpu within 90s)",
                                          "least(backend['node-2'].'memory used')",
                                          "(D / D)",
                                          "(N - (N - N))",
                                          "((B) + N)"};
    static const char *const durations[] = {"30s",
                                            "1.5s",
                                            "-2w",
                                            "0s",
                                            "500ms",
                                            "(T - T)",
                                            "(D + D)",
                                            "(D - D)",
                                            "(D * N)",
                                            "(D / N)",
                                            "duration()",
                                            "first(E)",
                                            "last(E)",
                                            "gap(E, E)",
                                            "time_in(A .. A)",
                                            "since_previous()",
                                            "user_max_gap()",
                                            "if(B, D, D)",
                                            "max(D, D)",
                                            "-D",
                                            "abs(D)"};
    static const char *const times[] = {"time",
                                        "date('2026-11-21T10:17:31.250+01:00')",
                                        "date('1969-12-31')",
                                        "(T + D)",
                                        "(D + T)",
                                        "(T - D)"};
    static const char *const texts[] = {"country",     "country",       "(country when B)",
                                        "if(B, X, X)", "(X or_else X)", "previous(X)"};
    static const char *const events[] = {"A",  "A", "A before A", "A after A", "A between A and A",
                                         "(E)"};
    static const char *const atoms[] = {"pay",
                                        "login_*",
                                        "any",
                                        "'an odd \\'one\\''",
                                        "(pay | *_error | 'before')",
                                        "~'^re'",
                                        "?ay",
                                        "(A){C}",
                                        "(E)",
                                        "request{C and C}",
                                        "top(3, E)"};
    static const char *const conditions[] = {"status = '200'",
                                             "status != '404'",
                                             "url in {'/a', '/b'}",
                                             "url !~ 'a'",
                                             "ms > 500",
                                             "ms <= -0.25",
                                             "ms = 7",
                                             "is_missing(url)",
                                             "not is_missing(status)",
                                             "not is_missing(ms)",
                                             "lower(url) = '/c'",
                                             "ms < 90%",
                                             "url in top(20, url of E)"};
    static const char *const patterns[] = {"A",
                                           "A -> A",
                                           "A => A",
                                           "A => A without A",
                                           "A until A",
                                           "A -> A => A",
                                           "A => A within 5m",
                                           "no A between A and A",
                                           "A -> A until A => A without A"};
    const struct {
        char kind;
        const char *const *list;
        size_t n, n_short; /* that end it */
    } kinds[] = {{'B', bools, sizeof bools / sizeof *bools, 3},
                 {'N', numbers, sizeof numbers / sizeof *numbers, 8},
                 {'D', durations, sizeof durations / sizeof *durations, 5},
                 {'T', times, sizeof times / sizeof *times, 3},
                 {'X', texts, sizeof texts / sizeof *texts, 2},
                 {'E', events, sizeof events / sizeof *events, 1},
                 {'A', atoms, sizeof atoms / sizeof *atoms, 7},
                 {'C', conditions, sizeof conditions / sizeof *conditions, 12},
                 {'P', patterns, sizeof patterns / sizeof *patterns, 5}};
    size_t k = 0;
    while (kinds[k].kind != kind) k++;
    const size_t limit = depth > 0 ? kinds[k].n : kinds[k].n_short;
    bool in_quotes = false;
    for (const char *c = kinds[k].list[random_below(text, limit)]; *c; c++) {
        if (*c == '\'') in_quotes = !in_quotes;
        if (!in_quotes && strchr("BNDTXEACP", *c))
            random_part(text, *c, depth - 1);
        else if (lode_bytes_append(&text->bytes, c, 1) != LODE_OK)
            return;
    }
}

#endif
