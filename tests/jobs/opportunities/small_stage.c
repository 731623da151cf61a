#include "tests/jobs/opportunities/small_stage.h"

#include "tests/unit.h"

#include <stdio.h>

#include "common/file.h"
#include "jobs/job.h"
#include "jobs/stage/stage.h"
#include "tests/jobs/local_map.h"

extern const struct lode_job stage_events_job;

void small_stage(const char *directory, struct lode_bytes *sessions, struct lode_bytes *events,
                 uint64_t partition_bytes, struct lode_arena *arena, char store_path[SMALL_PATH],
                 struct lode_store **store)
{
    struct lode_bytes *const texts[] = {sessions, events};
    static const char *const names[] = {"sessions", "events"};
    char paths[2][SMALL_PATH], work[SMALL_PATH];
    struct stage_events_options options;
    stage_events_defaults(&options);
    for (int i = 0; i < 2; i++) {
        snprintf(paths[i], SMALL_PATH, "%s/%s.csv", directory, names[i]);
        assert_ok(lode_file_write(paths[i], texts[i]->data, texts[i]->size, false));
        lode_bytes_clear(texts[i]);
    }
    snprintf(store_path, SMALL_PATH, "%s/store", directory);
    snprintf(work, sizeof work, "%s/stage.work", directory);
    assert_ok(lode_directory_make(work));
    options.n_inputs = 2;
    options.inputs = (const char *const[]){paths[0], paths[1]};
    options.output = store_path;
    options.partition_bytes = partition_bytes;
    options.history = "test";
    struct lode_cluster cluster = {.leaves = stage_events_job.leaves, .work_directory = work};
    struct lode_run run = {.work_directory = work,
                           .arena = arena,
                           .cluster = &cluster,
                           .map = local_map,
                           .options = &options};
    assert_ok(stage_events_job.run(&run));
    assert_ok(lode_store_open(store_path, store));
    assert_true((*store)->n_partitions > 2);
}
