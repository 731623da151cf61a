/* Forge: puts lode's seal on a file that lode did not write, and prints what an index would say of
 * it: size and XXH3. For tests of what stands behind the seal, which anybody can compute. */
#include <inttypes.h>
#include <stdio.h>

#include "common/hash.h"
#include "common/store/hdf_private.h"

int main(int argc, char **argv)
{
    uint64_t hash = 0, size_bytes = 0;
    if (argc != 2) {
        fprintf(stderr, "use: lode_forge FILE\n");
        return 2;
    }
    if (hdf_seal(argv[1]) != LODE_OK || lode_hash_file(argv[1], &hash, &size_bytes) != LODE_OK) {
        fprintf(stderr, "%s\n", lode_error_text());
        return 1;
    }
    printf("%" PRIu64 " %" PRIu64 "\n", size_bytes, hash);
    return 0;
}
