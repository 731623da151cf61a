/* Library: see the header. Folders are read by name, so the order of a directory never matters. */
#include "jobs/opportunities/generator/library.h"

#include "common/file.h"
#include "common/text.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_LIMIT = 64 << 10 };

static bool is_template_file(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && dot != name && strcmp(dot, ".yaml") == 0;
}

const struct template *template_library_find(const struct template_library *library,
                                             const char *name)
{
    for (int i = 0; i < library->n; i++)
        if (strcmp(library->templates[i].name, name) == 0) return &library->templates[i];
    return NULL;
}

static lode_status add_file(const char *path, struct lode_arena *arena,
                            struct template_library *library)
{
    struct lode_bytes text = {0};
    struct template made;
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    lode_status status = lode_file_read(path, FILE_LIMIT, &text);
    if (!status) status = template_parse(path, text.data, text.size, arena, &made);
    lode_bytes_clear(&text);
    if (status) return status;
    if (strlen(base) != strlen(made.name) + 5 || strncmp(base, made.name, strlen(made.name)) != 0)
        return lode_fail(LODE_E_INPUT, "%s:1:1: name '%s': the file must be called %s.yaml", path,
                         made.name, made.name);
    if (template_library_find(library, made.name)) return LODE_OK; /* an earlier folder has it */
    if (library->n == TEMPLATE_LIBRARY_MAX)
        return lode_fail(LODE_E_INPUT, "%s: more than %d templates", path, TEMPLATE_LIBRARY_MAX);
    library->templates[library->n++] = made;
    return LODE_OK;
}

static lode_status add_folder(const char *folder, struct lode_arena *arena,
                              struct template_library *library)
{
    lode_status status = LODE_OK;
    char path[PATH_MAX];
    DIR *entries = opendir(folder);
    if (!entries) return lode_fail(LODE_E_INPUT, "%s: %s", folder, strerror(errno));
    for (const struct dirent *entry = readdir(entries); entry && !status;
         entry = readdir(entries)) {
        if (!is_template_file(entry->d_name)) continue;
        if (snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) >= (int)sizeof path)
            status = lode_fail(LODE_E_INPUT, "%s: path too long", folder);
        else
            status = add_file(path, arena, library);
    }
    closedir(entries);
    return status;
}

static lode_status add_place(const char *place, struct lode_arena *arena,
                             struct template_library *library)
{
    struct stat about;
    if (stat(place, &about)) return lode_fail(LODE_E_INPUT, "%s: %s", place, strerror(errno));
    return S_ISDIR(about.st_mode) ? add_folder(place, arena, library)
                                  : add_file(place, arena, library);
}

/* Places separated by `separator`. */
static lode_status add_places(const char *places, char separator, struct lode_arena *arena,
                              struct template_library *library)
{
    char place[PATH_MAX];
    while (*places) {
        const char *end = strchrnul(places, separator);
        const int size = snprintf(place, sizeof place, "%.*s", (int)(end - places), places);
        if (size >= (int)sizeof place)
            return lode_fail(LODE_E_INPUT, "templates: path too long: %.64s...", place);
        if (size > 0) lode_try(add_place(place, arena, library));
        places = *end ? end + 1 : end;
    }
    return LODE_OK;
}

/* The folder that came with the program; "" when there is none. */
static void find_own_folder(char *folder, size_t room)
{
    static const char *const places[] = {"templates", "../share/lode/templates"};
    char program[PATH_MAX] = "";
    folder[0] = '\0';
    if (readlink("/proc/self/exe", program, sizeof program - 1) < 0) return;
    char *slash = strrchr(program, '/');
    if (!slash) return;
    *slash = '\0';
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct stat about;
        if (snprintf(folder, room, "%s/%s", program, places[i]) < (int)room &&
            stat(folder, &about) == 0 && S_ISDIR(about.st_mode))
            return;
        folder[0] = '\0';
    }
}

static int compare_names(const void *left, const void *right)
{
    const struct template *a = left, *b = right;
    return strcmp(a->name, b->name);
}

lode_status template_library_load(const char *path, struct lode_arena *arena,
                                  struct template_library *library)
{
    char own[PATH_MAX];
    struct template_library made = {0};
    const char *environment = getenv("LODE_TEMPLATES");
    lode_try(lode_take(arena, TEMPLATE_LIBRARY_MAX, &made.templates));
    lode_try(add_places(path, ',', arena, &made));
    if (environment) lode_try(add_places(environment, ':', arena, &made));
    find_own_folder(own, sizeof own);
    if (own[0]) lode_try(add_folder(own, arena, &made));
    qsort(made.templates, (size_t)made.n, sizeof *made.templates, compare_names);
    *library = made;
    return LODE_OK;
}

lode_status template_library_get(const struct template_library *library, const char *name,
                                 const struct template **found)
{
    const char *names[TEMPLATE_LIBRARY_MAX + 1];
    *found = template_library_find(library, name);
    if (*found) return LODE_OK;
    for (int i = 0; i < library->n; i++) names[i] = library->templates[i].name;
    names[library->n] = NULL;
    const char *nearest = lode_text_nearest(name, names);
    if (nearest)
        return lode_fail(LODE_E_USAGE, "no template '%.64s', did you mean '%s'?", name, nearest);
    return lode_fail(LODE_E_USAGE, "no template '%.64s'; `lode templates` lists them", name);
}
