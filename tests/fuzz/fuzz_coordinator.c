/* Hostile workers: any sequence of messages, of time and of what else befalls the coordinator's
 * protocol is answered and never harms it: no crash, no leak, no status but LODE_OK, and the books
 * of the scheduler add up. */
#include "common/log.h"
#include "common/version.h"
#include "coordinator/dispatch/protocol.h"
#include "tests/fuzz/steps.h"

enum { SECOND = 1000000, TASKS = 6, STAGE = 1, OUTPUTS_MAX = 100000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const identities[] = {"a", "b", "c", "d"};

static void check(int fact)
{
    if (!fact) abort();
}

static void hello(struct protocol *p, const char *identity, int64_t now_us)
{
    struct lode_bytes bytes = {0};
    const struct lode_message message = {.type = LODE_HELLO,
                                         .protocol = LODE_PROTOCOL,
                                         .version = lode_span_text(lode_version()),
                                         .host = lode_span_text("n1"),
                                         .place = lode_span_text(identity),
                                         .incarnation = 1};
    const struct lode_message ready = {.type = LODE_BEAT};
    check(lode_message_encode(&message, &bytes) == LODE_OK);
    check(protocol_message(p, identity, bytes.data, bytes.size, now_us) == LODE_OK);
    bytes.size = 0;
    check(lode_message_encode(&ready, &bytes) == LODE_OK);
    check(protocol_message(p, identity, bytes.data, bytes.size, now_us) == LODE_OK);
    lode_bytes_clear(&bytes);
}

static void drain_outputs(struct protocol *p, int64_t now_us)
{
    struct protocol_output output;
    struct lode_message message;
    bool more = true;
    for (int i = 0; i < OUTPUTS_MAX; i++) {
        check(protocol_next(p, now_us, &output, &more) == LODE_OK);
        if (!more) return;
        if (output.kind == PROTOCOL_SEND)
            check(lode_message_decode(output.bytes.data, output.bytes.size, &message) == LODE_OK);
        lode_bytes_clear(&output.bytes);
        report_free(output.report);
    }
    check(!more); /* it talks for ever */
}

static void check_books(const struct protocol *p)
{
    const struct scheduler_counts counts = scheduler_counts(protocol_scheduler(p));
    check(counts.tasks == TASKS && counts.done >= 0 && counts.missing >= 0);
    check(counts.running >= 0 && counts.waiting >= 0 && counts.workers >= 0);
    check(counts.done + counts.missing + counts.running + counts.waiting == TASKS);
}

static void do_step(struct protocol *p, const struct step *step, int64_t *now_us)
{
    lode_status status = LODE_OK;
    const char *identity = identities[step->argument % 4];
    switch (step->kind % 8) {
    case 0:
        *now_us += (int64_t)step->argument * SECOND / 10;
        status = protocol_tick(p, *now_us);
        break;
    case 1:
        status = protocol_unreachable(p, identity, *now_us);
        break;
    case 2:
        if (step->argument == 99) protocol_drain(p);
        if (step->argument == 98) status = protocol_dismiss(p);
        if (step->argument == 97) status = protocol_no_children(p);
        break;
    default:
        status = protocol_message(p, identity, step->bytes, step->size, *now_us);
    }
    check(status == LODE_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct protocol_options options = {.scheduling = {.max_attempts = 4,
                                                                   .max_refusals = 2,
                                                                   .max_kills = 3,
                                                                   .lease_us = 10 * SECOND,
                                                                   .transit_us = SECOND,
                                                                   .slow_us = 2 * SECOND,
                                                                   .speculation = true,
                                                                   .allow_partial = true},
                                                    .heartbeat_us = SECOND / 2,
                                                    .start_timeout_us = 60 * SECOND,
                                                    .work_directory = "/stages"};
    static const int64_t costs[TASKS] = {3, 1, 4, 1, 5, 9};
    const struct lode_stage stage = {
        .leaf = "test.leaf", .title = "testing", .n_tasks = TASKS, .costs = costs};
    const struct lode_message announcement = {
        .type = LODE_STAGE, .stage = STAGE, .leaf = lode_span_text("test.leaf")};
    struct lode_bytes announced = {0};
    const struct protocol_stage current = {.id = STAGE, .stage = &stage, .message = &announced};
    struct protocol *p = NULL;
    struct step step;
    int64_t now_us = 50 * SECOND;

    lode_log_set_level(LODE_LOG_ERROR);
    check(lode_message_encode(&announcement, &announced) == LODE_OK);
    check(protocol_create(&options, now_us, &p) == LODE_OK);
    check(protocol_begin(p, &current, now_us) == LODE_OK);
    for (int i = 0; i < 2; i++) hello(p, identities[i], now_us);
    drain_outputs(p, now_us);
    while (step_next(&data, &size, &step)) {
        do_step(p, &step, &now_us);
        free(step.bytes);
        if (step.kind & 0x80) continue; /* several events before anybody asks what to do */
        drain_outputs(p, now_us);
        check_books(p);
    }
    protocol_destroy(p); /* also with outputs that nobody took */
    lode_bytes_clear(&announced);
    return 0;
}
