/* Input: see the header. One loop (`unpack`) drives both decoders: refill the packed block, decode,
 * until there is a byte of text. What counts as a proper end is decided there too: the file may end
 * only between two members (gzip) or frames (zstd).
 */
#include "common/input/input.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum {
    GZIP_WINDOW_BITS = 15 + 16, /* zlib: the largest window, gzip header and trailer expected */
    MAGIC_BYTES = 4
};

enum packing { PLAIN, GZIP, ZSTD };

struct lode_input {
    char *path;
    int fd; /* -1: the bytes are in memory */
    const uint8_t *memory;
    size_t memory_size;
    size_t memory_at;
    size_t block_bytes;

    enum packing packing;
    uint8_t *packed; /* [block_bytes], unless plain */
    size_t packed_at;
    size_t packed_end;
    uint64_t taken;     /* packed bytes decoded so far */
    int64_t members;    /* gzip members or zstd frames that are complete */
    uint64_t member_in; /* packed bytes of the member that is open; 0: none is */
    bool filled;        /* the last call filled the caller's buffer: the decoder may hold more */
    bool gzip_ready;
    z_stream gzip;
    ZSTD_DStream *zstd;
};

static lode_status read_packed(struct lode_input *input, void *buffer, size_t size, size_t *got)
{
    if (size > input->block_bytes) size = input->block_bytes;
    if (input->fd < 0) {
        const size_t left = input->memory_size - input->memory_at;
        *got = size < left ? size : left;
        if (*got > 0) memcpy(buffer, input->memory + input->memory_at, *got);
        input->memory_at += *got;
        return LODE_OK;
    }
    ssize_t done = 0;
    do done = read(input->fd, buffer, size);
    while (done < 0 && errno == EINTR);
    if (done < 0) return lode_fail(LODE_E_INPUT, "%s: read: %s", input->path, strerror(errno));
    *got = (size_t)done;
    return LODE_OK;
}

/* Why the stream is not whole. `reason` is the decoder's word, NULL at the end of the file. */
static lode_status stream_fault(const struct lode_input *input, const char *reason)
{
    const char *name = input->packing == GZIP ? "gzip" : "zstd";
    /* Not even the magic bytes of a further member: what follows is something else. */
    if (input->members > 0 && input->member_in <= MAGIC_BYTES) {
        return lode_fail(LODE_E_INPUT,
                         "%s: other bytes after the end of the %s stream, at byte %" PRIu64,
                         input->path, name, input->taken - input->member_in);
    }
    if (reason == NULL) {
        return lode_fail(LODE_E_INPUT, "%s: %s stream is cut short after %" PRIu64 " bytes",
                         input->path, name, input->taken);
    }
    return lode_fail(LODE_E_INPUT, "%s: %s stream is damaged after %" PRIu64 " bytes: %s",
                     input->path, name, input->taken, reason);
}

static void take_packed(struct lode_input *input, size_t size)
{
    input->packed_at += size;
    input->taken += size;
    input->member_in += size;
}

static void end_member(struct lode_input *input)
{
    input->members++;
    input->member_in = 0;
}

static lode_status gzip_decode(struct lode_input *input, void *buffer, size_t size, size_t *got)
{
    z_stream *gzip = &input->gzip;
    const size_t given = input->packed_end - input->packed_at;
    const uInt most = size < UINT_MAX ? (uInt)size : UINT_MAX;

    gzip->next_in = input->packed + input->packed_at;
    gzip->avail_in = (uInt)given; /* at most block_bytes, checked when opened */
    gzip->next_out = buffer;
    gzip->avail_out = most;
    const int result = inflate(gzip, Z_NO_FLUSH);
    take_packed(input, given - gzip->avail_in);
    *got = most - gzip->avail_out;
    if (result == Z_OK || result == Z_BUF_ERROR) return LODE_OK; /* BUF: nothing to do, no error */
    if (result == Z_MEM_ERROR)
        return lode_fail(LODE_E_MEMORY, "%s: zlib has no memory", input->path);
    if (result != Z_STREAM_END) return stream_fault(input, gzip->msg ? gzip->msg : zError(result));
    end_member(input);
    if (inflateReset(gzip) != Z_OK) return lode_fail(LODE_E_BUG, "%s: inflateReset", input->path);
    return LODE_OK;
}

static lode_status zstd_decode(struct lode_input *input, void *buffer, size_t size, size_t *got)
{
    ZSTD_inBuffer in = {.src = input->packed + input->packed_at,
                        .size = input->packed_end - input->packed_at};
    ZSTD_outBuffer out = {.dst = buffer, .size = size};
    const size_t result = ZSTD_decompressStream(input->zstd, &out, &in);
    take_packed(input, in.pos);
    *got = out.pos;
    if (ZSTD_isError(result)) return stream_fault(input, ZSTD_getErrorName(result));
    if (result == 0 && input->member_in > 0) end_member(input);
    return LODE_OK;
}

static lode_status unpack(struct lode_input *input, void *buffer, size_t size, size_t *got)
{
    *got = 0;
    while (*got == 0) {
        if (input->packed_at == input->packed_end && !input->filled) {
            input->packed_at = 0;
            lode_try(read_packed(input, input->packed, input->block_bytes, &input->packed_end));
            if (input->packed_end == 0) {
                return input->member_in > 0 ? stream_fault(input, NULL) : LODE_OK;
            }
        }
        if (input->packing == GZIP)
            lode_try(gzip_decode(input, buffer, size, got));
        else
            lode_try(zstd_decode(input, buffer, size, got));
        input->filled = *got == size;
    }
    return LODE_OK;
}

static enum packing packing_of(const uint8_t magic[MAGIC_BYTES])
{
    static const uint8_t zstd[MAGIC_BYTES] = {0x28, 0xb5, 0x2f, 0xfd};
    static const uint8_t skippable[MAGIC_BYTES - 1] = {0x2a, 0x4d, 0x18};
    if (magic[0] == 0x1f && magic[1] == 0x8b) return GZIP;
    if (memcmp(magic, zstd, sizeof zstd) == 0) return ZSTD;
    /* pzstd puts a frame to be skipped first: 50 to 5f, then these three. */
    if ((magic[0] & 0xf0) == 0x50 && memcmp(magic + 1, skippable, sizeof skippable) == 0)
        return ZSTD;
    return PLAIN;
}

static lode_status prepare_decoder(struct lode_input *input)
{
    uint8_t magic[MAGIC_BYTES] = {0};
    if (input->memory != NULL) {
        memcpy(magic, input->memory,
               input->memory_size < sizeof magic ? input->memory_size : sizeof magic);
    } else if (pread(input->fd, magic, sizeof magic, 0) < 0) {
        return lode_fail(LODE_E_INPUT, "%s: read: %s", input->path, strerror(errno));
    }
    input->packing = packing_of(magic);
    if (input->packing == PLAIN) return LODE_OK;

    input->packed = malloc(input->block_bytes);
    if (input->packing == GZIP)
        input->gzip_ready = inflateInit2(&input->gzip, GZIP_WINDOW_BITS) == Z_OK;
    else
        input->zstd = ZSTD_createDStream();
    if (input->packed == NULL || (!input->gzip_ready && input->zstd == NULL))
        return lode_fail(LODE_E_MEMORY, "%s: no memory to unpack it", input->path);
    return LODE_OK;
}

/* NULL: no memory. */
static struct lode_input *input_create(const char *path, size_t block_bytes)
{
    assert(block_bytes >= 1 && block_bytes <= INT_MAX);
    struct lode_input *made = calloc(1, sizeof *made);
    char *copy = strdup(path);
    if (made == NULL || copy == NULL) {
        free(made);
        free(copy);
        return NULL;
    }
    made->path = copy;
    made->fd = -1;
    made->block_bytes = block_bytes;
    return made;
}

static lode_status no_memory(const char *path)
{
    return lode_fail(LODE_E_MEMORY, "%s: no memory to open it", path);
}

static lode_status open_file(struct lode_input *input)
{
    struct stat info;
    /* NONBLOCK: opening a FIFO must not wait for a writer before it can be refused. */
    input->fd = open(input->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (input->fd < 0 || fstat(input->fd, &info) != 0)
        return lode_fail(LODE_E_INPUT, "%s: %s", input->path, strerror(errno));
    if (S_ISDIR(info.st_mode))
        return lode_fail(LODE_E_INPUT, "%s: is a directory, not a file", input->path);
    if (S_ISFIFO(info.st_mode))
        return lode_fail(LODE_E_INPUT,
                         "%s: is a FIFO, which can be read only once; write it to a "
                         "file first",
                         input->path);
    if (!S_ISREG(info.st_mode))
        return lode_fail(LODE_E_INPUT, "%s: is not a regular file", input->path);
    if (info.st_size == 0) return lode_fail(LODE_E_INPUT, "%s: empty file", input->path);
    (void)posix_fadvise(input->fd, 0, 0, POSIX_FADV_SEQUENTIAL); /* advice only */
    return LODE_OK;
}

lode_status lode_input_open(const char *path, size_t block_bytes, struct lode_input **input)
{
    lode_status status = LODE_OK;
    struct lode_input *made = input_create(path, block_bytes);

    if (made == NULL) return no_memory(path);
    lode_try_done(open_file(made));
    lode_try_done(prepare_decoder(made));
    *input = made;
    made = NULL;
done:
    lode_input_close(made);
    return status;
}

lode_status lode_input_open_memory(const char *name, const void *data, size_t size,
                                   size_t block_bytes, struct lode_input **input)
{
    lode_status status = LODE_OK;
    if (size == 0) return lode_fail(LODE_E_INPUT, "%s: empty file", name);
    struct lode_input *made = input_create(name, block_bytes);

    if (made == NULL) return no_memory(name);
    made->memory = data;
    made->memory_size = size;
    lode_try_done(prepare_decoder(made));
    *input = made;
    made = NULL;
done:
    lode_input_close(made);
    return status;
}

void lode_input_close(struct lode_input *input)
{
    if (input == NULL) return;
    if (input->fd >= 0) (void)close(input->fd);
    if (input->gzip_ready) (void)inflateEnd(&input->gzip);
    (void)ZSTD_freeDStream(input->zstd);
    free(input->packed);
    free(input->path);
    free(input);
}

lode_status lode_input_read(struct lode_input *input, void *buffer, size_t size, size_t *got)
{
    if (input->packing == PLAIN) return read_packed(input, buffer, size, got);
    return unpack(input, buffer, size, got);
}

lode_status lode_input_seek(struct lode_input *input, uint64_t offset)
{
    if (input->packing != PLAIN || offset > INT64_MAX)
        return lode_fail(LODE_E_BUG, "%s: cannot go to byte %" PRIu64, input->path, offset);
    if (input->fd < 0)
        input->memory_at = offset < input->memory_size ? (size_t)offset : input->memory_size;
    else if (lseek(input->fd, (off_t)offset, SEEK_SET) < 0)
        return lode_fail(LODE_E_INPUT, "%s: byte %" PRIu64 ": %s", input->path, offset,
                         strerror(errno));
    return LODE_OK;
}

bool lode_input_is_packed(const struct lode_input *input)
{
    return input->packing != PLAIN;
}

size_t lode_input_block(const struct lode_input *input)
{
    return input->block_bytes;
}

const char *lode_input_path(const struct lode_input *input)
{
    return input->path;
}
