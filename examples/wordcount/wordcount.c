/* Word count: how often each event of a store occurs, in how many sessions, of how many users.
 *
 * A whole analysis for lode in one file. The leaf counts one partition, the merge adds, the root
 * step ranks and writes:
 *   table `words`      every event with its counts
 *   table `wordcount`  the findings, which `lode show` prints
 *
 *     cc -O2 -shared -fPIC $(pkg-config --cflags lode) wordcount.c -o wordcount.so
 *     lode run ./wordcount.so web.lode -o run1 && lode show run1
 */
#include <lode/job.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct count {
    const char *word;
    int64_t events, sessions, users;
};

/* --- the leaf: one partition, on a worker --- */

/* Events of one partition, as codes, and where users and sessions begin. */
struct rows {
    struct lode_part part;
    int64_t *sessions_of; /* [users + 1] */
    int64_t *events_of;   /* [sessions + 1] */
    uint32_t *words;      /* [events] */
};

static lode_status read_rows(struct lode_task *task, int64_t n_words, struct rows *rows)
{
    lode_try(lode_part_session_offsets(&rows->part, task->arena, &rows->sessions_of));
    lode_try(lode_part_event_offsets(&rows->part, task->arena, &rows->events_of));
    return lode_part_event_names(&rows->part, n_words, task->arena, &rows->words);
}

/* counts [n_words], zero at first. */
static lode_status count_rows(struct lode_task *task, const struct rows *rows, int64_t n_words,
                              struct count *counts)
{
    int64_t *last_session = NULL, *last_user = NULL; /* that had the word, counted from 1 */
    lode_try(lode_take_zero(task->arena, n_words, &last_session));
    lode_try(lode_take_zero(task->arena, n_words, &last_user));
    for (int64_t user = 0; user < rows->part.n_users; user++) {
        const int64_t first = rows->sessions_of[user], end = rows->sessions_of[user + 1];
        for (int64_t session = first; session < end; session++) {
            for (int64_t i = rows->events_of[session]; i < rows->events_of[session + 1]; i++) {
                const uint32_t word = rows->words[i];
                counts[word].events++;
                counts[word].sessions += last_session[word] != session + 1;
                counts[word].users += last_user[word] != user + 1;
                last_session[word] = session + 1;
                last_user[word] = user + 1;
            }
        }
        lode_try(lode_task_advance(task, end - first));
    }
    return LODE_OK;
}

/* Parameters: the store, the number of words. Result: [word, events, sessions, users] of each word
 * that occurs, one after the other. */
static lode_status count_leaf(struct lode_task *task)
{
    struct lode_unpack in = lode_unpack_begin(task->params, task->params_size);
    lode_status status = LODE_OK;
    struct rows rows = {.part = {.file = NULL}};
    struct count *counts = NULL;
    int64_t n_words = 0;

    lode_try(lode_task_open_part(task, &in, task->index, &rows.part));
    lode_try_done(lode_unpack_count(&in, "words", UINT32_MAX, &n_words));
    lode_try_done(read_rows(task, n_words, &rows));
    lode_try_done(lode_take_zero(task->arena, n_words, &counts));
    lode_try_done(count_rows(task, &rows, n_words, counts));
    for (int64_t word = 0; word < n_words; word++) {
        if (counts[word].events == 0) continue;
        lode_try_done(lode_pack_i64(task->output, word));
        lode_try_done(lode_pack_i64(task->output, counts[word].events));
        lode_try_done(lode_pack_i64(task->output, counts[word].sessions));
        lode_try_done(lode_pack_i64(task->output, counts[word].users));
    }
done:
    lode_part_close(&rows.part);
    return status;
}

/* --- the root steps, on the coordinator --- */

struct totals {
    int64_t n_words;
    struct count *counts; /* [n_words] */
};

/* A user, and so a session, is in one partition only: all three counts add up. */
static lode_status add_counts(void *context, int64_t task, const uint8_t *result, size_t size)
{
    struct totals *totals = context;
    struct lode_unpack in = lode_unpack_begin(result, size);
    (void)task;
    while (in.at < in.end) {
        int64_t word = 0, events = 0, sessions = 0, users = 0;
        lode_try(lode_unpack_i64(&in, &word));
        lode_try(lode_unpack_i64(&in, &events));
        lode_try(lode_unpack_i64(&in, &sessions));
        lode_try(lode_unpack_i64(&in, &users));
        if (word < 0 || word >= totals->n_words)
            return lode_fail(LODE_E_MESSAGE, "word %" PRId64 " of %" PRId64, word, totals->n_words);
        totals->counts[word].events += events;
        totals->counts[word].sessions += sessions;
        totals->counts[word].users += users;
    }
    return LODE_OK;
}

static lode_status count_words(struct lode_run *run, struct totals *totals)
{
    struct lode_stage stage = {.leaf = "wordcount.count",
                               .title = "counting words",
                               .n_tasks = lode_store_partitions(run->store),
                               .cost_units = "events",
                               .describe = lode_store_name_partition,
                               .describe_context = run->store};
    int64_t *costs = NULL;
    lode_try(lode_take(run->arena, stage.n_tasks, &costs));
    for (int64_t i = 0; i < stage.n_tasks; i++)
        costs[i] = lode_store_partition_rows(run->store, i).n_events;
    stage.costs = costs;
    lode_status status = lode_store_refer(run->store, &stage.params);
    if (!status) status = lode_pack_i64(&stage.params, totals->n_words);
    if (!status) status = lode_map(run, &stage, add_counts, totals);
    lode_bytes_clear(&stage.params);
    return status;
}

/* Most sessions first; the order is full, so it is the same on every machine. */
static int by_rank(const void *a, const void *b)
{
    const struct count *left = a, *right = b;
    if (left->sessions != right->sessions) return left->sessions > right->sessions ? -1 : 1;
    if (left->events != right->events) return left->events > right->events ? -1 : 1;
    return strcmp(left->word, right->word);
}

/* The columns of both tables, for the first n_rows of the ranked words. */
enum { RANK, EVENT, USERS, SESSIONS, EVENTS, SHARE, N_COLUMNS };

static lode_status make_columns(struct lode_run *run, const struct totals *totals, int64_t n_rows,
                                struct lode_column columns[N_COLUMNS])
{
    const int64_t all = lode_store_rows(run->store).n_sessions;
    struct lode_words *words = NULL;
    int64_t *numbers[N_COLUMNS] = {NULL};
    int64_t n_words = 0;
    double *shares = NULL;
    uint32_t *codes = NULL;
    lode_try(lode_words_create(run->arena, &words));
    lode_try(lode_take(run->arena, n_rows, &codes));
    lode_try(lode_take(run->arena, n_rows, &shares));
    for (int i = 0; i < N_COLUMNS; i++) lode_try(lode_take(run->arena, n_rows, &numbers[i]));
    for (int64_t row = 0; row < n_rows; row++) {
        const struct count *count = &totals->counts[row];
        lode_try(lode_words_add(words, count->word, strlen(count->word), &codes[row]));
        numbers[RANK][row] = row + 1;
        numbers[USERS][row] = count->users;
        numbers[SESSIONS][row] = count->sessions;
        numbers[EVENTS][row] = count->events;
        shares[row] = (double)count->sessions / (double)all;
    }
    columns[RANK] =
        lode_column_numbers("rank", LODE_COLUMN_I64, numbers[RANK], NULL, "1 is in most sessions");
    columns[EVENT] = lode_column_words("event", codes, lode_words_list(words, &n_words), n_rows,
                                       "name of the event");
    columns[USERS] = lode_column_numbers("users", LODE_COLUMN_I64, numbers[USERS], "users",
                                         "users that have it");
    columns[SESSIONS] = lode_column_numbers("sessions", LODE_COLUMN_I64, numbers[SESSIONS],
                                            "sessions", "sessions that have it");
    columns[EVENTS] = lode_column_numbers("events", LODE_COLUMN_I64, numbers[EVENTS], "events",
                                          "how often it occurs");
    columns[SHARE] = lode_column_numbers("share", LODE_COLUMN_F64, shares, "1",
                                         "share of all sessions that have it");
    return LODE_OK;
}

/* Parameters, as numbers. */
struct options {
    int64_t least, top;
};

static lode_status read_options(const struct lode_params *params, struct options *options)
{
    lode_try(lode_params_i64(params, "least", 1, INT64_MAX, &options->least));
    return lode_params_i64(params, "top", 0, INT64_MAX, &options->top);
}

static lode_status check(const struct lode_params *params, const struct lode_store *store)
{
    struct options options;
    (void)store;
    return read_options(params, &options);
}

static lode_status put_tables(struct lode_run *run, const struct totals *totals,
                              const struct options *options)
{
    struct lode_column columns[N_COLUMNS];
    struct lode_table table = {.name = "words",
                               .title = "every event with its counts",
                               .n_columns = N_COLUMNS,
                               .columns = columns};
    while (table.n_rows < totals->n_words &&
           totals->counts[table.n_rows].sessions >= options->least)
        table.n_rows++;
    lode_try(make_columns(run, totals, table.n_rows, columns));
    lode_try(lode_results_put(run->results, &table));

    table.name = "wordcount";
    table.title = "events that occur in most sessions";
    if (options->top > 0 && table.n_rows > options->top) table.n_rows = options->top;
    return lode_findings_put(run, &table);
}

static lode_status run_wordcount(struct lode_run *run)
{
    const struct lode_dictionary *names = lode_store_event_names(run->store);
    struct totals totals = {.n_words = names->count};
    struct options options;
    lode_try(read_options(run->params, &options));
    lode_try(lode_take_zero(run->arena, totals.n_words, &totals.counts));
    for (int64_t i = 0; i < totals.n_words; i++) totals.counts[i].word = names->words[i];
    lode_try(count_words(run, &totals));
    qsort(totals.counts, (size_t)totals.n_words, sizeof *totals.counts, by_rank);
    return put_tables(run, &totals, &options);
}

/* --- the registration --- */

static const struct lode_leaf leaves[] = {{"wordcount.count", count_leaf}, {NULL, NULL}};

static const struct lode_param params[] = {
    {"least", "1", "sessions", "events that fewer sessions have are left out"},
    {"top", "20", "events", "how many findings at most; 0: all"},
    {NULL, NULL, NULL, NULL},
};

static const char *const show_columns[] = {"rank", "event", "sessions", "share", "users", NULL};
static const char *const identity_columns[] = {"event", NULL};
static const char *const figure_columns[] = {"sessions", "share", NULL};

static const struct lode_job wordcount_job = {
    .name = "wordcount",
    .store_kind = "events",
    .summary = "how often each event occurs, in how many sessions, of how many users",
    .leaves = leaves,
    .params = params,
    .check = check,
    .run = run_wordcount,
    .findings_table = "wordcount",
    .show_columns = show_columns,
    .identity_columns = identity_columns,
    .figure_columns = figure_columns,
};

LODE_PLUGIN(wordcount_job);
