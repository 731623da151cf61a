/* HDF, the seal: 24 bytes behind what HDF5 knows of, which no other program needs.
 *
 *   "LODE-H5\n" | u64 bytes before the seal | u64 XXH3 of them        (little-endian)
 *
 * HDF5 itself notices a damaged header, but neither a damaged row nor that a file is not ours, and
 * version 1.10 can be made to crash by files that were built to do so. So the whole file is hashed
 * before HDF5 looks at any byte of it: cut, flipped, rewritten and foreign files end here. It is no
 * signature: whoever wants to deceive can compute it, and then meets the checks of hdf_dataset.c.
 */
#include "common/store/hdf_private.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "common/hash.h"

enum { MAGIC_SIZE = 8, SEAL_SIZE = MAGIC_SIZE + 2 * sizeof(uint64_t) };
static const char magic[MAGIC_SIZE] = {'L', 'O', 'D', 'E', '-', 'H', '5', '\n'};

static void make_seal(uint64_t size_bytes, uint64_t hash, uint8_t *seal)
{
    const uint64_t numbers[2] = {htole64(size_bytes), htole64(hash)};
    memcpy(seal, magic, MAGIC_SIZE);
    memcpy(seal + MAGIC_SIZE, numbers, sizeof numbers);
}

lode_status hdf_seal(const char *path)
{
    uint8_t seal[SEAL_SIZE];
    uint64_t hash = 0, size_bytes = 0;

    lode_try(lode_hash_file(path, &hash, &size_bytes));
    make_seal(size_bytes, hash, seal);
    const int file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (file < 0) return lode_fail(LODE_E_DISK, "%s: %s", path, strerror(errno));
    const ssize_t written = write(file, seal, sizeof seal);
    const int reason = written < 0 ? errno : ENOSPC;
    if (close(file) == 0 && written == (ssize_t)sizeof seal) return LODE_OK;
    return lode_fail(LODE_E_DISK, "%s: writing its last %zu bytes: %s", path, sizeof seal,
                     strerror(reason));
}

lode_status hdf_check_seal(const char *path, uint64_t *size_bytes, uint64_t *checksum)
{
    uint8_t found[SEAL_SIZE] = {0}, wanted[SEAL_SIZE];
    struct lode_tailed_file file;

    lode_try(lode_hash_tailed_file(path, found, sizeof found, &file));
    if (!file.has_tail || memcmp(found, magic, MAGIC_SIZE) != 0) {
        return lode_fail(LODE_E_INPUT,
                         "%s: cut short or not an HDF5 file of lode: %" PRIu64
                         " bytes that do not end with lode's seal",
                         path, file.size_bytes);
    }
    make_seal(file.size_bytes - SEAL_SIZE, file.head_hash, wanted);
    if (memcmp(found, wanted, sizeof wanted) != 0) {
        return lode_fail(LODE_E_INPUT,
                         "%s: damaged: its %" PRIu64
                         " bytes are not those that lode wrote (XXH3 %016" PRIx64 ")",
                         path, file.size_bytes, file.head_hash);
    }
    *size_bytes = file.size_bytes;
    *checksum = file.hash;
    return LODE_OK;
}
