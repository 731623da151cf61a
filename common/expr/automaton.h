/* Automaton: finds all keys (sequences of symbols) in one pass, however many there are.
 *
 * Source: Aho, Corasick, "Efficient string matching: an aid to bibliographic search", CACM 18(6),
 * 1975. Its goto function is a full table where that is small, else edges and failures.
 */
#ifndef LODE_COMMON_EXPR_AUTOMATON_H
#define LODE_COMMON_EXPR_AUTOMATON_H

#include "common/error.h"
#include "common/memory.h"

/* Key k is symbols[offsets[k]] to symbols[offsets[k + 1] - 1], at least one, each in
 * 1..n_symbols - 1. Symbol 0 is in no key: it leads to the start from everywhere. */
struct automaton_keys {
    int32_t n_keys;
    const int32_t *offsets;
    const uint32_t *symbols;
    uint32_t n_symbols;
};

struct automaton {
    uint32_t n_symbols;
    int32_t n_states;     /* 0 is the start */
    const int32_t *table; /* [n_states x n_symbols] or NULL */
    const int32_t *edges; /* [n_states + 1] offsets into the two below; symbols ascend in a state */
    const uint32_t *labels;
    const int32_t *targets;
    const int32_t *fail;    /* [n_states] the longest proper suffix that is a state */
    const int32_t *endings; /* [n_states + 1] offsets into `keys`: keys that are this state */
    const int32_t *keys;
    const int32_t *report; /* [n_states] the longest suffix (or itself) that is a key; 0: none */
};

/* From the arena. A full table is made where it has at most `table_bytes`. LODE_E_MEMORY.
 * Cost O(symbols of all keys x log), and the table. */
LODE_CHECKED lode_status automaton_make(const struct automaton_keys *keys, size_t table_bytes,
                                        struct lode_arena *arena, struct automaton *automaton);

/* Where edges and failures lead; what automaton_next does without a table. */
int32_t automaton_walk(const struct automaton *automaton, int32_t state, uint32_t symbol);

/* The state after one more symbol. The keys that end here are those of report[state], then of
 * report[fail[that]], until it is 0. */
static inline int32_t automaton_next(const struct automaton *automaton, int32_t state,
                                     uint32_t symbol)
{
    if (automaton->table)
        return automaton->table[(size_t)state * automaton->n_symbols + (size_t)symbol];
    return automaton_walk(automaton, state, symbol);
}

#endif
