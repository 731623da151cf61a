/* Mutes: findings that people know already, each with a reason; `STORE.mutes.jsonl`. And feedback:
 * what people said of findings, useful or noise; `STORE.feedback.jsonl`, of the same form.
 *
 * The file lies beside the store, not in it: a store is the same bytes whatever was said about it,
 * and a store that is made anew under its name keeps what is known. Runs never read mutes; `show`,
 * `diff` and `export` do. Feedback is read by runs that generate hypotheses. A mute holds for every
 * run on the store whose job is that one and whose finding has that key (look/run_findings.h).
 * docs/formats.md has the format.
 */
#ifndef LODE_COORDINATOR_MUTES_H
#define LODE_COORDINATOR_MUTES_H

#include "common/error.h"
#include "common/memory.h"

#include <stdint.h>

enum { MUTE_ID_SIZE = 13, MUTE_REASON_LIMIT = 1000 };

struct mute {
    char id[MUTE_ID_SIZE]; /* 12 hex digits made of job and key */
    const char *job, *key, *reason;
    const char *who, *when; /* user@host; UTC */
    /* Of feedback, else NULL; its reason may be "". */
    const char *verdict;          /* "useful" or "noise" */
    const char *template, *class; /* what the hypothesis was made from; "": not known */
};

enum remark_kind { REMARK_MUTE, REMARK_FEEDBACK };

struct mutes {
    const char *path; /* of the file */
    int64_t n;
    struct mute *list; /* in the order of the file */
    enum remark_kind kind;
    struct lode_arena *arena;
};

/* "/data/web.lode/" -> "/data/web.lode.mutes.jsonl", from the arena. */
LODE_CHECKED lode_status mutes_path(const char *store, struct lode_arena *arena, char **path);

/* mutes_load, mutes_parse, mutes_change (below) for one of the two files. */
LODE_CHECKED lode_status remarks_load(enum remark_kind kind, const char *store,
                                      struct lode_arena *arena, struct mutes *mutes);
LODE_CHECKED lode_status remarks_parse(enum remark_kind kind, const char *path, const char *text,
                                       size_t size, struct lode_arena *arena, struct mutes *mutes);
LODE_CHECKED lode_status remarks_change(enum remark_kind kind, const char *store,
                                        const struct mute *add, const char *remove,
                                        struct lode_arena *arena);

/* Reads the mutes of a store; no file, or "" for the store: none. LODE_E_INPUT names file and line:
 * no JSON, a key that is missing, a control byte, no UTF-8, an id of another finding, the same
 * finding twice. */
LODE_CHECKED lode_status mutes_load(const char *store, struct lode_arena *arena,
                                    struct mutes *mutes);
/* The same from memory; `path` for messages. Copies what it keeps. */
LODE_CHECKED lode_status mutes_parse(const char *path, const char *text, size_t size,
                                     struct lode_arena *arena, struct mutes *mutes);

/* The mute of a finding, or NULL. */
const struct mute *mutes_find(const struct mutes *mutes, const char *job, const char *key);
void mute_make_id(const char *job, const char *key, char *id);

/* Appends the mute as a line of the file. */
LODE_CHECKED lode_status mute_append(struct lode_bytes *out, const struct mute *mute);

/* One change of the file: waits for its lock (at most 10 s), reads it anew, adds or replaces the
 * mute of `add` (its id is made) or removes that of id `remove`, and writes it whole; one of the
 * two is NULL. The lock is STORE.mutes.jsonl.lock, made by an exclusive create, which holds on
 * network file systems too. LODE_E_USAGE: no such id, or a reason that is none; LODE_E_DISK: cannot
 * write, or the lock is held (names holder and file). */
LODE_CHECKED lode_status mutes_change(const char *store, const struct mute *add, const char *remove,
                                      struct lode_arena *arena);

#endif
