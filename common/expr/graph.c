/* Graph: the builder. An item is equal to another when their bytes (graph_wire.c) are, so one open
 * table of hashes serves all five kinds: an item is put at the end of its array, and taken away
 * again when the table knows one with the same bytes.
 */
#include "common/expr/graph.h"

#include <string.h>

#include "common/expr/graph_private.h"
#include "common/expr/op.h"
#include "common/hash.h"

enum { FIRST_ROOM = 16, FIRST_SLOTS = 64, FREE = EXPR_ITEMS, FORGOTTEN };

struct slot {
    uint64_t hash;
    int32_t kind; /* enum expr_item, FREE, or FORGOTTEN: free, but a search goes on behind it */
    int32_t index;
};

struct expr_builder {
    struct expr_graph graph;
    struct lode_arena *arena;
    int32_t rooms[EXPR_ITEMS];
    int32_t *depths; /* [rooms[EXPR_NODE]] */
    struct slot *slots;
    size_t n_slots;  /* a power of 2, at least twice the entries */
    size_t n_used;   /* that are not FREE */
    int64_t n_moved; /* how many times an array was taken anew */
};

struct expr_node expr_node_of(enum expr_op op)
{
    return (struct expr_node){
        .op = op, .type = EXPR_NUMBER, .args = {-1, -1, -1}, .selectors = {-1, -1}, .index = -1};
}

const struct expr_graph *expr_builder_graph(const struct expr_builder *builder)
{
    return &builder->graph;
}

static int32_t *count_of(struct expr_graph *graph, enum expr_item kind)
{
    switch (kind) {
    case EXPR_SELECTOR:
        return &graph->n_selectors;
    case EXPR_TOP:
        return &graph->n_tops;
    case EXPR_PATTERN:
        return &graph->n_patterns;
    case EXPR_SERIES:
        return &graph->n_series;
    default:
        return &graph->n_nodes;
    }
}

static void clear_slots(struct slot *slots, size_t n_slots)
{
    for (size_t i = 0; i < n_slots; i++) slots[i] = (struct slot){.kind = FREE};
}

static void insert(struct expr_builder *builder, struct slot slot)
{
    size_t at = slot.hash & (builder->n_slots - 1);
    while (builder->slots[at].kind < FREE) at = (at + 1) & (builder->n_slots - 1);
    if (builder->slots[at].kind == FREE) builder->n_used++;
    builder->slots[at] = slot;
}

lode_status expr_builder_create(const struct expr_graph *frame, struct lode_arena *arena,
                                struct expr_builder **builder)
{
    struct expr_builder *made;
    lode_try(lode_take_zero(arena, 1, &made));
    made->arena = arena;
    made->graph = (struct expr_graph){.n_attributes = frame->n_attributes,
                                      .n_kpis = frame->n_kpis,
                                      .n_event_attributes = frame->n_event_attributes,
                                      .n_names = frame->n_names,
                                      .ignored = frame->ignored,
                                      .zone = frame->zone};
    lode_try(lode_take(arena, FIRST_SLOTS, &made->slots));
    made->n_slots = FIRST_SLOTS;
    clear_slots(made->slots, made->n_slots);
    *builder = made;
    return LODE_OK;
}

static lode_status grow_slots(struct expr_builder *builder)
{
    const struct slot *old = builder->slots;
    const size_t n_old = builder->n_slots;
    if (2 * (builder->n_used + 1) <= n_old) return LODE_OK;
    lode_try(lode_take(builder->arena, 2 * n_old, &builder->slots));
    builder->n_slots = 2 * n_old;
    builder->n_used = 0;
    clear_slots(builder->slots, builder->n_slots);
    for (size_t i = 0; i < n_old; i++)
        if (old[i].kind < FREE) insert(builder, old[i]);
    return LODE_OK;
}

/* Room for one more of [count] items of `size` bytes at *items. */
static lode_status grow(struct expr_builder *builder, enum expr_item kind, void **items,
                        size_t size)
{
    const int32_t count = *count_of(&builder->graph, kind);
    int32_t *room = &builder->rooms[kind];
    void *larger;
    if (count < *room) return LODE_OK;
    if (count >= EXPR_NODES_MAX)
        return lode_fail(LODE_E_USAGE, "the definitions need more than %d items of a kind",
                         (int)EXPR_NODES_MAX);
    const int32_t wanted = *room ? 2 * *room : FIRST_ROOM;
    lode_try(lode_arena_take(builder->arena, (size_t)wanted, size, &larger));
    if (count) memcpy(larger, *items, (size_t)count * size);
    if (kind == EXPR_NODE) {
        int32_t *depths;
        lode_try(lode_take(builder->arena, wanted, &depths));
        if (count) memcpy(depths, builder->depths, (size_t)count * sizeof *depths);
        builder->depths = depths;
    }
    *items = larger;
    *room = wanted;
    builder->n_moved++;
    return LODE_OK;
}

/* The index of an entry with the same bytes as the item at the end of its array; -1: none. */
static lode_status find(struct expr_builder *builder, enum expr_item kind,
                        const struct lode_bytes *key, uint64_t hash, int32_t *found)
{
    lode_status status = LODE_OK;
    struct lode_bytes other = {0};
    *found = -1;
    for (size_t at = hash & (builder->n_slots - 1); builder->slots[at].kind != FREE;
         at = (at + 1) & (builder->n_slots - 1)) {
        const struct slot *slot = &builder->slots[at];
        if (slot->hash != hash || slot->kind != (int32_t)kind) continue;
        other.size = 0;
        lode_try_done(expr_item_pack(&builder->graph, kind, slot->index, &other));
        if (other.size != key->size || memcmp(other.data, key->data, key->size) != 0) continue;
        *found = slot->index;
        break;
    }
done:
    lode_bytes_clear(&other);
    return status;
}

/* The item at the end of its array, one past the count: kept, if it is sound and new. */
static lode_status settle(struct expr_builder *builder, enum expr_item kind, int32_t *index)
{
    lode_status status = LODE_OK;
    struct lode_bytes key = {0};
    char reason[EXPR_REASON_BYTES] = "";
    int32_t found = -1;
    int32_t *count = count_of(&builder->graph, kind);
    if (!expr_item_check(&builder->graph, kind, *count, reason))
        return lode_fail(LODE_E_USAGE, "%s", reason);
    lode_try_done(expr_item_pack(&builder->graph, kind, *count, &key));
    const uint64_t hash = lode_hash(key.data, key.size) + (uint64_t)kind;
    lode_try_done(find(builder, kind, &key, hash, &found));
    if (found < 0) {
        lode_try_done(grow_slots(builder));
        found = (*count)++;
        insert(builder, (struct slot){.hash = hash, .kind = (int32_t)kind, .index = found});
    }
    *index = found;
done:
    lode_bytes_clear(&key);
    return status;
}

/* One more than the deepest argument. The items are typed anew when they are checked, so here only
 * the depth, which unpacking knows by other means, is looked at. */
static lode_status set_depth(struct expr_builder *builder, const struct expr_node *node)
{
    int32_t depth = 1;
    for (int32_t i = 0; i < EXPR_ARGS_MAX; i++) {
        if (node->args[i] < 0 || node->args[i] >= builder->graph.n_nodes) continue;
        const int32_t below = builder->depths[node->args[i]] + 1;
        if (below > depth) depth = below;
    }
    if (depth > EXPR_DEPTH_MAX)
        return lode_fail(LODE_E_USAGE,
                         "more than %d operations lie one inside the other: use fewer in a row",
                         (int)EXPR_DEPTH_MAX);
    builder->depths[builder->graph.n_nodes] = depth;
    return LODE_OK;
}

lode_status expr_add_node(struct expr_builder *builder, struct expr_node item, int32_t *index)
{
    struct expr_graph *graph = &builder->graph;
    const struct expr_op_about *about = expr_op_about(item.op);
    if (!about) return lode_fail(LODE_E_BUG, "there is no operator %d", (int)item.op);
    lode_try(grow(builder, EXPR_NODE, (void **)&graph->nodes, sizeof item));
    lode_try(set_depth(builder, &item));
    if (about->commutes && item.args[0] > item.args[1]) {
        const int32_t first = item.args[0];
        item.args[0] = item.args[1];
        item.args[1] = first;
    }
    item.n_args = (int32_t)strlen(about->args);
    graph->nodes[graph->n_nodes] = item;
    lode_try(settle(builder, EXPR_NODE, index));
    graph->n_asked++;
    return LODE_OK;
}

lode_status expr_add_selector(struct expr_builder *builder, struct expr_selector item,
                              int32_t *index)
{
    struct expr_graph *graph = &builder->graph;
    lode_try(grow(builder, EXPR_SELECTOR, (void **)&graph->selectors, sizeof item));
    graph->selectors[graph->n_selectors] = item;
    return settle(builder, EXPR_SELECTOR, index);
}

lode_status expr_add_pattern(struct expr_builder *builder, struct expr_pattern item, int32_t *index)
{
    struct expr_graph *graph = &builder->graph;
    lode_try(grow(builder, EXPR_PATTERN, (void **)&graph->patterns, sizeof item));
    graph->patterns[graph->n_patterns] = item;
    return settle(builder, EXPR_PATTERN, index);
}

lode_status expr_add_top(struct expr_builder *builder, struct expr_top item, int32_t *index)
{
    struct expr_graph *graph = &builder->graph;
    lode_try(grow(builder, EXPR_TOP, (void **)&graph->tops, sizeof item));
    graph->tops[graph->n_tops] = item;
    return settle(builder, EXPR_TOP, index);
}

lode_status expr_add_series(struct expr_builder *builder, struct expr_series item, int32_t *index)
{
    struct expr_graph *graph = &builder->graph;
    lode_try(grow(builder, EXPR_SERIES, (void **)&graph->series, sizeof item));
    graph->series[graph->n_series] = item;
    return settle(builder, EXPR_SERIES, index);
}

struct expr_builder_mark expr_builder_mark(const struct expr_builder *builder)
{
    struct expr_graph graph = builder->graph;
    struct expr_builder_mark mark = {.n_asked = graph.n_asked, .n_moved = builder->n_moved};
    for (int kind = 0; kind < EXPR_ITEMS; kind++)
        mark.counts[kind] = *count_of(&graph, (enum expr_item)kind);
    return mark;
}

bool expr_builder_is_at(const struct expr_builder *builder, struct expr_builder_mark mark)
{
    const struct expr_builder_mark now = expr_builder_mark(builder);
    return now.n_moved == mark.n_moved && memcmp(now.counts, mark.counts, sizeof now.counts) == 0;
}

void expr_builder_rewind(struct expr_builder *builder, struct expr_builder_mark mark)
{
    for (size_t i = 0; i < builder->n_slots; i++) {
        struct slot *slot = &builder->slots[i];
        if (slot->kind < FREE && slot->index >= mark.counts[slot->kind]) slot->kind = FORGOTTEN;
    }
    for (int kind = 0; kind < EXPR_ITEMS; kind++)
        *count_of(&builder->graph, (enum expr_item)kind) = mark.counts[kind];
    builder->graph.n_asked = mark.n_asked;
}
