/* Desk: see the header. */
#include "jobs/hierarchy/alerts/desk/desk.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/lock_file.h"
#include "jobs/hierarchy/alerts/desk/spool.h"

enum { STATE_LIMIT = 1 << 30, ALERTS_A_REQUEST = 64 };

/* A desk that is held. */
struct serving {
    const struct desk *desk;
    struct lode_arena *arena;
    char state[PATH_MAX], spool[PATH_MAX], refused[PATH_MAX], lock[PATH_MAX];
    struct memory before, after;
    struct alerts alerts;
    struct desk_outcome *outcome;
};

static lode_status name_file(const char *folder, const char *name, char path[PATH_MAX])
{
    if (snprintf(path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX) return LODE_OK;
    return lode_fail(LODE_E_USAGE, "path too long: %.64s...", folder);
}

/* Of this user alone: what alerts say is nobody else's business. */
static lode_status make_folder(const char *path)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST) return LODE_OK;
    return lode_fail(LODE_E_DISK, "%s: %s", path, strerror(errno));
}

static lode_status set_up(struct serving *s)
{
    const char *folder = s->desk->folder;
    lode_try(name_file(folder, "state.jsonl", s->state));
    lode_try(name_file(folder, "spool", s->spool));
    lode_try(name_file(folder, "refused", s->refused));
    lode_try(name_file(folder, "lock", s->lock));
    lode_try(make_folder(folder));
    lode_try(make_folder(s->spool));
    return make_folder(s->refused);
}

static lode_status load_state(struct serving *s)
{
    struct lode_bytes text = {0};
    s->before.until_ms = INT64_MIN;
    if (access(s->state, F_OK) != 0 && errno == ENOENT) return LODE_OK;
    lode_status status = lode_file_read(s->state, STATE_LIMIT, &text);
    if (!status) status = memory_parse((const char *)text.data, text.size, s->arena, &s->before);
    lode_bytes_clear(&text);
    if (!status) return LODE_OK;
    status = lode_note(status, "%s", s->state);
    if (status != LODE_E_INPUT) return status;
    return lode_note(status,
                     "what earlier runs told cannot be read (to begin anew, remove the file: "
                     "the next run tells all that it finds)");
}

static lode_status save_state(const struct serving *s)
{
    struct lode_bytes text = {0};
    lode_status status = memory_print(&s->after, &text);
    if (!status) status = lode_file_write(s->state, text.data, text.size, true);
    lode_bytes_clear(&text);
    return status;
}

static lode_status write_lines(const struct desk *desk, const struct alerts *alerts)
{
    struct lode_bytes lines = {0};
    lode_status status = LODE_OK;
    for (int64_t i = 0; i < alerts->n && !status; i++)
        status = alert_line_append(&alerts->list[i], &lines);
    if (!status)
        status = lode_file_write(desk->lines_path, lines.data ? (const char *)lines.data : "",
                                 lines.size, true);
    lode_bytes_clear(&lines);
    return status;
}

/* What is in the spool, in order, until somebody does not take it. *is_open: all was dealt with. */
static lode_status deliver(struct serving *s, bool *is_open)
{
    struct lode_bytes body = {0};
    lode_status status = LODE_OK;
    int64_t *numbers = NULL, n = 0, n_done = 0;
    const struct desk *desk = s->desk;
    lode_try(spool_list(s->spool, s->before.next, s->arena, &numbers, &n));
    for (; n_done < n && desk->send; n_done++) {
        lode_try_done(spool_read(s->spool, numbers[n_done], &body));
        const enum desk_answer answer = desk->send(desk->context, body.data, body.size);
        if (answer == DESK_LATER) break;
        if (answer == DESK_TAKEN)
            lode_try_done(spool_remove(s->spool, numbers[n_done]));
        else
            lode_try_done(spool_set_aside(s->spool, numbers[n_done], s->refused));
        s->outcome->n_sent += answer == DESK_TAKEN;
        s->outcome->n_refused += answer == DESK_REFUSED;
    }
done:
    lode_bytes_clear(&body);
    s->outcome->n_waiting = n - n_done;
    *is_open = n_done == n;
    return status;
}

/* Of the first of the alerts that are left. */
static lode_status make_body(const struct serving *s, const struct alert *alerts, int64_t left,
                             struct lode_bytes *body)
{
    body->size = 0;
    return alert_body_append(alerts, left < ALERTS_A_REQUEST ? left : ALERTS_A_REQUEST,
                             &s->desk->request, body);
}

/* Into the spool, from the memory's next number on; they count when the memory does. */
static lode_status enqueue(struct serving *s)
{
    struct lode_bytes body = {0};
    lode_status status = LODE_OK;
    for (int64_t i = 0; i < s->alerts.n && !status; i += ALERTS_A_REQUEST) {
        status = make_body(s, s->alerts.list + i, s->alerts.n - i, &body);
        if (!status) status = spool_write(s->spool, s->after.next++, &body);
    }
    lode_bytes_clear(&body);
    return status;
}

/* What still lasts, straight to the receiver, until it does not take one. */
static lode_status send_lasting(struct serving *s)
{
    struct lode_bytes body = {0};
    lode_status status = LODE_OK;
    const struct alerts *alerts = &s->alerts;
    for (int64_t i = 0; i < alerts->n_lasting && !status; i += ALERTS_A_REQUEST) {
        status = make_body(s, alerts->lasting + i, alerts->n_lasting - i, &body);
        if (status) break;
        const bool is_tried = s->outcome->n_unsent == 0;
        const bool is_taken =
            is_tried && s->desk->send(s->desk->context, body.data, body.size) == DESK_TAKEN;
        s->outcome->n_sent += is_taken;
        s->outcome->n_unsent += !is_taken;
    }
    lode_bytes_clear(&body);
    return status;
}

static lode_status serve(struct serving *s, const struct alert_run *run)
{
    const struct desk *desk = s->desk;
    bool is_open = false;
    lode_try(load_state(s));
    lode_try(deliver(s, &is_open));
    lode_try(memory_decide(&s->before, run, desk->cooldown_ms, s->arena, &s->after, &s->alerts));
    s->outcome->n_alerts = s->alerts.n;
    s->outcome->n_suppressed = s->alerts.n_suppressed;
    const int64_t n_requests = (s->alerts.n + ALERTS_A_REQUEST - 1) / ALERTS_A_REQUEST;
    s->outcome->is_full =
        desk->send && n_requests > 0 && s->outcome->n_waiting > SPOOL_MOST_FILES - n_requests;
    if (s->outcome->is_full) return write_lines(desk, &s->alerts);
    if (desk->send) lode_try(enqueue(s));
    lode_try(write_lines(desk, &s->alerts));
    lode_try(save_state(s));
    s->before.next = s->after.next;
    if (!is_open) {
        s->outcome->n_waiting += desk->send ? n_requests : 0;
        return LODE_OK;
    }
    lode_try(deliver(s, &is_open));
    return is_open && desk->send ? send_lasting(s) : LODE_OK;
}

static lode_status serve_alone(const struct desk *desk, const struct alert_run *run,
                               struct lode_arena *arena, struct desk_outcome *outcome)
{
    const struct memory nothing = {.until_ms = INT64_MIN};
    struct memory after;
    struct alerts alerts;
    lode_try(memory_decide(&nothing, run, desk->cooldown_ms, arena, &after, &alerts));
    outcome->n_alerts = alerts.n;
    outcome->n_suppressed = alerts.n_suppressed;
    return write_lines(desk, &alerts);
}

lode_status desk_serve(const struct desk *desk, const struct alert_run *run,
                       struct lode_arena *arena, struct desk_outcome *outcome)
{
    char holder[LODE_LOCK_HOLDER_SIZE] = "";
    bool taken = false;
    struct serving *s;
    *outcome = (struct desk_outcome){0};
    if (!desk->folder) return serve_alone(desk, run, arena, outcome);
    lode_try(lode_take_zero(arena, 1, &s));
    s->desk = desk;
    s->arena = arena;
    s->outcome = outcome;
    lode_try(set_up(s));
    lode_try(lode_lock_take(s->lock, desk->lock_wait_ms, &taken, holder));
    if (!taken)
        return lode_fail(LODE_E_RUN, "%s: held by %s; the next run tells what this one found",
                         desk->folder, holder);
    const lode_status status = serve(s, run);
    lode_lock_release(s->lock);
    return status;
}
