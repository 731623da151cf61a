/* Job gen.counters: one leaf makes a stretch of one component's rows, the root appends them in
 * order: component by component, train/ before test/. */
#include "jobs/gen/counters/counters.h"

#include "common/file.h"
#include "common/wire/pack.h"
#include "jobs/gen/counters/issue.h"
#include "jobs/gen/counters/service.h"
#include "jobs/gen/counters/stretch.h"
#include "jobs/gen/growing.h"

#include <inttypes.h>
#include <string.h>

enum { STRETCH_BYTES = 1 << 20, NUMBER_BYTES = 9, SLOTS_LEAST = 60 };
static const int64_t COMPONENTS_MOST = 1000000, COUNTERS_MOST = 10000, SLOTS_MOST = 100000000;
static const int64_t DAY_MS = 86400000;
static const char labels_header[] = "component,start_s,end_s,counters\n";

void gen_counters_defaults(struct gen_counters_options *options)
{
    *options = (struct gen_counters_options){.components = 24,
                                             .counters = 20,
                                             .slots = 4320,
                                             .slot_ms = 60000,
                                             .seed = 1,
                                             .planted = ISSUE_ALL};
}

/* --- which stretch a task is --- */

static int64_t stretch_slots(const struct gen_counters_options *options)
{
    const int64_t rows = STRETCH_BYTES / (NUMBER_BYTES * (options->counters + 1));
    const int64_t slots = rows < 16 ? 16 : rows;
    return slots < options->slots ? slots : options->slots;
}

/* Of train/, and as many of test/. */
static int64_t stretches(const struct gen_counters_options *options)
{
    const int64_t slots = stretch_slots(options);
    return (options->slots + slots - 1) / slots;
}

static struct stretch stretch_of(const struct gen_counters_options *options, int64_t task)
{
    const int64_t n = stretches(options), slots = stretch_slots(options);
    const int64_t in_component = task % (2 * n), first = in_component % n * slots;
    const int64_t rest = options->slots - first;
    return (struct stretch){.component = task / (2 * n),
                            .first = first + (in_component >= n ? options->slots : 0),
                            .count = slots < rest ? slots : rest};
}

static bool begins_file(const struct gen_counters_options *options, const struct stretch *stretch)
{
    return stretch->first % options->slots == 0;
}

static bool ends_file(const struct gen_counters_options *options, const struct stretch *stretch)
{
    return (stretch->first + stretch->count) % options->slots == 0;
}

/* --- the leaf --- */

static lode_status pack_options(const struct gen_counters_options *options, struct lode_bytes *out)
{
    lode_try(lode_pack_i64(out, options->components));
    lode_try(lode_pack_i64(out, options->counters));
    lode_try(lode_pack_i64(out, options->slots));
    lode_try(lode_pack_i64(out, options->slot_ms));
    lode_try(lode_pack_u64(out, options->seed));
    return lode_pack_u64(out, options->planted);
}

static lode_status unpack_options(const struct lode_task *task,
                                  struct gen_counters_options *options)
{
    struct lode_unpack in = lode_unpack_begin(task->params, task->params_size);
    int64_t planted = 0;
    lode_try(lode_unpack_i64(&in, &options->components));
    lode_try(lode_unpack_i64(&in, &options->counters));
    lode_try(lode_unpack_i64(&in, &options->slots));
    lode_try(lode_unpack_i64(&in, &options->slot_ms));
    lode_try(lode_unpack_u64(&in, &options->seed));
    lode_try(lode_unpack_count(&in, "planted", ISSUE_ALL, &planted));
    options->planted = (uint32_t)planted;
    return lode_unpack_end(&in);
}

static lode_status advance_slot(void *context)
{
    return lode_task_advance(context, 1);
}

/* Result: header (where a file begins) and rows, then rows of labels.csv and noise.csv, then
 * issues of truth.json. */
static lode_status counters_leaf(struct lode_task *task)
{
    lode_status status = LODE_OK;
    struct gen_counters_options options = {0};
    struct stretch_texts texts = {0};
    lode_try(unpack_options(task, &options));
    const struct stretch stretch = stretch_of(&options, task->index);
    if (begins_file(&options, &stretch)) lode_try_done(stretch_header(&options, &texts.rows));
    lode_try_done(stretch_make(&options, &stretch, task->arena, advance_slot, task, &texts));
    lode_try_done(lode_pack_bin(task->output, texts.rows.data, texts.rows.size));
    lode_try_done(lode_pack_bin(task->output, texts.labels.data, texts.labels.size));
    lode_try_done(lode_pack_bin(task->output, texts.noise.data, texts.noise.size));
    lode_try_done(lode_pack_bin(task->output, texts.truth.data, texts.truth.size));
done:
    lode_bytes_clear(&texts.rows);
    lode_bytes_clear(&texts.labels);
    lode_bytes_clear(&texts.noise);
    lode_bytes_clear(&texts.truth);
    return status;
}

/* --- the root --- */

struct output {
    const char *directory;
    const struct gen_counters_options *options;
    struct growing rows; /* of the component under way */
    struct growing labels, noise, truth;
    bool has_truth; /* an issue is written: the next stands behind a comma */
};

static lode_status append_rows(struct output *output, const struct stretch *stretch,
                               const uint8_t *rows, size_t size)
{
    char component[SERVICE_NAME_SIZE], name[SERVICE_NAME_SIZE + 16];
    if (begins_file(output->options, stretch)) {
        service_component_name(stretch->component, component);
        snprintf(name, sizeof name, "%s/%s.csv",
                 stretch->first < output->options->slots ? "train" : "test", component);
        lode_try(growing_open(&output->rows, output->directory, name, ""));
    }
    lode_try(growing_write(&output->rows, rows, size));
    return ends_file(output->options, stretch) ? growing_commit(&output->rows) : LODE_OK;
}

static lode_status append_stretch(void *context, int64_t task, const uint8_t *result, size_t size)
{
    struct output *output = context;
    struct growing *const tables[] = {&output->labels, &output->noise};
    const struct stretch stretch = stretch_of(output->options, task);
    const uint8_t *text = NULL;
    size_t n_bytes = 0;
    struct lode_unpack in = lode_unpack_begin(result, size);
    lode_try(lode_unpack_bin(&in, &text, &n_bytes));
    lode_try(append_rows(output, &stretch, text, n_bytes));
    for (int i = 0; i < 2; i++) {
        lode_try(lode_unpack_bin(&in, &text, &n_bytes));
        lode_try(growing_write(tables[i], text, n_bytes));
    }
    lode_try(lode_unpack_bin(&in, &text, &n_bytes));
    const size_t comma = n_bytes > 0 && !output->has_truth; /* not before the first */
    output->has_truth |= n_bytes > 0;
    lode_try(growing_write(&output->truth, text + comma, n_bytes - comma));
    return lode_unpack_end(&in);
}

static lode_status open_output(struct output *output)
{
    static const char *const folders[] = {"train", "test"};
    const struct gen_counters_options *options = output->options;
    char text[512];
    for (int i = 0; i < 2; i++) {
        const int size = snprintf(text, sizeof text, "%s/%s", output->directory, folders[i]);
        if (size < 0 || size >= (int)sizeof text)
            return lode_fail(LODE_E_USAGE, "the path %s is too long", output->directory);
        lode_try(lode_directory_make(text));
    }
    lode_try(growing_open(&output->labels, output->directory, "labels.csv", labels_header));
    lode_try(growing_open(&output->noise, output->directory, "noise.csv", labels_header));
    int size = snprintf(
        text, sizeof text,
        "{\"components\": %" PRId64 ", \"counters\": %" PRId64 ", \"slots\": %" PRId64
        ", \"slot_ms\": %" PRId64 ", \"seed\": %" PRIu64 ", \"planted\": [",
        options->components, options->counters, options->slots, options->slot_ms, options->seed);
    const char *separator = "";
    for (int kind = 0; kind < ISSUE_KINDS; kind++) {
        if (!(options->planted >> kind & 1)) continue;
        size += snprintf(text + size, sizeof text - (size_t)size, "%s\"%s\"", separator,
                         issue_kind_name((enum issue_kind)kind));
        separator = ", ";
    }
    snprintf(text + size, sizeof text - (size_t)size, "], \"issues\": [");
    return growing_open(&output->truth, output->directory, "truth.json", text);
}

static lode_status make_rows(struct lode_run *run, const struct gen_counters_options *options)
{
    static const char end[] = "]}\n";
    lode_status status = LODE_OK;
    struct output *output = NULL;
    struct lode_stage stage = {.leaf = "gen.counters",
                               .title = "generating counters",
                               .n_tasks = options->components * 2 * stretches(options)};
    lode_try(lode_take_zero(run->arena, 1, &output));
    output->directory = run->directory;
    output->options = options;
    lode_try_done(open_output(output));
    lode_try_done(pack_options(options, &stage.params));
    lode_try_done(lode_map(run, &stage, append_stretch, output));
    lode_try_done(growing_write(&output->truth, end, strlen(end)));
    lode_try_done(growing_commit(&output->labels));
    lode_try_done(growing_commit(&output->noise));
    lode_try_done(growing_commit(&output->truth));
done:
    growing_discard(&output->rows);
    growing_discard(&output->labels);
    growing_discard(&output->noise);
    growing_discard(&output->truth);
    lode_bytes_clear(&stage.params);
    return status;
}

static lode_status check_number(const char *what, int64_t number, int64_t least, int64_t most)
{
    if (number >= least && number <= most) return LODE_OK;
    return lode_fail(LODE_E_USAGE, "%" PRId64 " %s: must lie in %" PRId64 "..%" PRId64, number,
                     what, least, most);
}

static lode_status run_gen(struct lode_run *run)
{
    const struct gen_counters_options *options = run->options;
    lode_try(check_number("components", options->components, 1, COMPONENTS_MOST));
    lode_try(check_number("counters", options->counters, 1, COUNTERS_MOST));
    lode_try(check_number("slots", options->slots, SLOTS_LEAST, SLOTS_MOST));
    lode_try(check_number("ms of a slot", options->slot_ms, 1000, DAY_MS));
    if (options->slot_ms % 1000 != 0)
        return lode_fail(LODE_E_USAGE, "a slot of %" PRId64 " ms: must be whole seconds",
                         options->slot_ms);
    return make_rows(run, options);
}

static const struct lode_leaf leaves[] = {{"gen.counters", counters_leaf}, {NULL, NULL}};
static const struct lode_param params[] = {{.name = NULL}};

const struct lode_job gen_counters_job = {
    .name = "gen.counters",
    .summary = "counters of a tree of services with planted, known issues",
    .leaves = leaves,
    .params = params,
    .run = run_gen,
};
