/* Worker protocol: see the header. */
#include "worker/protocol.h"

#include "common/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WAITING_MAX = LODE_HELD_MAX / 2, /* the scheduler gives far fewer */
    UNTAKEN_MAX = LODE_HELD_MAX / 2 - 1
};

/* Results that the coordinator has not taken yet. */
struct untaken {
    struct untaken *next;
    uint64_t sequence;
    struct lode_attempt *attempts; /* [n_attempts] */
    int n_attempts;
    struct lode_bytes message;
    int64_t sent_us; /* 0: not yet */
};

struct worker_protocol {
    struct worker_options options;
    struct worker_stage *stages;
    struct worker_task *running; /* lists in the order of arrival */
    struct worker_task *waiting;
    int n_running, n_waiting, n_untaken; /* tasks; n_untaken: in all messages */
    struct untaken *untaken;
    uint64_t progress, sequence, results_sequence;
    int64_t heard_us, beat_us;                                       /* beat 0: say something now */
    bool welcomed, prepared, draining, again, left, said_bye, unfit; /* unfit: `why` is our own */
    char why[LODE_MESSAGE_TEXT_LIMIT + 64];
    char directory[4096], library[4096];
    uint64_t library_hash;
    struct lode_bytes landmarks;
    uint64_t memory_bytes, worker, epoch;
    lode_status leave_status;
    bool leave;
};

lode_status worker_protocol_create(const struct worker_options *options, int64_t now_us,
                                   struct worker_protocol **protocol)
{
    struct worker_protocol *p = calloc(1, sizeof *p);
    if (!p) return lode_fail(LODE_E_MEMORY, "no memory for the worker's protocol");
    p->options = *options;
    p->heard_us = now_us;
    *protocol = p;
    return LODE_OK;
}

static void free_task(struct worker_task *task)
{
    if (!task) return;
    lode_bytes_clear(&task->input);
    free(task);
}

static void free_untaken(struct untaken *untaken)
{
    if (!untaken) return;
    lode_bytes_clear(&untaken->message);
    free(untaken->attempts);
    free(untaken);
}

static void free_tasks(struct worker_task *task)
{
    while (task) {
        struct worker_task *next = task->next;
        free_task(task);
        task = next;
    }
}

void worker_protocol_destroy(struct worker_protocol *p)
{
    if (!p) return;
    lode_bytes_clear(&p->landmarks);
    free_tasks(p->running);
    free_tasks(p->waiting);
    while (p->untaken) {
        struct untaken *next = p->untaken->next;
        free_untaken(p->untaken);
        p->untaken = next;
    }
    while (p->stages) {
        struct worker_stage *next = p->stages->next;
        lode_bytes_clear(&p->stages->params);
        free(p->stages);
        p->stages = next;
    }
    free(p);
}

static struct worker_stage *find_stage(const struct worker_protocol *p, uint64_t id)
{
    struct worker_stage *stage = p->stages;
    while (stage && stage->id != id) stage = stage->next;
    return stage;
}

static lode_status copy_path(struct lode_span from, char *path, size_t size)
{
    if (from.size >= size) return lode_fail(LODE_E_MESSAGE, "a path of %zu bytes", from.size);
    if (from.size > 0) memcpy(path, from.data, from.size);
    path[from.size] = '\0';
    return LODE_OK;
}

static lode_status on_welcome(struct worker_protocol *p, const struct lode_message *message)
{
    if (p->welcomed) return LODE_OK; /* the answer to a hello said twice */
    if (message->library.size > 0 && message->library.data[0] != '/')
        return lode_fail(LODE_E_MESSAGE, "a library whose path is not absolute");
    lode_try(copy_path(message->directory, p->directory, sizeof p->directory));
    lode_try(copy_path(message->library, p->library, sizeof p->library));
    p->library_hash = message->library_hash;
    lode_try(lode_bytes_append(&p->landmarks, message->bytes.data, message->bytes.size));
    p->memory_bytes = message->memory_bytes;
    p->worker = message->worker;
    p->epoch = message->epoch;
    p->welcomed = true;
    p->beat_us = 0;
    return LODE_OK;
}

static lode_status on_stage(struct worker_protocol *p, const struct lode_message *message)
{
    if (find_stage(p, message->stage)) return LODE_OK; /* announced twice */
    if (message->leaf.size >= sizeof p->stages->leaf)
        return lode_fail(LODE_E_MESSAGE, "a leaf name of %zu bytes", message->leaf.size);
    struct worker_stage *stage = calloc(1, sizeof *stage);
    if (!stage) return lode_fail(LODE_E_MEMORY, "no memory for a stage");
    stage->id = message->stage;
    memcpy(stage->leaf, message->leaf.data, message->leaf.size);
    stage->file_size = message->file_size;
    stage->file_hash = message->file_hash;
    stage->next = p->stages;
    p->stages = stage;
    return lode_bytes_append(&stage->params, message->bytes.data, message->bytes.size);
}

static bool is_known(const struct worker_protocol *p, const struct lode_attempt *attempt)
{
    for (const struct worker_task *task = p->running; task; task = task->next)
        if (lode_attempt_equals(&task->attempt, attempt)) return true;
    for (const struct worker_task *task = p->waiting; task; task = task->next)
        if (lode_attempt_equals(&task->attempt, attempt)) return true;
    for (const struct untaken *untaken = p->untaken; untaken; untaken = untaken->next)
        for (int i = 0; i < untaken->n_attempts; i++)
            if (lode_attempt_equals(&untaken->attempts[i], attempt)) return true;
    return false;
}

static lode_status add_waiting(struct worker_protocol *p, struct worker_stage *stage,
                               const struct lode_attempt *attempt, struct lode_span input)
{
    if (is_known(p, attempt)) return LODE_OK; /* the message came twice */
    if (p->n_running + p->n_waiting == WAITING_MAX)
        return lode_fail(LODE_E_MESSAGE, "more than %d tasks for one worker", WAITING_MAX);
    /* a beat could not list it: it is given again */
    if (p->n_running + p->n_waiting + p->n_untaken >= LODE_HELD_MAX) return LODE_OK;
    struct worker_task *task = calloc(1, sizeof *task), **end = &p->waiting;
    if (!task) return lode_fail(LODE_E_MEMORY, "no memory for a task");
    task->stage = stage;
    task->attempt = *attempt;
    const lode_status status = lode_bytes_append(&task->input, input.data, input.size);
    if (status) {
        free_task(task);
        return status;
    }
    while (*end) end = &(*end)->next;
    *end = task;
    p->n_waiting++;
    return LODE_OK;
}

/* Tasks of a stage that was never announced here are not taken: our next beats do not list them,
 * so the coordinator announces the stage again. The same while leaving. */
static lode_status on_tasks(struct worker_protocol *p, const struct lode_message *message)
{
    struct worker_stage *stage = find_stage(p, message->stage);
    struct lode_unpack in = lode_unpack_begin(message->bytes.data, message->bytes.size);
    for (;;) {
        struct lode_attempt attempt = {.stage = message->stage};
        struct lode_span input;
        bool more = false;
        lode_try(lode_batch_next(&in, &attempt.task, &attempt.attempt, &input, &more));
        if (!more) return LODE_OK;
        if (stage && p->welcomed && !p->draining) lode_try(add_waiting(p, stage, &attempt, input));
    }
}

static lode_status on_cancel(struct worker_protocol *p, const struct lode_message *message)
{
    const struct lode_attempt attempt = {message->stage, message->task, message->attempt};
    for (struct worker_task *task = p->running; task; task = task->next) {
        if (!lode_attempt_equals(&task->attempt, &attempt)) continue;
        atomic_store(&task->stop, true);
        p->again = p->again || (message->force && task == p->running);
        return LODE_OK;
    }
    for (struct worker_task **at = &p->waiting; *at; at = &(*at)->next) {
        if (!lode_attempt_equals(&(*at)->attempt, &attempt)) continue;
        struct worker_task *cancelled = *at;
        *at = cancelled->next;
        p->n_waiting--;
        free_task(cancelled); /* the next beat says that it is gone */
        return LODE_OK;
    }
    return LODE_OK;
}

static void on_taken(struct worker_protocol *p, const struct lode_message *message)
{
    for (struct untaken **at = &p->untaken; *at; at = &(*at)->next) {
        if ((*at)->sequence != message->sequence) continue;
        struct untaken *taken = *at;
        *at = taken->next;
        p->n_untaken -= taken->n_attempts;
        free_untaken(taken);
        return;
    }
}

static void leave(struct worker_protocol *p, lode_status status)
{
    p->leave = true;
    p->leave_status = status;
}

static lode_status on_message(struct worker_protocol *p, const struct lode_message *message)
{
    switch (message->type) {
    case LODE_WELCOME:
        return on_welcome(p, message);
    case LODE_STAGE:
        return on_stage(p, message);
    case LODE_TASKS:
        return on_tasks(p, message);
    case LODE_CANCEL:
        return on_cancel(p, message);
    case LODE_TAKEN:
        on_taken(p, message);
        return LODE_OK;
    case LODE_BEAT:
        return LODE_OK;
    case LODE_END:
        leave(p, LODE_OK);
        return LODE_OK;
    case LODE_REFUSED:
        snprintf(p->why, sizeof p->why, "the coordinator refused this worker: %.*s",
                 (int)message->text.size, (const char *)message->text.data);
        leave(p, LODE_E_USAGE);
        return LODE_OK;
    default:
        return lode_fail(LODE_E_MESSAGE, "message type %d is not for workers", message->type);
    }
}

lode_status worker_protocol_message(struct worker_protocol *p, const void *data, size_t size,
                                    int64_t now_us)
{
    struct lode_message message;
    lode_try(lode_message_decode(data, size, &message));
    p->heard_us = now_us;
    return on_message(p, &message);
}

void worker_protocol_refused(struct worker_protocol *p, const char *why)
{
    if (p->leave) return;
    snprintf(p->why, sizeof p->why, "%s", why);
    p->unfit = true;
    leave(p, LODE_E_USAGE);
}

/* The message with the results, and which attempts it is about; the running list is not touched. */
static lode_status make_untaken(struct worker_protocol *p, int n_ended,
                                const struct lode_bytes *results, struct untaken **made)
{
    const struct lode_message message = {.type = LODE_RESULTS,
                                         .sequence = p->results_sequence + 1,
                                         .bytes = {results->data, results->size}};
    const struct worker_task *task = p->running;
    struct untaken *untaken = calloc(1, sizeof *untaken);
    if (untaken) untaken->attempts = calloc((size_t)n_ended, sizeof *untaken->attempts);
    if (!untaken || !untaken->attempts) {
        free_untaken(untaken);
        return lode_fail(LODE_E_MEMORY, "no memory for %d results", n_ended);
    }
    for (; untaken->n_attempts < n_ended && task; task = task->next)
        untaken->attempts[untaken->n_attempts++] = task->attempt;
    untaken->sequence = message.sequence;
    lode_status status = lode_message_encode(&message, &untaken->message);
    if (!status && untaken->n_attempts < n_ended)
        status = lode_fail(LODE_E_BUG, "%d tasks ended, %d ran", n_ended, untaken->n_attempts);
    if (status) {
        free_untaken(untaken);
        return status;
    }
    *made = untaken;
    return LODE_OK;
}

lode_status worker_protocol_ended(struct worker_protocol *p, int n_ended,
                                  struct lode_bytes *results)
{
    struct untaken *untaken = NULL, **end = &p->untaken;
    const lode_status status = make_untaken(p, n_ended, results, &untaken);
    lode_bytes_clear(results);
    lode_try(status);
    while (*end) end = &(*end)->next;
    *end = untaken;
    p->n_untaken += n_ended;
    p->results_sequence++;
    p->again = false;
    for (int i = 0; i < n_ended; i++) {
        struct worker_task *ended = p->running;
        p->running = ended->next;
        p->n_running--;
        free_task(ended);
    }
    return LODE_OK;
}

lode_status worker_protocol_tick(struct worker_protocol *p, uint64_t progress, int64_t now_us)
{
    p->progress = progress;
    if (now_us - p->heard_us > p->options.silence_us && !p->leave) {
        snprintf(p->why, sizeof p->why, "nothing heard from the coordinator for %lld s",
                 (long long)(p->options.silence_us / 1000000));
        leave(p, LODE_E_CLUSTER);
    }
    return LODE_OK;
}

void worker_protocol_drain(struct worker_protocol *p)
{
    if (p->draining) return;
    p->draining = true;
    p->beat_us = 0;
    free_tasks(p->waiting); /* the beat says that we leave: they go back */
    p->waiting = NULL;
    p->n_waiting = 0;
    /* of those that were handed out, the first may have begun */
    for (struct worker_task *task = p->running ? p->running->next : NULL; task; task = task->next)
        atomic_store(&task->stop, true);
}

static lode_status make_message(const struct lode_message *message, struct worker_action *action)
{
    action->kind = WORKER_SEND;
    return lode_message_encode(message, &action->bytes);
}

static lode_status say_hello(struct worker_protocol *p, struct worker_action *action)
{
    const struct lode_message hello = {
        .type = LODE_HELLO,
        .protocol = LODE_PROTOCOL,
        .version = lode_span_text(p->options.version),
        .host = lode_span_text(p->options.host),
        .place = lode_span_text(p->options.place),
        .pid = p->options.pid,
        .incarnation = p->options.incarnation,
    };
    return make_message(&hello, action);
}

static lode_status list_held(const struct worker_protocol *p, struct lode_bytes *list)
{
    for (const struct worker_task *task = p->running; task; task = task->next) {
        const struct lode_held held = {task->attempt,
                                       task == p->running ? LODE_HELD_RUNNING : LODE_HELD_WAITING};
        lode_try(lode_held_append(list, &held));
    }
    for (const struct worker_task *task = p->waiting; task; task = task->next) {
        const struct lode_held held = {task->attempt, LODE_HELD_WAITING};
        lode_try(lode_held_append(list, &held));
    }
    for (const struct untaken *untaken = p->untaken; untaken; untaken = untaken->next)
        for (int i = 0; i < untaken->n_attempts; i++) {
            const struct lode_held held = {untaken->attempts[i], LODE_HELD_FINISHED};
            lode_try(lode_held_append(list, &held));
        }
    return LODE_OK;
}

static lode_status say_beat(struct worker_protocol *p, struct worker_action *action)
{
    struct lode_bytes list = {0};
    lode_status status = list_held(p, &list);
    const struct lode_message beat = {.type = LODE_BEAT,
                                      .sequence = ++p->sequence,
                                      .progress = p->progress,
                                      .leaving = p->draining,
                                      .bytes = {list.data, list.size}};
    if (!status) status = make_message(&beat, action);
    lode_bytes_clear(&list);
    return status;
}

/* Results that were not sent yet, or not taken for two heartbeats. */
static struct untaken *due(const struct worker_protocol *p, int64_t now_us)
{
    struct untaken *untaken = p->untaken;
    while (untaken && untaken->sent_us && now_us - untaken->sent_us < 2 * p->options.heartbeat_us)
        untaken = untaken->next;
    return untaken;
}

/* The last words, or none: the status to end with was decided before. */
static lode_status next_of_leaving(struct worker_protocol *p, struct worker_action *action)
{
    const struct lode_message bye = {.type = LODE_BYE,
                                     .text = lode_span_text(p->unfit ? p->why : "")};
    if (!p->said_bye && p->leave_status != LODE_E_CLUSTER && p->welcomed) {
        p->said_bye = true;
        return make_message(&bye, action);
    }
    if (p->left) return LODE_OK;
    p->left = true;
    action->kind = WORKER_LEAVE;
    action->status = p->leave_status;
    action->why = p->why;
    return LODE_OK;
}

static lode_status next_message(struct worker_protocol *p, int64_t now_us,
                                struct worker_action *action)
{
    struct untaken *untaken = due(p, now_us);
    if (untaken) {
        untaken->sent_us = now_us;
        action->kind = WORKER_SEND;
        return lode_bytes_append(&action->bytes, untaken->message.data, untaken->message.size);
    }
    if (p->beat_us && now_us - p->beat_us < p->options.heartbeat_us) return LODE_OK;
    p->beat_us = now_us;
    return p->welcomed ? say_beat(p, action) : say_hello(p, action);
}

lode_status worker_protocol_next(struct worker_protocol *p, int64_t now_us,
                                 struct worker_action *action)
{
    *action = (struct worker_action){.kind = WORKER_NOTHING};
    if (p->leave) return next_of_leaving(p, action);
    if (p->welcomed && !p->prepared) {
        p->prepared = true;
        action->kind = WORKER_PREPARE;
        action->memory_bytes = p->memory_bytes;
        action->worker = p->worker;
        action->epoch = p->epoch;
        memcpy(action->directory, p->directory, sizeof action->directory);
        memcpy(action->library, p->library, sizeof action->library);
        action->library_hash = p->library_hash;
        action->landmarks = (struct lode_span){p->landmarks.data, p->landmarks.size};
        return LODE_OK;
    }
    if (p->again) {
        action->kind = WORKER_AGAIN;
        p->again = false;
        return LODE_OK;
    }
    if (!p->running && p->waiting && p->n_untaken < UNTAKEN_MAX) {
        p->running = p->waiting;
        p->n_running = p->n_waiting;
        p->waiting = NULL;
        p->n_waiting = 0;
        action->kind = WORKER_RUN;
        action->task = p->running;
        return LODE_OK;
    }
    if (p->draining && !p->running && !p->untaken) {
        leave(p, LODE_OK);
        return next_of_leaving(p, action);
    }
    return next_message(p, now_us, action);
}

const struct worker_task *worker_protocol_running(const struct worker_protocol *p)
{
    return p->running;
}
