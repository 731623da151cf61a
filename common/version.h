/* Version: the one place that says which lode this is. Coordinator and workers must be the same. */
#ifndef LODE_COMMON_VERSION_H
#define LODE_COMMON_VERSION_H

/* "0.1.0"; borrowed for ever. */
const char *lode_version(void);

#endif
