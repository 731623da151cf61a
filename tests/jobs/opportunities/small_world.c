#include "tests/unit.h"

#include "tests/jobs/opportunities/small_world.h"

#include <string.h>

static char *token_texts[] = {"error", "login", "pay"};
static char *os_words[] = {"ios", "web"};
static char *lifecycle_values[] = {"all", "session_index=1", "session_index=2"};

static void init_store(struct small_world *world)
{
    world->kpis[FAIL] = (struct lode_kpi){.name = "kpi_fail", .is_binary = true};
    world->kpis[SECONDS] = (struct lode_kpi){.name = "kpi_seconds"};
    world->os = (struct lode_attribute){.name = "os", .dictionary = {os_words, 2}};
    world->store = (struct lode_store){.n_attributes = 1,
                                       .attributes = &world->os,
                                       .n_kpis = N_KPIS,
                                       .kpis = world->kpis,
                                       .event_names = {token_texts, N_TOKENS}};
}

/* 50 sessions of 25 users: ios 20 sessions, 8 faulty; web 30 sessions, 2 faulty. First sessions of
 * users: 25 of which 5 are faulty; no second sessions. Seconds: 10 on ios, 20 on web, each plus or
 * minus 1. */
static void init_cohorts(struct small_world *world)
{
    world->all[FAIL] = (struct cohort_cell){25, 50, 10, 10, 10};
    world->all[SECONDS] = (struct cohort_cell){25, 50, 0, 800, 20 * 101 + 30 * 401};
    world->os_cells[FAIL] = (struct cohort_cell){10, 20, 8, 8, 8};
    world->os_cells[SECONDS] = (struct cohort_cell){10, 20, 0, 200, 20 * 101};
    world->os_cells[N_KPIS + FAIL] = (struct cohort_cell){15, 30, 2, 2, 2};
    world->os_cells[N_KPIS + SECONDS] = (struct cohort_cell){15, 30, 0, 600, 30 * 401};
    world->lifecycle_cells[FAIL] = world->all[FAIL];
    world->lifecycle_cells[SECONDS] = world->all[SECONDS];
    world->lifecycle_cells[N_KPIS + FAIL] = (struct cohort_cell){25, 25, 5, 5, 5};
    world->lifecycle_cells[N_KPIS + SECONDS] = (struct cohort_cell){25, 25, 0, 400, 7015};
    world->sets[0] = (struct cohort_set){
        .attribute = "os", .n_values = 2, .values = os_words, .cells = world->os_cells};
    world->sets[1] = (struct cohort_set){.attribute = "lifecycle",
                                         .n_values = 3,
                                         .values = lifecycle_values,
                                         .cells = world->lifecycle_cells};
    world->cohorts = (struct cohort_counts){
        .n_kpis = N_KPIS, .all = world->all, .n_sets = 2, .sets = world->sets};
}

void small_world_init(struct small_world *world, const char *const *settings)
{
    memset(world, 0, sizeof *world);
    init_store(world);
    init_cohorts(world);
    assert_ok(lode_arena_create(0, &world->arena));
    assert_ok(lode_params_create(opportunity_params, &world->params));
    for (; *settings; settings++) assert_ok(lode_params_set(world->params, *settings));
    assert_ok(
        opportunity_options_read(world->params, &world->store, world->arena, &world->options));
    assert_ok(tokens_make(&world->store.event_names, &world->options.rules, world->arena,
                          &world->tokens));
    assert_ok(scenarios_make(&world->store, &world->options, &world->cohorts, world->arena,
                             &world->scenarios));
    for (int64_t plan = 0; plan < world->scenarios.n_plans; plan++) {
        const struct pattern_plan *of = &world->scenarios.plans[plan];
        for (int k = of->first_k; k <= of->last_k; k++)
            small_world_count(world, (int)plan, k, &(const struct small_pattern){0});
    }
}

void small_world_add_pairs(struct small_world *world)
{
    static char *names[] = {"session_index=1&ios", "session_index=1&web"};
    memset(world->are_large, true, sizeof world->are_large);
    for (int i = 0; i < 2; i++) {
        world->pair_values[i][0] = 1; /* session_index=1 */
        world->pair_values[i][1] = i;
    }
    world->pair_cells[FAIL] = (struct cohort_cell){6, 6, 5, 5, 5};
    world->pair_cells[N_KPIS + FAIL] = (struct cohort_cell){19, 19, 0, 0, 0};
    world->sets[2] = (struct cohort_set){.attribute = "lifecycle&os",
                                         .n_values = 2,
                                         .values = names,
                                         .cells = world->pair_cells,
                                         .parents = {1, 0},
                                         .is_large = {world->are_large, world->are_large},
                                         .values_of = world->pair_values,
                                         .is_kept = world->pair_is_kept};
    world->cohorts.n_pair_sets = 1;
}

void small_world_clear(struct small_world *world)
{
    lode_params_destroy(world->params);
    lode_arena_destroy(world->arena);
}

void small_world_count(struct small_world *world, int plan, int k,
                       const struct small_pattern *patterns)
{
    struct pattern_counts *counts =
        &world->scenarios.counts[plan][k - world->scenarios.plans[plan].first_k];
    assert_true(world->n_used < 8);
    uint64_t *keys = world->keys[world->n_used];
    uint32_t *cells = world->counts[world->n_used];
    int64_t n = 0;
    for (; patterns[n].faulty || patterns[n].normal; n++) {
        keys[n] = patterns[n].cohort;
        for (int i = 0; i < k; i++) keys[n] = keys[n] * N_TOKENS + patterns[n].tokens[i];
        if (n > 0) assert_true(keys[n] > keys[n - 1]);
        cells[2 * n] = patterns[n].normal; /* class 0: normal */
        cells[2 * n + 1] = patterns[n].faulty;
    }
    if (n > 0) world->n_used++;
    *counts = (struct pattern_counts){
        .k = k, .n_classes = 2, .n_patterns = n, .keys = keys, .counts = cells};
    for (int64_t i = 0; i < 2 * n; i++) counts->occurrences[i % 2] += cells[i];
}
