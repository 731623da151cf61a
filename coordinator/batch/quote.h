/* Quote: any text as one word for a shell, or for a #SBATCH line. */
#ifndef LODE_COORDINATOR_QUOTE_H
#define LODE_COORDINATOR_QUOTE_H

#include "common/error.h"
#include "common/memory.h"

/* Appends `text` so that a POSIX shell reads it as one word with exactly these bytes: as it is when
 * every byte is harmless, else in single quotes. */
LODE_CHECKED lode_status quote_shell(const char *text, struct lode_bytes *out);

/* Appends `text` so that sbatch reads it as one word of a #SBATCH line, where a backslash escapes
 * also within quotes. LODE_E_USAGE, naming `what`: it has control bytes, which such a line cannot
 * hold, or is too long for sbatch. */
LODE_CHECKED lode_status quote_sbatch(const char *what, const char *text, struct lode_bytes *out);

/* Appends a file name for --output: Slurm must not see a pattern in it. `out` gets the name as
 * Slurm wants it, not yet quoted. */
LODE_CHECKED lode_status quote_pattern(const char *path, struct lode_bytes *out);

#endif
