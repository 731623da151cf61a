/* Another version: what makes lode_other another lode. */
#include "common/version.h"

const char *lode_version(void)
{
    return "0.0.0-other";
}
