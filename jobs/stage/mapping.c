/* Mapping: roles first (by the event column), then the columns a role needs, then KPIs and
 * attributes over all files together (mapping_values.c). Every name of every header is kept once,
 * in order of first appearance; that order decides the order of KPIs and attributes in the store.
 */
#include "jobs/stage/mapping.h"

#include "common/hash.h"
#include "jobs/stage/file_rules.h"
#include "jobs/stage/mapping_private.h"

#include <string.h>

#define MINUTE_MS INT64_C(60000)
#define DEFAULT_GAP_MS (MINUTE_MS * 30)
#define DEFAULT_MAX_MS (MINUTE_MS * 60 * 24)

enum { DEFAULT_NAMES_MAX = 4 };
static const struct {
    const char *what;
    const char *names[DEFAULT_NAMES_MAX + 1]; /* ends with NULL */
} meanings[N_MEANINGS] = {
    [SESSION] = {"session id", {"session_id", "session", NULL}},
    [USER] = {"user id", {"user_id", "user", NULL}},
    [TIME] = {"time", {"timestamp_ms", "timestamp", "time", "ts", NULL}},
    [EVENT] = {"event name", {"event", "event_name", "name", NULL}},
    [START] = {"start of the session", {"start_ms", "start", "start_time", NULL}},
};

static lode_status copy_text(struct lode_arena *arena, const char *text, const char **copy)
{
    char *taken = NULL;
    lode_try(lode_arena_text(arena, text, strlen(text), &taken));
    *copy = taken;
    return LODE_OK;
}

/* "a,b" into names that end with NULL. */
static lode_status split_names(const char *text, struct lode_arena *arena,
                               const char *const **names)
{
    int64_t count = 1;
    for (const char *c = text; *c; c++) count += *c == ',';
    const char **list = NULL;
    lode_try(lode_take_zero(arena, count + 1, &list));
    int64_t filled = 0;
    for (const char *at = text; at;) {
        const size_t size = strcspn(at, ",");
        char *copy = NULL;
        lode_try(lode_arena_text(arena, at, size, &copy));
        if (size > 0) list[filled++] = copy;
        at = at[size] ? at + size + 1 : NULL;
    }
    *names = list;
    return LODE_OK;
}

static const struct wanted *wanted_of(const struct mapping *m, int64_t f, enum meaning meaning)
{
    return &m->of_file[f * N_MEANINGS + meaning];
}

static const struct stage_file_rule *rule_of(const struct mapping *m, int64_t f)
{
    static const struct stage_file_rule none = {0};
    return m->rule_of[f] < 0 ? &none : &m->options->file_rules[m->rule_of[f]];
}

static lode_status settle_names(struct mapping *m)
{
    const struct stage_events_options *options = m->options;
    const char *const given[] = {options->session, options->user, options->time, options->event,
                                 options->start};
    for (int i = 0; i < N_MEANINGS; i++) {
        m->common[i] = (struct wanted){.given = given[i] != NULL, .names = meanings[i].names};
        if (given[i]) lode_try(split_names(given[i], m->arena, &m->common[i].names));
    }
    lode_try(lode_take(m->arena, m->n * N_MEANINGS, &m->of_file));
    for (int64_t f = 0; f < m->n; f++) {
        const struct stage_file_rule *rule = rule_of(m, f);
        const char *const named[] = {rule->session, rule->user, rule->time, rule->event,
                                     rule->start};
        for (int i = 0; i < N_MEANINGS; i++) {
            struct wanted *wanted = &m->of_file[f * N_MEANINGS + i];
            *wanted = m->common[i];
            if (!named[i]) continue;
            wanted->given = true;
            lode_try(split_names(named[i], m->arena, &wanted->names));
        }
    }
    return LODE_OK;
}

/* Unit and zone of each file's times; each zone once. */
static lode_status settle_times(struct mapping *m)
{
    struct stage_plan *plan = m->plan;
    lode_try(lode_take_zero(m->arena, m->n, &plan->zones));
    for (int64_t f = 0; f < m->n; f++) {
        const struct stage_file_rule *rule = rule_of(m, f);
        const char *zone = rule->timezone ? rule->timezone : m->options->timezone;
        if (!zone) zone = "UTC";
        int64_t z = 0;
        while (z < plan->n_zones && strcmp(plan->zones[z].name, zone) != 0) z++;
        if (z == plan->n_zones) {
            lode_try(copy_text(m->arena, zone, &plan->zones[z].name));
            plan->n_zones++;
        }
        plan->files[f].zone = z;
        plan->files[f].time_unit = rule->has_time_unit ? rule->time_unit : m->options->time_unit;
    }
    return LODE_OK;
}

static int find_first(const struct stage_header *header, const struct wanted *wanted)
{
    for (const char *const *name = wanted->names; *name; name++) {
        const int column = mapping_find_column(header, *name);
        if (column >= 0) return column;
    }
    return -1;
}

static lode_status fail_missing_in(struct mapping *m, int64_t f, enum meaning meaning)
{
    const struct stage_header *header = &m->headers[f];
    const char **there = NULL;
    lode_try(lode_take_zero(m->arena, header->n_columns + 1, &there));
    for (int c = 0; c < header->n_columns; c++) there[c] = header->columns[c];
    const bool is_sessions = m->plan->files[f].role == STAGE_SESSIONS;
    const char *hint = "";
    if (is_sessions) hint = "; it has no event column, so it was taken to hold sessions";
    if (meaning == EVENT) hint = "; if it holds sessions, name their start with --start";
    return mapping_fail_missing(m, header->path, meanings[meaning].what,
                                wanted_of(m, f, meaning)->names, there, hint);
}

static lode_status collect_names(struct mapping *m)
{
    int64_t most = 0;
    for (int64_t f = 0; f < m->n; f++) most += m->headers[f].n_columns;
    lode_try(lode_take_zero(m->arena, most, &m->names));
    for (int64_t f = 0; f < m->n; f++)
        for (int c = 0; c < m->headers[f].n_columns; c++) {
            struct name *name = mapping_find_name(m, m->headers[f].columns[c]);
            if (!name) {
                name = &m->names[m->n_names];
                lode_try(copy_text(m->arena, m->headers[f].columns[c], &name->text));
                m->n_names++;
            }
            if (m->plan->files[f].role == STAGE_SESSIONS)
                name->in_sessions = true;
            else
                name->in_events = true;
        }
    return LODE_OK;
}

static bool ends_in_seconds(const char *name)
{
    const size_t size = strlen(name);
    return size > 2 && strcmp(name + size - 2, "_s") == 0;
}

/* Role of a file and where its columns with a meaning are. */
static lode_status map_file(struct mapping *m, int64_t f)
{
    const struct stage_header *header = &m->headers[f];
    struct stage_file *file = &m->plan->files[f];
    const char *slash = strrchr(header->path, '/');
    lode_try(copy_text(m->arena, header->path, &file->path));
    file->name = slash ? file->path + (slash + 1 - header->path) : file->path;
    file->session = find_first(header, wanted_of(m, f, SESSION));
    file->user = find_first(header, wanted_of(m, f, USER));
    file->event = find_first(header, wanted_of(m, f, EVENT));
    file->time = find_first(header, wanted_of(m, f, TIME));
    /* `name` may well be a person's: it means the event only where there is a time too */
    if (file->event >= 0 && !wanted_of(m, f, EVENT)->given && file->time < 0 &&
        strcmp(header->columns[file->event], "name") == 0)
        file->event = -1;
    const int start = find_first(header, wanted_of(m, f, START));
    /* a time but no start: events whose name column is missing, not sessions (check_needed tells)
     */
    const bool holds_events = file->event >= 0 || (file->time >= 0 && start < 0);
    file->role = holds_events ? STAGE_EVENTS : STAGE_SESSIONS;
    if (file->role == STAGE_SESSIONS) {
        file->time = start;
        m->plan->sessions_given = true;
    }
    file->time_in_seconds = file->time >= 0 && ends_in_seconds(header->columns[file->time]);
    return LODE_OK;
}

/* A name that is given for all files must be in one of them, a name of a rule in all that it is
 * for.
 */
static lode_status check_named(struct mapping *m, enum meaning meaning)
{
    const struct wanted *common = &m->common[meaning];
    bool found = !common->given || m->known;
    for (const char *const *name = common->names; *name; name++)
        found = found || mapping_find_name(m, *name);
    if (!found) return mapping_fail_missing_anywhere(m, meanings[meaning].what, common->names);
    for (int64_t f = 0; f < m->n; f++) {
        const struct wanted *wanted = wanted_of(m, f, meaning);
        if (wanted->names != common->names && find_first(&m->headers[f], wanted) < 0)
            return fail_missing_in(m, f, meaning);
    }
    return LODE_OK;
}

static lode_status check_needed(struct mapping *m)
{
    const struct stage_plan *plan = m->plan;
    for (int i = 0; i < N_MEANINGS; i++) lode_try(check_named(m, (enum meaning)i));
    for (int64_t f = 0; f < m->n; f++) {
        const struct stage_file *file = &plan->files[f];
        if (file->role == STAGE_EVENTS && file->event < 0) return fail_missing_in(m, f, EVENT);
        if (file->role == STAGE_EVENTS && file->time < 0) return fail_missing_in(m, f, TIME);
        if (file->session < 0 && (plan->sessions_given || file->user < 0))
            return fail_missing_in(m, f, SESSION);
    }
    return LODE_OK;
}

/* Do all files of the role agree in having the column? Else an error about one that has it not. */
static lode_status check_alike(struct mapping *m, enum stage_role role, bool of_user)
{
    int64_t with = -1;
    int64_t without = -1;
    for (int64_t f = 0; f < m->n; f++) {
        const struct stage_file *file = &m->plan->files[f];
        if (file->role != role) continue;
        if ((of_user ? file->user : file->session) >= 0)
            with = f;
        else
            without = f;
    }
    if (with < 0 || without < 0) return LODE_OK;
    const lode_status status = fail_missing_in(m, without, of_user ? USER : SESSION);
    return lode_note(status, "%s has a column that other files of its kind lack",
                     m->headers[with].path);
}

/* Who is the user of an event: its own column, its session's user (a join), or its session. */
static lode_status settle_users(struct mapping *m)
{
    struct stage_plan *plan = m->plan;
    bool sessions_have_user = m->known && m->known->by_user;
    if (m->known) lode_try(mapping_check_keys(m));
    if (!plan->sessions_given) {
        lode_try(check_alike(m, STAGE_EVENTS, true));
        return check_alike(m, STAGE_EVENTS, false);
    }
    lode_try(check_alike(m, STAGE_SESSIONS, true));
    for (int64_t f = 0; f < m->n; f++)
        if (plan->files[f].role == STAGE_SESSIONS && plan->files[f].user >= 0)
            sessions_have_user = true;
    for (int64_t f = 0; f < m->n; f++) {
        struct stage_file *file = &plan->files[f];
        if (file->role != STAGE_EVENTS) continue;
        if (!sessions_have_user) file->user = -1;
        file->needs_user = sessions_have_user && file->user < 0;
        plan->join = plan->join || file->needs_user;
    }
    return LODE_OK;
}

static void settle_splitting(struct mapping *m)
{
    struct stage_plan *plan = m->plan;
    const struct stage_events_options *options = m->options;
    const bool has_session = plan->files[0].session >= 0; /* all alike */
    const bool given = options->session_gap_ms > 0 || options->session_max_ms > 0;
    if (m->known) {
        plan->split = m->known->split;
        plan->gap_ms = m->known->gap_ms;
        plan->max_ms = m->known->max_ms;
        return;
    }
    plan->split = !plan->sessions_given && (!has_session || given);
    plan->gap_ms = options->session_gap_ms;
    plan->max_ms = options->session_max_ms;
    if (plan->gap_ms <= 0) plan->gap_ms = has_session ? INT64_MAX : DEFAULT_GAP_MS;
    if (plan->max_ms <= 0) plan->max_ms = has_session ? INT64_MAX : DEFAULT_MAX_MS;
}

lode_status mapping_plan(const struct stage_events_options *options,
                         const struct stage_known *known, const struct stage_header *headers,
                         int64_t n, struct lode_arena *arena, struct stage_plan *plan)
{
    struct mapping m = {.options = options,
                        .known = known,
                        .headers = headers,
                        .n = n,
                        .arena = arena,
                        .plan = plan};
    memset(plan, 0, sizeof *plan);
    plan->n_files = n;
    if (n < 1) return lode_fail(LODE_E_USAGE, "no input files to stage");
    lode_try(file_rules_match(options, known != NULL, headers, n, arena, &m.rule_of));
    lode_try(settle_names(&m));
    lode_try(lode_take_zero(arena, n, &plan->files));
    lode_try(settle_times(&m));
    for (int64_t f = 0; f < n; f++) lode_try(map_file(&m, f));
    if (known) plan->sessions_given = plan->sessions_given || known->sessions_given;
    lode_try(collect_names(&m));
    lode_try(check_needed(&m));
    lode_try(settle_users(&m));
    settle_splitting(&m);
    /* what is appended to a store may well lack columns, but has no new ones */
    lode_try(known ? mapping_list_known(&m) : mapping_list_values(&m));
    lode_try(mapping_place_values(&m));
    return mapping_list_unstaged(&m);
}
