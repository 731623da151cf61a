/* Who: the person who says something about findings. */
#ifndef LODE_COORDINATOR_WHO_H
#define LODE_COORDINATOR_WHO_H

enum { WHO_SIZE = 512 };

/* user@host into text [WHO_SIZE], from the user database: environment variables may say anything.
 * Returns text. */
const char *who_name(char *text);

#endif
