/* Version: a file of its own, so that a test can link another one. */
#include "common/version.h"

#ifndef LODE_VERSION
#error "LODE_VERSION comes from the build"
#endif

const char *lode_version(void)
{
    return LODE_VERSION;
}
