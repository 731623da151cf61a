/* Machine: what of this node lode may use. */
#ifndef LODE_COMMON_MACHINE_H
#define LODE_COMMON_MACHINE_H

#include <stdint.h>

/* Cores: those of the machine, or fewer if the batch job was given fewer. At least 1. */
int64_t lode_machine_cores(void);
/* Bytes: the memory of the machine, or less if the batch job was given less. */
int64_t lode_machine_memory(void);

#endif
