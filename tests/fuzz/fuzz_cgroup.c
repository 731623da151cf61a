/* Hostile texts of control groups, own and mounts with a NUL between them: nothing, or a folder
 * that is the mount or below it. Limits: any number, without trouble. */
#include <stdlib.h>
#include <string.h>

#include "common/cgroup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int fact)
{
    if (!fact) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const controllers[] = {"memory", "cpu"};
    /* exactly as long as the texts: one byte too far is seen by the address sanitizer */
    char *own = malloc(size + 1);
    if (!own) return 0;
    if (size) memcpy(own, data, size);
    own[size] = '\0';
    const size_t own_size = strlen(own);
    const char *mounts = own_size < size ? own + own_size + 1 : "";
    for (int i = 0; i < 2; i++) {
        struct lode_cgroup group;
        if (!lode_cgroup_find(own, mounts, controllers[i], &group)) continue;
        const size_t mount_size = strlen(group.mount);
        check(group.mount[0] == '/' && strlen(group.folder) < sizeof group.folder);
        check(strncmp(group.folder, group.mount, mount_size) == 0);
        check(group.folder[mount_size] == '\0' || group.folder[mount_size] == '/');
    }
    check(lode_cgroup_bytes(own) < UINT64_C(1) << 62);
    check(lode_cgroup_quota(own) >= 0);
    check(lode_cgroup_killed(own) >= -1);
    free(own);
    return 0;
}
