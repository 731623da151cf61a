/* Who: see the header. */
#include "coordinator/commands/who.h"

#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

const char *who_name(char *text)
{
    char host[256] = "";
    const struct passwd *user = getpwuid(geteuid());
    gethostname(host, sizeof host - 1);
    if (user)
        snprintf(text, WHO_SIZE, "%s@%s", user->pw_name, host);
    else
        snprintf(text, WHO_SIZE, "user %d@%s", (int)geteuid(), host);
    return text;
}
