/* A hostile coordinator: any sequence of messages, ended tasks and time leaves the worker's
 * protocol in order: no crash, no leak, LODE_E_MESSAGE for what is no message, one batch at most
 * that runs, and results and beats that a coordinator reads. */
#include "tests/fuzz/steps.h"
#include "worker/protocol.h"

enum { SECOND = 1000000, ACTIONS_MAX = 10000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int fact)
{
    if (!fact) abort();
}

static void check_running(const struct worker_protocol *p)
{
    int count = 0;
    for (const struct worker_task *task = worker_protocol_running(p); task; task = task->next) {
        check(task->stage && task->attempt.stage == task->stage->id);
        count++;
    }
    check(count <= LODE_HELD_MAX);
}

static void check_results(const struct lode_message *message)
{
    struct lode_unpack in = lode_unpack_begin(message->bytes.data, message->bytes.size);
    struct lode_result result;
    bool more = true;
    while (more) check(lode_result_next(&in, &result, &more) == LODE_OK);
}

static void take(const struct worker_action *action, const struct worker_protocol *p)
{
    struct lode_message message;
    struct lode_held held[LODE_HELD_MAX];
    int n_held = 0;
    if (action->kind == WORKER_RUN) {
        check(action->task && action->task == worker_protocol_running(p));
        check_running(p);
    }
    if (action->kind == WORKER_PREPARE)
        check(memchr(action->directory, 0, sizeof action->directory) != NULL);
    if (action->kind != WORKER_SEND) return;
    check(lode_message_decode(action->bytes.data, action->bytes.size, &message) == LODE_OK);
    if (message.type == LODE_RESULTS) check_results(&message);
    if (message.type == LODE_BEAT) check(lode_held_read(message.bytes, held, &n_held) == LODE_OK);
}

static void drain_actions(struct worker_protocol *p, int64_t now_us)
{
    struct worker_action action;
    for (int i = 0; i < ACTIONS_MAX; i++) {
        check(worker_protocol_next(p, now_us, &action) == LODE_OK);
        if (action.kind == WORKER_NOTHING) return;
        take(&action, p);
        lode_bytes_clear(&action.bytes);
    }
    abort(); /* it finds something to do for ever */
}

/* One to four of the tasks that run, as far as there are so many. */
static void end_tasks(struct worker_protocol *p, const struct step *step)
{
    struct lode_bytes results = {0};
    const struct worker_task *task = worker_protocol_running(p);
    int n_ended = 0;
    for (; task && n_ended <= step->argument / 64; task = task->next, n_ended++) {
        const struct lode_result result = {.attempt = task->attempt,
                                           .status = step->argument % 12 % (LODE_E_BUG + 1),
                                           .text =
                                               lode_span_text(step->argument % 11 ? "rotten" : ""),
                                           .bytes = {step->bytes, step->size},
                                           .wall_us = step->argument};
        check(lode_result_append(&results, &result) == LODE_OK);
    }
    if (n_ended) check(worker_protocol_ended(p, n_ended, &results) == LODE_OK);
}

static void do_step(struct worker_protocol *p, const struct step *step, int64_t *now_us)
{
    lode_status status = LODE_OK;
    switch (step->kind % 8) {
    case 0:
        *now_us += (int64_t)step->argument * SECOND / 10;
        status = worker_protocol_tick(p, step->argument, *now_us);
        break;
    case 1:
        end_tasks(p, step);
        break;
    case 2:
        if (step->argument == 99) worker_protocol_drain(p);
        if (step->argument == 98) worker_protocol_refused(p, "not known there");
        break;
    default:
        status = worker_protocol_message(p, step->bytes, step->size, *now_us);
        check(status == LODE_OK || status == LODE_E_MESSAGE);
        return;
    }
    check(status == LODE_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct worker_options options = {.version = "1.2.3",
                                                  .host = "n1",
                                                  .place = "n1.0",
                                                  .incarnation = 1,
                                                  .heartbeat_us = SECOND / 2,
                                                  .silence_us = 20 * SECOND};
    struct worker_protocol *p = NULL;
    struct step step;
    int64_t now_us = 50 * SECOND;
    check(worker_protocol_create(&options, now_us, &p) == LODE_OK);
    drain_actions(p, now_us);
    while (step_next(&data, &size, &step)) {
        do_step(p, &step, &now_us);
        free(step.bytes);
        if (!(step.kind & 0x80)) drain_actions(p, now_us);
    }
    worker_protocol_destroy(p);
    return 0;
}
