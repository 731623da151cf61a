/* Block: draws a user's life, then each session of it, from the user's own stream of numbers.
 *
 * The order matters for independence: times and attributes first, then KPIs from the planted rates,
 * then the events, whose number and names know nothing of the KPIs, then the planted rows of events
 * are put between them. A session's duration is a KPI too: it is drawn on its own and the events
 * are spread over it, so it says nothing about their number either.
 */
#include "jobs/gen/block.h"

#include "common/stats/random.h"
#include "jobs/gen/plant.h"
#include "jobs/gen/shop.h"

#include <inttypes.h>

enum { SESSIONS_MAX = 200, EVENTS_MAX = 60, EVENTS_LEAST = 2 };
static const int64_t DAY_MS = 86400000;
static const int64_t FIRST_MS = INT64_C(1767225600000); /* 2026-01-01 UTC */
static const int64_t SPAN_DAYS = 60, SPARSE_DAYS = 14, GAP_DAYS = 30;
static const double MEAN_MORE_EVENTS = 6.0;
static const double SPARSE_USERS = 0.12, MEAN_DURATION_MS = 240000.0;

const char gen_sessions_header[] = "session_id,user_id,start_ms,device,os,os_version,country,"
                                   "app_version,kpi_payment_failed,kpi_crash,kpi_error,"
                                   "kpi_duration_s\n";
const char gen_events_header[] = "session_id,user_id,timestamp_ms,event\n";

struct user {
    int64_t number;
    struct shop_user shop;
    int n_sessions;
    int64_t starts_ms[SESSIONS_MAX]; /* strictly ascending */
};

struct session {
    int64_t start_ms, duration_ms;
    bool is_faulty[PLANT_DURATION]; /* the 0/1 KPIs */
    int n_events;                   /* drawn; planted rows come on top */
    int events[EVENTS_MAX];
    int at[PLANT_BEHAVIOURS]; /* the planted row comes before this event; -1: not planted */
};

static int capped(int64_t count, int most)
{
    return count < most ? (int)count : most;
}

/* Sparse users come in the first two weeks and again in the last two, a month apart. */
static int64_t draw_start(struct lode_random *random, bool is_sparse)
{
    const int64_t days = is_sparse ? 2 * SPARSE_DAYS : SPAN_DAYS;
    int64_t at = (int64_t)lode_random_below(random, (uint64_t)(days * DAY_MS));
    if (is_sparse && at >= SPARSE_DAYS * DAY_MS) at += (SPAN_DAYS - days) * DAY_MS;
    return FIRST_MS + at;
}

static void draw_user(struct lode_random *random, const struct gen_events_options *options,
                      int64_t number, struct user *user)
{
    user->number = number;
    user->shop = shop_user_draw(random);
    const int64_t more = lode_random_geometric(random, 1.0 / options->sessions_per_user);
    const bool is_sparse = lode_random_chance(random, SPARSE_USERS);
    user->n_sessions = capped(1 + more, SESSIONS_MAX);
    for (int i = 0; i < user->n_sessions;
         i++) { /* sorted as they come: few, and equal ones move on */
        int64_t start = draw_start(random, is_sparse);
        int at = i;
        for (; at > 0 && user->starts_ms[at - 1] > start; at--)
            user->starts_ms[at] = user->starts_ms[at - 1];
        user->starts_ms[at] = start;
    }
    for (int i = 1; i < user->n_sessions; i++)
        if (user->starts_ms[i] <= user->starts_ms[i - 1])
            user->starts_ms[i] = user->starts_ms[i - 1] + 1;
}

static void draw_kpis(struct lode_random *random, const struct gen_events_options *options,
                      const struct plant_session *known, struct session *session)
{
    for (int kpi = 0; kpi < PLANT_DURATION; kpi++) {
        const double rate =
            options->faulty_rate * plant_factor(options->planted, (enum plant_kpi)kpi, known);
        session->is_faulty[kpi] = lode_random_chance(random, rate);
    }
    const double mean_ms = MEAN_DURATION_MS * plant_factor(options->planted, PLANT_DURATION, known);
    session->duration_ms = 1000 + (int64_t)(mean_ms * lode_random_exponential(random));
}

static void draw_events(struct lode_random *random, struct session *session)
{
    const int64_t more = lode_random_geometric(random, 1.0 / (1.0 + MEAN_MORE_EVENTS));
    session->n_events = capped(EVENTS_LEAST + more, EVENTS_MAX);
    session->events[0] = shop_first_event(random);
    for (int i = 1; i < session->n_events; i++)
        session->events[i] = shop_next_event(random, session->events[i - 1]);
}

/* Never before the first event or after the last: those stand at the session's start and end. */
static void draw_planted(struct lode_random *random, const struct gen_events_options *options,
                         const struct plant_session *known, struct session *session)
{
    for (int i = 0; i < PLANT_BEHAVIOURS; i++) {
        const struct plant_behaviour *behaviour = &plant_behaviours[i];
        const double share =
            plant_share(options->planted, i, known, session->is_faulty[behaviour->kpi]);
        const bool is_planted = lode_random_chance(random, share);
        const uint64_t gaps = (uint64_t)session->n_events - 1;
        const int at = 1 + (int)lode_random_below(random, gaps);
        session->at[i] = is_planted ? at : -1;
    }
}

static lode_status write_event(const struct user *user, int index, int64_t time_ms,
                               const char *event, struct lode_bytes *out)
{
    return lode_bytes_printf(out, "s%07" PRId64 "-%03d,u%07" PRId64 ",%" PRId64 ",%s\n",
                             user->number, index, user->number, time_ms, event);
}

/* Times: gaps between events are shares of the duration in proportion to exponentials, which is
 * where uniformly thrown events fall; a planted row has the time of the event before it. */
static lode_status write_events(struct lode_random *random, const struct user *user, int index,
                                const struct session *session, struct lode_bytes *out)
{
    double ends[EVENTS_MAX];
    double sum = 0.0;
    for (int i = 1; i < session->n_events; i++) ends[i] = sum += lode_random_exponential(random);
    int64_t time_ms = session->start_ms;
    for (int i = 0; i < session->n_events; i++) {
        for (int row = 0; i > 0 && row < PLANT_BEHAVIOURS; row++) {
            const struct plant_behaviour *behaviour = &plant_behaviours[row];
            for (int k = 0; session->at[row] == i && k < behaviour->n_events; k++)
                lode_try(write_event(user, index, time_ms, behaviour->events[k], out));
        }
        if (i > 0 && sum > 0.0)
            time_ms = session->start_ms + (int64_t)((double)session->duration_ms * (ends[i] / sum));
        lode_try(write_event(user, index, time_ms, shop_event_name(session->events[i]), out));
    }
    return LODE_OK;
}

static lode_status write_session(const struct user *user, int index, const char *version,
                                 const struct session *session, struct lode_bytes *out)
{
    return lode_bytes_printf(out,
                             "s%07" PRId64 "-%03d,u%07" PRId64 ",%" PRId64
                             ",%s,%s,%s,%s,%s,%d,%d,%d,%" PRId64 ".%03d\n",
                             user->number, index, user->number, session->start_ms,
                             user->shop.device, user->shop.os, user->shop.os_version,
                             user->shop.country, version, session->is_faulty[PLANT_PAYMENT_FAILED],
                             session->is_faulty[PLANT_CRASH], session->is_faulty[PLANT_ERROR],
                             session->duration_ms / 1000, (int)(session->duration_ms % 1000));
}

static lode_status write_user(const struct gen_events_options *options, int64_t number,
                              struct lode_bytes *sessions, struct lode_bytes *events)
{
    struct user user;
    struct session session;
    struct lode_random random = lode_random_begin(options->seed, (uint64_t)number);
    draw_user(&random, options, number, &user);
    for (int i = 0; i < user.n_sessions; i++) {
        const char *version = shop_version_draw(&random);
        const int64_t gap_ms = i > 0 ? user.starts_ms[i] - user.starts_ms[i - 1] : 0;
        const struct plant_session known = {.device = user.shop.device,
                                            .os_version = user.shop.os_version,
                                            .country = user.shop.country,
                                            .app_version = version,
                                            .index = i + 1,
                                            .after_gap = gap_ms > GAP_DAYS * DAY_MS,
                                            .age = (double)(user.starts_ms[i] - FIRST_MS) /
                                                   (double)(SPAN_DAYS * DAY_MS)};
        session.start_ms = user.starts_ms[i];
        draw_kpis(&random, options, &known, &session);
        draw_events(&random, &session);
        draw_planted(&random, options, &known, &session);
        lode_try(write_session(&user, i + 1, version, &session, sessions));
        lode_try(write_events(&random, &user, i + 1, &session, events));
    }
    return LODE_OK;
}

lode_status gen_events_block(const struct gen_events_options *options, int64_t first, int64_t count,
                             struct lode_bytes *sessions, struct lode_bytes *events)
{
    for (int64_t user = first; user < first + count; user++)
        lode_try(write_user(options, user, sessions, events));
    return LODE_OK;
}
