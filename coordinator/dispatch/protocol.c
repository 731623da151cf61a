/* Protocol: see the header. Here are its life, its stages and the passing of time; hear.c takes
 * messages in, act.c carries out what the scheduler decides, outbox.c queues what goes out.
 */
#include "common/log.h"
#include "coordinator/dispatch/protocol_private.h"

#include <stdio.h>
#include <stdlib.h>

enum { LOST_BEATS = 3 /* heartbeats without a word after which a worker is taken for lost */ };

lode_status protocol_create(const struct protocol_options *options, int64_t now_us,
                            struct protocol **protocol)
{
    lode_status status = LODE_OK;
    struct protocol *p = calloc(1, sizeof *p);
    if (!p) return lode_fail(LODE_E_MEMORY, "no memory for the protocol");
    p->options = *options;
    p->beat_us = p->tick_us = p->workers_seen_us = now_us;
    lode_try_done(scheduler_create(&options->scheduling, &p->scheduler));
    lode_try_done(members_create(&p->members));
    *protocol = p;
    p = NULL;
done:
    protocol_destroy(p);
    return status;
}

void protocol_destroy(struct protocol *p)
{
    if (!p) return;
    for (int64_t i = p->next_queue; i < p->n_queue; i++) protocol_output_clear(&p->queue[i]);
    free(p->queue);
    free(p->batched);
    free(p->unfit_why);
    scheduler_destroy(p->scheduler);
    members_destroy(p->members);
    free(p);
}

/* Takes a worker out; what it held is reported as lost and waits for another. */
lode_status protocol_lose(struct protocol *p, int worker, const char *why, int64_t now_us)
{
    struct member *member = members_at(p->members, worker);
    struct scheduler_entry entry;
    if (!member->here) return LODE_OK;
    lode_log_warn("worker lost worker=%d place=%s host=%s pid=%llu: %s", worker, member->place,
                  member->host, (unsigned long long)member->pid, why);
    member->here = false;
    member->batch.size = 0;
    member->suspect = (struct lode_attempt){0};
    for (int i = 0; scheduler_held(p->scheduler, worker, i, &entry); i++) {
        if (entry.unwanted_us) continue;
        if (i == 0) member->suspect = entry.attempt;
        member->n_lost++;
        lode_try(protocol_report_attempt(p, worker, &entry.attempt, "lost", entry.started_us,
                                         now_us, why));
    }
    lode_try(scheduler_lost(p->scheduler, worker));
    if (p->dismissing) return LODE_OK;
    struct report *report = NULL;
    lode_try(protocol_report_make(p, REPORT_WORKER_LOST, worker, why, &report));
    return protocol_report(p, report);
}

lode_status protocol_begin(struct protocol *p, const struct protocol_stage *stage, int64_t now_us)
{
    p->stage = *stage;
    p->has_stage = true;
    p->workers_seen_us = p->stage_begin_us = now_us;
    const struct lode_stage *about = stage->stage;
    const struct scheduler_stage scheduled = {
        .id = stage->id,
        .n_tasks = about->n_tasks,
        .costs = about->costs,
        .done = stage->done,
        .keys = about->keys,
        .key_is_index = about->n_tasks == p->options.n_partitions,
    };
    return scheduler_begin(p->scheduler, &scheduled, now_us);
}

lode_status protocol_forget(struct protocol *p)
{
    p->has_stage = false;
    scheduler_abandon(p->scheduler);
    return protocol_report_plain(p, REPORT_FORGOTTEN, LODE_OK, NULL);
}

static lode_status beat(struct protocol *p, int64_t now_us)
{
    const struct lode_message message = {.type = LODE_BEAT};
    const int64_t beat_us = p->options.heartbeat_us;
    char why[80];
    if (now_us - p->beat_us < beat_us) return LODE_OK;
    p->beat_us = now_us;
    /* after a pause of this process itself (stopped, starved) nobody is lost on its account */
    const bool awake = now_us - p->tick_us < beat_us;
    snprintf(why, sizeof why, "nothing heard from it for %.1f s",
             (double)(LOST_BEATS * beat_us) / 1e6);
    for (int i = 0; i < members_count(p->members); i++) {
        struct member *member = members_at(p->members, i);
        if (!member->here) continue;
        if (!awake) member->heard_us = now_us;
        if (now_us - member->heard_us > LOST_BEATS * beat_us)
            lode_try(protocol_lose(p, i, why, now_us));
        else
            lode_try(protocol_send_to(p, i, &message));
    }
    return LODE_OK;
}

lode_status protocol_no_children(struct protocol *p)
{
    if (!p->has_stage || scheduler_counts(p->scheduler).workers > 0) return LODE_OK;
    p->has_stage = false;
    return protocol_report_plain(p, REPORT_NO_WORKERS, LODE_E_CLUSTER, p->unfit_why);
}

int64_t protocol_unfit(const struct protocol *p)
{
    return p->n_unfit;
}

lode_status protocol_tick(struct protocol *p, int64_t now_us)
{
    lode_try(beat(p, now_us));
    p->tick_us = now_us;
    lode_try(scheduler_tick(p->scheduler, now_us));
    if (scheduler_counts(p->scheduler).workers > 0) p->workers_seen_us = now_us;
    if (now_us - p->workers_seen_us > p->options.start_timeout_us) return protocol_no_children(p);
    return LODE_OK;
}

void protocol_drain(struct protocol *p)
{
    scheduler_drain(p->scheduler);
}

lode_status protocol_dismiss(struct protocol *p)
{
    p->dismissing = true;
    p->has_stage = false;
    for (int i = 0; i < members_count(p->members); i++)
        if (members_at(p->members, i)->here)
            lode_try(protocol_send_end(p, members_at(p->members, i)->identity));
    return LODE_OK;
}

lode_status protocol_next(struct protocol *p, int64_t now_us, struct protocol_output *output,
                          bool *more)
{
    if (p->next_queue == p->n_queue) lode_try(protocol_ask_scheduler(p, now_us));
    *more = p->next_queue < p->n_queue;
    if (*more) *output = p->queue[p->next_queue++];
    return LODE_OK;
}

const struct scheduler *protocol_scheduler(const struct protocol *p)
{
    return p->scheduler;
}

const struct members *protocol_members(const struct protocol *p)
{
    return p->members;
}

const struct protocol_stage *protocol_stage(const struct protocol *p, int64_t *begin_us)
{
    *begin_us = p->stage_begin_us;
    return p->has_stage ? &p->stage : NULL;
}

int64_t protocol_bad_messages(const struct protocol *p)
{
    return p->n_bad;
}

int64_t protocol_refused_workers(const struct protocol *p)
{
    return p->n_refused;
}
