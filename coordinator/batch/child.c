/* Child: its input is a file without a name, so that nobody waits for anybody. */
#include "coordinator/batch/child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIECE = 4096 };

static lode_status make_input(const struct lode_bytes *input, FILE **file)
{
    *file = tmpfile();
    if (!*file || fwrite(input->data, 1, input->size, *file) != input->size || fflush(*file) ||
        fseek(*file, 0, SEEK_SET))
        return lode_fail(LODE_E_DISK, "a temporary file of %zu bytes: %s", input->size,
                         strerror(errno));
    return LODE_OK;
}

static lode_status read_output(int fd, struct lode_bytes *output)
{
    char piece[PIECE];
    for (;;) {
        const ssize_t got = read(fd, piece, sizeof piece);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return LODE_OK;
        if (output->size < CHILD_OUTPUT_MAX)
            lode_try(lode_bytes_append(output, piece, (size_t)got));
    }
}

/* In the child. */
static void become(const char *const *arguments, int input, int output)
{
    dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    execvp(arguments[0], (char *const *)arguments);
    _exit(errno == ENOENT ? CHILD_NOT_FOUND : CHILD_NOT_FOUND - 1);
}

lode_status child_run(const char *const *arguments, const struct lode_bytes *input,
                      struct lode_bytes *output, int *exit_status)
{
    FILE *file = NULL;
    int ends[2] = {-1, -1}, how = 0;
    pid_t pid = -1;
    lode_status status = make_input(input, &file);
    if (!status && pipe2(ends, O_CLOEXEC))
        status = lode_fail(LODE_E_DISK, "a pipe for %s: %s", arguments[0], strerror(errno));
    if (!status) {
        pid = fork();
        if (pid == 0) become(arguments, fileno(file), ends[1]);
        if (pid < 0)
            status = lode_fail(LODE_E_DISK, "starting %s: %s", arguments[0], strerror(errno));
    }
    if (ends[1] >= 0) close(ends[1]);
    if (!status) status = read_output(ends[0], output);
    if (ends[0] >= 0) close(ends[0]);
    while (pid > 0 && waitpid(pid, &how, 0) < 0 && errno == EINTR) continue;
    *exit_status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
    if (file) fclose(file);
    return status;
}
