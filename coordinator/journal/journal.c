/* Journal: files and folders; see the header. */
#include "coordinator/journal/journal.h"

#include "common/file.h"
#include "common/text.h"
#include "coordinator/journal/chain.h"
#include "coordinator/journal/frame.h"
#include "coordinator/journal/owner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* An earlier segment, open to be read. */
struct past {
    struct past *next;
    int fd;
    uint64_t epoch, size_bytes;
    char path[PATH_MAX];
};

struct journal {
    char folder[PATH_MAX];
    struct lode_arena *arena; /* of the chain */
    struct chain chain;
    struct history history;
    struct past *past;
    bool is_broken;
    uint64_t newest;   /* epoch of the newest segment, ours once the run is taken */
    int fd;            /* ours; -1 */
    uint64_t end;      /* of what is on disk of it */
    int64_t n_results; /* that were put */
    struct lode_bytes frame;
    struct owner *owner;
};

static void name_folder(const char *run_directory, char *folder, size_t size)
{
    snprintf(folder, size, "%s/journal", run_directory);
}

bool journal_exists(const char *run_directory)
{
    char folder[PATH_MAX];
    name_folder(run_directory, folder, sizeof folder);
    return access(folder, F_OK) == 0;
}

lode_status journal_remove(const char *run_directory)
{
    char folder[PATH_MAX];
    name_folder(run_directory, folder, sizeof folder);
    return lode_directory_remove(folder);
}

static lode_status make(const char *run_directory, struct journal **journal)
{
    struct journal *made = calloc(1, sizeof *made);
    if (!made) return lode_fail(LODE_E_MEMORY, "no memory for the journal");
    made->fd = -1;
    name_folder(run_directory, made->folder, sizeof made->folder);
    const lode_status status = lode_arena_create(0, &made->arena);
    if (status)
        journal_close(made);
    else
        *journal = made;
    return status;
}

void journal_close(struct journal *journal)
{
    if (!journal) return;
    owner_end(journal->owner);
    if (journal->fd >= 0) close(journal->fd);
    while (journal->past) {
        struct past *past = journal->past;
        journal->past = past->next;
        close(past->fd);
        free(past);
    }
    history_clear(&journal->history);
    lode_bytes_clear(&journal->frame);
    lode_arena_destroy(journal->arena);
    free(journal);
}

lode_status journal_create(const char *run_directory, struct journal **journal)
{
    struct journal *made = NULL;
    lode_try(make(run_directory, &made));
    const lode_status status = lode_directory_make(made->folder);
    if (status)
        journal_close(made);
    else
        *journal = made;
    return status;
}

/* --- reading --- */

static lode_status read_at(void *context, uint64_t offset, void *data, size_t size)
{
    const struct past *past = context;
    for (size_t done = 0; done < size;) {
        const ssize_t got =
            pread(past->fd, (char *)data + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0)
            return lode_fail(LODE_E_INPUT, "%s cannot be read at offset %" PRIu64 ": %s",
                             past->path, offset + done, got ? strerror(errno) : "it ends there");
        done += (size_t)got;
    }
    return LODE_OK;
}

/* The newest epoch there is; 0: none. */
static lode_status find_newest(const char *folder, uint64_t *newest)
{
    DIR *entries = opendir(folder);
    *newest = 0;
    if (!entries)
        return lode_fail(LODE_E_USAGE,
                         "there is no journal in %s: the run cannot go on, run it anew", folder);
    for (const struct dirent *entry = readdir(entries); entry; entry = readdir(entries)) {
        int64_t epoch = 0;
        const char *dot = strchr(entry->d_name, '.');
        if (!dot || strcmp(dot, ".journal") != 0 ||
            !lode_text_to_i64(entry->d_name, (size_t)(dot - entry->d_name), &epoch) || epoch < 1)
            continue;
        if ((uint64_t)epoch > *newest) *newest = (uint64_t)epoch;
    }
    closedir(entries);
    return LODE_OK;
}

static lode_status open_past(struct journal *journal, uint64_t epoch, struct past **past)
{
    struct stat about;
    struct past *opened = calloc(1, sizeof *opened);
    if (!opened) return lode_fail(LODE_E_MEMORY, "no memory for the journal");
    opened->epoch = epoch;
    owner_segment_path(journal->folder, epoch, opened->path, sizeof opened->path);
    opened->fd = open(opened->path, O_RDONLY | O_CLOEXEC);
    if (opened->fd < 0 || fstat(opened->fd, &about)) {
        const lode_status status =
            lode_fail(LODE_E_INPUT, "%s cannot be read: %s", opened->path, strerror(errno));
        if (opened->fd >= 0) close(opened->fd);
        free(opened);
        return status;
    }
    opened->size_bytes = (uint64_t)about.st_size;
    opened->next = journal->past;
    journal->past = opened;
    *past = opened;
    return LODE_OK;
}

static struct past *find_past(const struct journal *journal, uint64_t epoch)
{
    struct past *past = journal->past;
    while (past && past->epoch != epoch) past = past->next;
    return past;
}

static lode_status open_segment(void *context, uint64_t epoch, struct segment_source *segment)
{
    struct journal *journal = context;
    struct past *past = find_past(journal, epoch);
    if (!past) lode_try(open_past(journal, epoch, &past));
    *segment = (struct segment_source){
        .name = past->path, .size = past->size_bytes, .read = read_at, .context = past};
    return LODE_OK;
}

static lode_status read_chain(struct journal *journal)
{
    lode_try(find_newest(journal->folder, &journal->newest));
    if (journal->newest > 0) lode_try(owner_check(journal->folder, journal->newest));
    const struct chain_source source = {
        .newest = journal->newest, .open = open_segment, .context = journal};
    return chain_read(&source, journal->arena, &journal->chain, &journal->history);
}

static lode_status read_all(struct journal *journal)
{
    lode_try(read_chain(journal));
    if (journal->chain.n_counts > 0) return LODE_OK;
    return lode_fail(LODE_E_USAGE,
                     "the journal in %s is empty: the run had not begun; remove it and run anew",
                     journal->folder);
}

lode_status journal_open(const char *run_directory, struct journal **journal)
{
    struct journal *opened = NULL;
    lode_try(make(run_directory, &opened));
    const lode_status status = read_all(opened);
    if (status)
        journal_close(opened);
    else
        *journal = opened;
    return status;
}

lode_status journal_is_empty(const char *run_directory, bool *empty)
{
    struct journal *opened = NULL;
    *empty = true;
    if (!journal_exists(run_directory)) return LODE_OK;
    lode_try(make(run_directory, &opened));
    const lode_status status = read_chain(opened);
    if (!status) *empty = opened->chain.n_counts == 0;
    journal_close(opened);
    return status;
}

const struct header *journal_header(const struct journal *journal)
{
    return journal->chain.n_counts > 0 ? &journal->chain.header : NULL;
}

const struct history *journal_history(const struct journal *journal)
{
    return &journal->history;
}

uint64_t journal_size(const struct journal *journal)
{
    return journal->end;
}

bool journal_has_results(const struct journal *journal)
{
    return journal->n_results > 0 || journal->past != NULL;
}

uint64_t journal_epoch(const struct journal *journal)
{
    return journal->newest;
}

lode_status journal_read(const struct journal *journal, const struct history_task *task,
                         struct lode_bytes *bytes)
{
    struct past *past = find_past(journal, task->epoch);
    if (!past) return lode_fail(LODE_E_BUG, "no segment of epoch %" PRIu64, task->epoch);
    bytes->size = 0;
    lode_try(lode_bytes_reserve(bytes, task->size + 1));
    lode_try(read_at(past, task->offset, bytes->data, task->size));
    bytes->size = task->size;
    return LODE_OK;
}

/* --- writing --- */

static lode_status make_segment(struct journal *journal)
{
    char path[PATH_MAX];
    const uint64_t epoch = journal->newest + 1;
    owner_segment_path(journal->folder, epoch, path, sizeof path);
    journal->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (journal->fd < 0 && errno == EEXIST)
        return lode_fail(LODE_E_USAGE, "%s: another coordinator goes on with this run just now",
                         path);
    if (journal->fd < 0) return lode_fail(LODE_E_DISK, "creating %s: %s", path, strerror(errno));
    journal->newest = epoch;
    return LODE_OK;
}

lode_status journal_take(struct journal *journal, struct header *header)
{
    struct lode_bytes bytes = {0};
    lode_try(make_segment(journal));
    lode_try(owner_begin(journal->folder, journal->newest, &journal->owner));
    header->epoch = journal->newest;
    header->earlier = journal->chain.counts;
    header->n_earlier = journal->chain.n_counts;
    lode_status status = header_encode(header, &bytes);
    const struct entry entry = {.kind = ENTRY_HEADER, .bytes = {bytes.data, bytes.size}};
    if (!status) status = frame_begin(&journal->frame);
    if (!status) status = journal_put(journal, &entry);
    lode_bytes_clear(&bytes);
    if (!status) status = journal_commit(journal);
    return status ? status : lode_directory_sync(journal->folder);
}

lode_status journal_put(struct journal *journal, const struct entry *entry)
{
    lode_try(entry_append(&journal->frame, entry));
    if (entry->kind == ENTRY_RESULT) journal->n_results++;
    return LODE_OK;
}

size_t journal_waiting(const struct journal *journal)
{
    return journal->frame.size > FRAME_HEAD ? journal->frame.size - FRAME_HEAD : 0;
}

static lode_status write_frame(struct journal *journal)
{
    const struct lode_bytes *frame = &journal->frame;
    for (size_t done = 0; done < frame->size;) {
        const ssize_t written = pwrite(journal->fd, frame->data + done, frame->size - done,
                                       (off_t)(journal->end + done));
        if (written < 0 && errno == EINTR) continue;
        if (written == 0) errno = ENOSPC;
        if (written <= 0) return LODE_E_DISK;
        done += (size_t)written;
    }
    return fdatasync(journal->fd) ? LODE_E_DISK : LODE_OK;
}

/* What was written of the frame gives its room back to those who still have something to say. */
static lode_status fail_write(struct journal *journal)
{
    const int reason = errno;
    journal->is_broken = true;
    if (ftruncate(journal->fd, (off_t)journal->end)) errno = reason;
    return lode_fail(LODE_E_DISK, "writing %zu bytes to the journal %s: %s", journal->frame.size,
                     journal->folder, strerror(reason));
}

bool journal_is_lost(const struct journal *journal)
{
    return journal->fd >= 0 && owner_is_superseded(journal->folder, journal->newest);
}

lode_status journal_check(const struct journal *journal)
{
    char who[320];
    if (!journal_is_lost(journal)) return LODE_OK;
    owner_name(journal->folder, who, sizeof who);
    return lode_fail(LODE_E_CLUSTER, "another coordinator goes on with this run (%s)", who);
}

lode_status journal_commit(struct journal *journal)
{
    if (journal_waiting(journal) == 0) return LODE_OK;
    if (journal->is_broken)
        return lode_fail(LODE_E_DISK, "the journal %s could not be written", journal->folder);
    lode_try(journal_check(journal));
    lode_try(frame_seal(&journal->frame, journal->end));
    if (write_frame(journal)) return fail_write(journal);
    journal->end += journal->frame.size;
    return frame_begin(&journal->frame);
}
