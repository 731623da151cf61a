/* Quote: see the header. The rules of sbatch are those of its _get_argument and fname_create,
 * tried out with 22.05; tests/e2e/t0026-slurm.sh asks the real one.
 */
#include "coordinator/batch/quote.h"

#include <stdbool.h>
#include <string.h>

/* sbatch reads a word into a buffer of 8 KiB. */
enum { SBATCH_WORD_MAX = 4096 };

static const char harmless[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "_-+=./:,@%^";

static bool is_harmless(const char *text)
{
    return text[0] != '\0' && strspn(text, harmless) == strlen(text);
}

lode_status quote_shell(const char *text, struct lode_bytes *out)
{
    if (is_harmless(text)) return lode_bytes_append(out, text, strlen(text));
    lode_try(lode_bytes_append(out, "'", 1));
    for (const char *at = text; *at != '\0'; at++)
        lode_try(*at == '\'' ? lode_bytes_append(out, "'\\''", 4) : lode_bytes_append(out, at, 1));
    return lode_bytes_append(out, "'", 1);
}

lode_status quote_sbatch(const char *what, const char *text, struct lode_bytes *out)
{
    if (strlen(text) > SBATCH_WORD_MAX)
        return lode_fail(LODE_E_USAGE, "%s: too long for a line of the batch script", what);
    for (const char *at = text; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            return lode_fail(LODE_E_USAGE,
                             "%s: a line break or another control character, which sbatch cannot "
                             "read, is in '%s'",
                             what, text);
    if (is_harmless(text)) return lode_bytes_append(out, text, strlen(text));
    lode_try(lode_bytes_append(out, "\"", 1));
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\') lode_try(lode_bytes_append(out, "\\", 1));
        lode_try(lode_bytes_append(out, at, 1));
    }
    return lode_bytes_append(out, "\"", 1);
}

/* %j and its like are replaced, %% is a percent sign; but once there is a backslash in the name,
 * backslashes are taken off and nothing is replaced. */
lode_status quote_pattern(const char *path, struct lode_bytes *out)
{
    const char special = strchr(path, '\\') ? '\\' : '%';
    for (const char *at = path; *at != '\0'; at++) {
        if (*at == special) lode_try(lode_bytes_append(out, at, 1));
        lode_try(lode_bytes_append(out, at, 1));
    }
    return LODE_OK;
}
