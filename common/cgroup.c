/* Control groups: lines of two texts into a folder, and files of that folder and those above it.
 *
 * /proc/self/cgroup has "id:controllers:path" lines ("0::path" is the unified hierarchy), the path
 * as seen from the process's cgroup namespace. /proc/self/mountinfo has where hierarchies are
 * mounted, and which folder of the hierarchy the mount shows ("root"): a container often sees its
 * own folder as the mount, while `path` still counts from the host's top. So a path is cut by root.
 */
#include "common/cgroup.h"

#include "common/memory.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TEXT_LIMIT = 16 << 20, /* a node with thousands of containers has that many mounts */
    READ_SIZE = 16 << 10,
    VALUE_SIZE = 4096
};

/* From here on v1 means no limit: 2^63 - 1, cut to whole pages of whatever size. */
static const uint64_t no_limit = UINT64_C(1) << 62;

/* A piece of a text. */
struct piece {
    const char *data;
    size_t size;
};

static bool piece_is(struct piece piece, const char *text)
{
    return piece.size == strlen(text) && memcmp(piece.data, text, piece.size) == 0;
}

/* Cuts the next piece off *rest, at `separator`; false at the end. */
static bool next_piece(struct piece *rest, char separator, struct piece *piece)
{
    if (!rest->data) return false;
    const char *end = rest->size ? memchr(rest->data, separator, rest->size) : NULL;
    *piece = (struct piece){rest->data, end ? (size_t)(end - rest->data) : rest->size};
    *rest = end ? (struct piece){end + 1, rest->size - piece->size - 1} : (struct piece){NULL, 0};
    return true;
}

/* Is the word in a list "cpu,cpuacct"? */
static bool has_word(struct piece list, const char *word)
{
    struct piece piece;
    while (next_piece(&list, ',', &piece))
        if (piece_is(piece, word)) return true;
    return false;
}

/* The path of the line with the controller; without one (controller NULL) of the unified line. */
static bool find_path(const char *own, const char *controller, struct piece *path)
{
    struct piece text = {own, strlen(own)}, line, id, controllers;
    while (next_piece(&text, '\n', &line)) {
        if (!next_piece(&line, ':', &id) || !next_piece(&line, ':', &controllers)) continue;
        const bool is_it = controller ? has_word(controllers, controller)
                                      : piece_is(id, "0") && controllers.size == 0;
        if (!is_it || line.size == 0 || line.data[0] != '/') continue;
        *path = line; /* colons in it are its own */
        return true;
    }
    return false;
}

/* One line of mountinfo, as far as it matters. */
struct mount {
    struct piece root, point, type, options;
};

/* "36 35 98:0 /root /point rw shared:1 - type source options" */
static bool read_mount(struct piece line, struct mount *mount)
{
    struct piece word;
    for (int i = 0; i < 5; i++) {
        if (!next_piece(&line, ' ', &word)) return false;
        if (i == 3) mount->root = word;
        if (i == 4) mount->point = word;
    }
    do
        if (!next_piece(&line, ' ', &word)) return false;
    while (!piece_is(word, "-"));
    return next_piece(&line, ' ', &mount->type) && next_piece(&line, ' ', &word) &&
           next_piece(&line, ' ', &mount->options) && mount->root.size > 0 &&
           mount->point.size > 0 && mount->root.data[0] == '/' && mount->point.data[0] == '/';
}

/* The kernel writes blanks and backslashes as \040. False: too long. */
static bool unescape(struct piece piece, char *text, size_t size)
{
    size_t length = 0;
    for (size_t i = 0; i < piece.size; length++) {
        unsigned code = 0;
        if (length + 1 >= size) return false;
        bool is_code = piece.data[i] == '\\' && piece.size - i >= 4;
        for (size_t k = 1; is_code && k < 4; k++) {
            is_code = piece.data[i + k] >= '0' && piece.data[i + k] <= '7';
            code = 8 * code + (unsigned)(piece.data[i + k] - '0');
        }
        text[length] = is_code ? (char)(unsigned char)code : piece.data[i];
        i += is_code ? 4 : 1;
    }
    text[length] = '\0';
    return true;
}

/* "/../job": a namespace's way to say that the group lies outside of it. */
static bool has_dots(const char *path)
{
    const char *at = path;
    while ((at = strstr(at, "/.."))) {
        if (at[3] == '/' || at[3] == '\0') return true;
        at += 3;
    }
    return false;
}

/* The rest of path below root: "" or "/...". False: it is not below it. */
static bool path_below(const char *path, const char *root, const char **rest)
{
    const size_t size = strcmp(root, "/") == 0 ? 0 : strlen(root);
    if (has_dots(path) || has_dots(root) || strncmp(path, root, size) != 0) return false;
    if (path[size] != '/' && path[size] != '\0') return false;
    *rest = strcmp(path + size, "/") == 0 ? "" : path + size;
    return true;
}

/* A mount of the hierarchy, as a candidate; better ones see the own group, and more above it. */
struct candidate {
    bool is_found, sees_own;
    size_t root_size;
};

static void consider(const struct mount *mount, const char *path, struct candidate *best,
                     struct lode_cgroup *group)
{
    char root[LODE_CGROUP_PATH_SIZE], point[LODE_CGROUP_PATH_SIZE];
    const char *rest = "";
    if (!unescape(mount->root, root, sizeof root) || !unescape(mount->point, point, sizeof point))
        return;
    const bool sees_own = path_below(path, root, &rest);
    const bool is_better = !best->is_found || (sees_own && !best->sees_own) ||
                           (sees_own && strlen(root) < best->root_size);
    if (!is_better || strlen(point) + strlen(rest) >= sizeof group->folder) return;
    *best = (struct candidate){.is_found = true, .sees_own = sees_own, .root_size = strlen(root)};
    memcpy(group->mount, point, strlen(point) + 1);
    memcpy(group->folder, point, strlen(point));
    memcpy(group->folder + strlen(point), rest, strlen(rest) + 1);
}

/* controller NULL: the unified hierarchy. */
static bool find_mount(const char *mounts, const char *controller, const char *path,
                       struct lode_cgroup *group)
{
    struct candidate best = {0};
    struct piece text = {mounts, strlen(mounts)}, line;
    while (next_piece(&text, '\n', &line)) {
        struct mount mount;
        if (!read_mount(line, &mount)) continue;
        const bool is_it =
            controller ? piece_is(mount.type, "cgroup") && has_word(mount.options, controller)
                       : piece_is(mount.type, "cgroup2");
        if (is_it) consider(&mount, path, &best, group);
    }
    return best.is_found;
}

bool lode_cgroup_find(const char *own, const char *mounts, const char *controller,
                      struct lode_cgroup *group)
{
    const char *const kinds[] = {controller, NULL}; /* v1 first: it has the controller, or nobody */
    for (int i = 0; i < 2; i++) {
        struct lode_cgroup found = {.is_unified = !kinds[i]};
        struct piece own_path;
        char path[LODE_CGROUP_PATH_SIZE];
        if (!find_path(own, kinds[i], &own_path) || own_path.size >= sizeof path) continue;
        memcpy(path, own_path.data, own_path.size); /* unlike in mountinfo nothing is escaped */
        path[own_path.size] = '\0';
        if (!find_mount(mounts, kinds[i], path, &found)) continue;
        *group = found;
        return true;
    }
    return false;
}

uint64_t lode_cgroup_bytes(const char *text)
{
    char *end = NULL;
    if (text[0] < '0' || text[0] > '9') return 0;
    const unsigned long long bytes = strtoull(text, &end, 10); /* too large: ULLONG_MAX, no limit */
    return (*end != '\0' && *end != '\n') || bytes >= no_limit ? 0 : bytes;
}

int64_t lode_cgroup_quota(const char *text)
{
    long long quota = 0, period = 0;
    if (sscanf(text, "%18lld %18lld", &quota, &period) != 2 || quota <= 0 || period <= 0) return 0;
    return quota / period + (quota % period > 0);
}

int64_t lode_cgroup_killed(const char *text)
{
    struct piece rest = {text, strlen(text)}, line, name;
    while (next_piece(&rest, '\n', &line)) {
        if (!next_piece(&line, ' ', &name) || !piece_is(name, "oom_kill") || !line.data) continue;
        long long count = 0;
        return sscanf(line.data, "%18lld", &count) == 1 && count >= 0 ? count : -1;
    }
    return -1;
}

/* --- files --- */

/* A file of a few lines, as text; false: it is not there. */
static bool read_value(const char *folder, const char *name, char *text, size_t size)
{
    char path[LODE_CGROUP_PATH_SIZE + 64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    const ssize_t got = read(file, text, size - 1);
    close(file);
    text[got > 0 ? got : 0] = '\0';
    return got > 0;
}

/* A file of /proc, whose size nobody knows before, as text. */
static bool read_text(const char *path, struct lode_bytes *text)
{
    ssize_t got = -1;
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    while (text->size < TEXT_LIMIT && !lode_bytes_reserve(text, READ_SIZE)) {
        got = read(file, text->data + text->size, READ_SIZE - 1);
        if (got <= 0) break;
        text->size += (size_t)got;
    }
    close(file);
    if (got == 0) text->data[text->size] = '\0';
    return got == 0;
}

/* A kernel without control groups has no such files, and sets no limits. */
static bool find_here(const char *controller, struct lode_cgroup *group)
{
    struct lode_bytes own = {0}, mounts = {0};
    const bool is_found =
        read_text("/proc/self/cgroup", &own) && read_text("/proc/self/mountinfo", &mounts) &&
        lode_cgroup_find((const char *)own.data, (const char *)mounts.data, controller, group);
    lode_bytes_clear(&own);
    lode_bytes_clear(&mounts);
    return is_found;
}

/* To the folder above, within the mount; false: that was the last. A folder that is gone, or that
 * this namespace does not show, is passed over: those above it hold all the same. */
static bool go_up(struct lode_cgroup *group)
{
    char *slash = strrchr(group->folder, '/');
    if (strlen(group->folder) <= strlen(group->mount) || !slash) return false;
    *slash = '\0';
    return true;
}

static void keep_least(uint64_t *least, uint64_t value)
{
    if (value > 0 && (*least == 0 || value < *least)) *least = value;
}

uint64_t lode_cgroup_memory(void)
{
    static const char *const unified[] = {"memory.max", "memory.high"};
    static const char *const old[] = {"memory.limit_in_bytes"};
    struct lode_cgroup group;
    char text[VALUE_SIZE];
    uint64_t least = 0;
    if (!find_here("memory", &group)) return 0;
    const char *const *names = group.is_unified ? unified : old;
    const int n_names = group.is_unified ? 2 : 1;
    do
        for (int i = 0; i < n_names; i++)
            if (read_value(group.folder, names[i], text, sizeof text))
                keep_least(&least, lode_cgroup_bytes(text));
    while (go_up(&group));
    return least;
}

int64_t lode_cgroup_cores(void)
{
    struct lode_cgroup group;
    char text[VALUE_SIZE], period[64], both[VALUE_SIZE + 80];
    uint64_t least = 0;
    if (!find_here("cpu", &group)) return 0;
    do {
        if (group.is_unified) {
            if (read_value(group.folder, "cpu.max", text, sizeof text))
                keep_least(&least, (uint64_t)lode_cgroup_quota(text));
        } else if (read_value(group.folder, "cpu.cfs_quota_us", text, sizeof text) &&
                   read_value(group.folder, "cpu.cfs_period_us", period, sizeof period)) {
            snprintf(both, sizeof both, "%s %s", text, period);
            keep_least(&least, (uint64_t)lode_cgroup_quota(both));
        }
    } while (go_up(&group));
    return (int64_t)least;
}

int64_t lode_cgroup_oom_kills(void)
{
    struct lode_cgroup group;
    char text[VALUE_SIZE];
    int64_t killed = -1;
    if (find_here("memory", &group) &&
        read_value(group.folder, group.is_unified ? "memory.events" : "memory.oom_control", text,
                   sizeof text))
        killed = lode_cgroup_killed(text);
    if (killed >= 0) return killed;
    struct lode_bytes machine = {0}; /* the outermost group counts nothing itself */
    if (read_text("/proc/vmstat", &machine))
        killed = lode_cgroup_killed((const char *)machine.data);
    lode_bytes_clear(&machine);
    return killed;
}
