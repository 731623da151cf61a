/* Mapping: roles first (by the event column), then the columns a role needs, then KPIs and
 * attributes over all files together. Every name of every header is kept once, in order of first
 * appearance; that order decides the order of KPIs and attributes in the store.
 */
#include "jobs/stage/mapping.h"

#include "common/hash.h"
#include "common/text.h"
#include "jobs/stage/file_rules.h"
#include "jobs/stage/mapping_private.h"

#include <stdio.h>
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

static int find(const struct stage_header *header, const char *name)
{
    for (int c = 0; c < header->n_columns; c++)
        if (strcmp(header->columns[c], name) == 0) return c;
    return -1;
}

static int find_first(const struct stage_header *header, const struct wanted *wanted)
{
    for (const char *const *name = wanted->names; *name; name++) {
        const int column = find(header, *name);
        if (column >= 0) return column;
    }
    return -1;
}

/* "a, b, c" of names that end with NULL. */
static lode_status join_names(const char *const *names, struct lode_arena *arena,
                              const char **joined)
{
    size_t size = 1;
    for (const char *const *name = names; *name; name++) size += strlen(*name) + 2;
    char *text = NULL;
    lode_try(lode_take_zero(arena, size, &text));
    size_t used = 0;
    for (const char *const *name = names; *name; name++) {
        const size_t length = strlen(*name);
        snprintf(text + used, size - used, used > 0 ? ", %s" : "%s", *name);
        used += length + (used > 0 ? 2 : 0);
    }
    *joined = text;
    return LODE_OK;
}

/* The error for a column that is not among `there` (ends with NULL). */
static lode_status fail_missing(struct mapping *m, const char *path, const char *what,
                                const char *const *wanted, const char *const *there,
                                const char *remark)
{
    const char *nearest = NULL;
    const char *wanted_text = NULL;
    const char *there_text = NULL;
    for (const char *const *name = wanted; *name && !nearest; name++)
        nearest = lode_text_nearest(*name, there);
    lode_try(join_names(wanted, m->arena, &wanted_text));
    lode_try(join_names(there, m->arena, &there_text));
    return lode_fail(LODE_E_INPUT, "%s: no column for the %s (wanted: %s; there: %s)%s%s%s%s", path,
                     what, wanted_text, there_text, nearest ? "; did you mean '" : "",
                     nearest ? nearest : "", nearest ? "'?" : "", remark);
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
    return fail_missing(m, header->path, meanings[meaning].what, wanted_of(m, f, meaning)->names,
                        there, hint);
}

/* The error for a name that no file has. */
static lode_status fail_missing_anywhere(struct mapping *m, const char *what,
                                         const char *const *wanted)
{
    const char **there = NULL;
    lode_try(lode_take_zero(m->arena, m->n_names + 1, &there));
    for (int64_t i = 0; i < m->n_names; i++) there[i] = m->names[i].text;
    return fail_missing(m, m->n == 1 ? m->headers[0].path : "the input files", what, wanted, there,
                        "");
}

static struct name *find_name(struct mapping *m, const char *text)
{
    for (int64_t i = 0; i < m->n_names; i++)
        if (strcmp(m->names[i].text, text) == 0) return &m->names[i];
    return NULL;
}

static lode_status collect_names(struct mapping *m)
{
    int64_t most = 0;
    for (int64_t f = 0; f < m->n; f++) most += m->headers[f].n_columns;
    lode_try(lode_take_zero(m->arena, most, &m->names));
    for (int64_t f = 0; f < m->n; f++)
        for (int c = 0; c < m->headers[f].n_columns; c++) {
            struct name *name = find_name(m, m->headers[f].columns[c]);
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
        found = found || find_name(m, *name);
    if (!found) return fail_missing_anywhere(m, meanings[meaning].what, common->names);
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

/* Is the name that of a session, user, time, event or start column anywhere? */
static bool has_meaning(const struct mapping *m, const char *name)
{
    for (int64_t f = 0; f < m->n; f++) {
        const struct stage_file *file = &m->plan->files[f];
        const int columns[] = {file->session, file->user, file->time, file->event};
        for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
            if (columns[i] >= 0 && strcmp(m->headers[f].columns[columns[i]], name) == 0)
                return true;
    }
    return false;
}

static bool is_listed(const struct stage_names *list, const char *name)
{
    for (int64_t i = 0; i < list->count; i++)
        if (strcmp(list->names[i], name) == 0) return true;
    return false;
}

static lode_status check_list(struct mapping *m, const char *what, const struct stage_names *list)
{
    if (m->known) return LODE_OK; /* an append may well lack columns */
    for (int64_t i = 0; i < list->count; i++) {
        const char *const wanted[] = {list->names[i], NULL};
        if (!find_name(m, list->names[i])) return fail_missing_anywhere(m, what, wanted);
    }
    return LODE_OK;
}

bool mapping_is_kpi(const struct mapping *m, const char *name)
{
    if (m->options->kpis.given) return is_listed(&m->options->kpis, name);
    return strncmp(name, "kpi_", 4) == 0 && !is_listed(&m->options->attributes, name) &&
           !is_listed(&m->options->user_attributes, name);
}

bool mapping_is_attribute(const struct mapping *m, const struct name *name)
{
    const struct stage_events_options *options = m->options;
    if (mapping_is_kpi(m, name->text)) return false;
    if (is_listed(&options->user_attributes, name->text)) return true;
    if (options->attributes.given) return is_listed(&options->attributes, name->text);
    return name->in_sessions && strncmp(name->text, "kpi_", 4) != 0 && !has_meaning(m, name->text);
}

/* Columns of single events, each once; some file of events must have it. */
static lode_status check_event_list(struct mapping *m, const char *what,
                                    const struct stage_names *list)
{
    for (int64_t i = 0; i < list->count; i++) {
        const char *const wanted[] = {list->names[i], NULL};
        const struct stage_names before = {.count = i, .names = list->names};
        const struct name *name = find_name(m, list->names[i]);
        if (!name || !name->in_events) return fail_missing_anywhere(m, what, wanted);
        if (is_listed(&before, list->names[i]))
            return lode_fail(LODE_E_USAGE, "'%s' is named twice as an %s", list->names[i], what);
    }
    return LODE_OK;
}

static lode_status list_of_events(struct mapping *m)
{
    struct stage_plan *plan = m->plan;
    const struct stage_names *values = &m->options->event_values;
    const struct stage_names *attributes = &m->options->event_attributes;
    lode_try(check_event_list(m, "event value", values));
    lode_try(check_event_list(m, "event attribute", attributes));
    for (int64_t i = 0; i < values->count; i++) {
        const char *text = values->names[i];
        if (is_listed(attributes, text))
            return lode_fail(LODE_E_USAGE, "'%s' is named as an event attribute and an event value",
                             text);
        plan->kpis[plan->n_kpis++].name = text;
    }
    for (int64_t i = 0; i < attributes->count; i++)
        plan->attributes[plan->n_attributes++] =
            (struct stage_attribute){.name = attributes->names[i], .named = true};
    plan->n_event_values = values->count;
    plan->n_event_attributes = attributes->count;
    return LODE_OK;
}

static lode_status list_values(struct mapping *m)
{
    struct stage_plan *plan = m->plan;
    const struct stage_events_options *options = m->options;
    if (m->known) return mapping_list_known(m);
    lode_try(check_list(m, "KPI", &options->kpis));
    lode_try(check_list(m, "attribute", &options->attributes));
    lode_try(check_list(m, "user attribute", &options->user_attributes));
    lode_try(lode_take_zero(m->arena, m->n_names + options->event_values.count, &plan->kpis));
    lode_try(
        lode_take_zero(m->arena, m->n_names + options->event_attributes.count, &plan->attributes));
    for (int64_t i = 0; i < m->n_names; i++) {
        const char *text = m->names[i].text;
        if (mapping_is_kpi(m, text)) {
            plan->kpis[plan->n_kpis++].name = text;
        } else if (mapping_is_attribute(m, &m->names[i])) {
            struct stage_attribute *attribute = &plan->attributes[plan->n_attributes++];
            attribute->name = text;
            attribute->of_user = is_listed(&options->user_attributes, text);
            attribute->named = attribute->of_user || options->attributes.given;
        }
    }
    return list_of_events(m);
}

/* A column of an events file counts only where no sessions file has one of that name. */
static int find_value(struct mapping *m, int64_t f, const char *text,
                      const struct known_column *known)
{
    const bool is_sessions = m->plan->files[f].role == STAGE_SESSIONS;
    if (known && is_sessions == known->of_events) return -1;
    if (!known && !is_sessions && find_name(m, text)->in_sessions) return -1;
    return find(&m->headers[f], text);
}

/* A column of single events. */
static int find_of_event(const struct mapping *m, int64_t f, const char *text)
{
    return m->plan->files[f].role == STAGE_EVENTS ? find(&m->headers[f], text) : -1;
}

static lode_status place_values(struct mapping *m)
{
    struct stage_plan *plan = m->plan;
    const int64_t n_kpis = stage_session_kpis(plan);
    const int64_t n_attributes = stage_session_attributes(plan);
    for (int64_t f = 0; f < m->n; f++) {
        struct stage_file *file = &plan->files[f];
        lode_try(lode_take(m->arena, plan->n_kpis, &file->kpi_at));
        lode_try(lode_take(m->arena, plan->n_attributes, &file->attribute_at));
        for (int64_t k = 0; k < n_kpis; k++)
            file->kpi_at[k] =
                find_value(m, f, plan->kpis[k].name, m->known ? &m->known->kpis[k] : NULL);
        for (int64_t a = 0; a < n_attributes; a++)
            file->attribute_at[a] = find_value(m, f, plan->attributes[a].name,
                                               m->known ? &m->known->attributes[a] : NULL);
        for (int64_t k = n_kpis; k < plan->n_kpis; k++)
            file->kpi_at[k] = find_of_event(m, f, plan->kpis[k].name);
        for (int64_t a = n_attributes; a < plan->n_attributes; a++)
            file->attribute_at[a] = find_of_event(m, f, plan->attributes[a].name);
    }
    return LODE_OK;
}

/* A store that is appended to can have columns that no file here has. */
static void set_staged(struct mapping *m, const char *text)
{
    struct name *name = find_name(m, text);
    if (name) name->is_staged = true;
}

static lode_status list_unstaged(struct mapping *m)
{
    struct stage_plan *plan = m->plan;
    for (int64_t k = 0; k < plan->n_kpis; k++) set_staged(m, plan->kpis[k].name);
    for (int64_t a = 0; a < plan->n_attributes; a++) set_staged(m, plan->attributes[a].name);
    lode_try(lode_take(m->arena, m->n_names, &plan->unstaged));
    for (int64_t i = 0; i < m->n_names; i++)
        if (!m->names[i].is_staged && !has_meaning(m, m->names[i].text))
            plan->unstaged[plan->n_unstaged++] = m->names[i].text;
    return LODE_OK;
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
    lode_try(list_values(&m));
    lode_try(place_values(&m));
    return list_unstaged(&m);
}
