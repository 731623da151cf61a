/* Extents: sorted records in a file, as frames that each have a checksum.
 *
 * An extent is what one flush writes for one bucket. A frame is [size of its records, 4 bytes][0, 4
 * bytes][XXH3 of them, 8 bytes][records] with as many whole records as fit into 32 KiB, at least
 * one; it is checked before any of them is used. Numbers are those of the machine: an extent lives
 * within one run of one cluster.
 */
#ifndef LODE_JOBS_SHUFFLE_EXTENTS_H
#define LODE_JOBS_SHUFFLE_EXTENTS_H

#include "jobs/shuffle/batch.h"

struct extent {
    uint64_t offset, size; /* in the file, frames with their heads */
    uint64_t n_records;
    uint64_t largest; /* bytes of its largest frame: what a reader must hold */
};

enum { EXTENT_FRAME_BYTES = 32 << 10, EXTENT_OUT_BYTES = 8 * EXTENT_FRAME_BYTES };

/* Writes extents to the end of a file, one after the other. */
struct extent_writer {
    int fd;
    const char *path; /* for messages */
    uint64_t written; /* bytes of the file so far, those still in memory not counted */
    uint8_t *memory;
    size_t size, used;
    size_t frame; /* where the open frame begins */
    struct extent extent;
    struct lode_arena *arena; /* for a record larger than the memory */
};
/* Borrows `memory`. `offset` is where the file ends. */
void extent_writer_init(struct extent_writer *writer, int fd, const char *path, uint64_t offset,
                        void *memory, size_t size, struct lode_arena *arena);
void extent_begin(struct extent_writer *writer);
/* Records come in order. */
LODE_CHECKED lode_status extent_put(struct extent_writer *writer,
                                    const struct shuffle_record *record);
/* Tells what was written since extent_begin; its bytes may still be in memory. */
void extent_end(struct extent_writer *writer, struct extent *extent);
/* Other bytes, between extents. */
LODE_CHECKED lode_status extent_put_bytes(struct extent_writer *writer, const void *data,
                                          size_t size);
/* Now all is in the file. */
LODE_CHECKED lode_status extent_flush(struct extent_writer *writer);

/* Reads one extent, a frame at a time. */
struct extent_reader {
    int fd;
    const char *path;
    uint8_t *memory; /* [size] borrowed; size >= extent.largest */
    size_t size;
    uint64_t at, end; /* bytes of the file not yet read */
    uint64_t n_left;  /* records */
    const uint8_t *next, *frame_end;
};
void extent_reader_init(struct extent_reader *reader, int fd, const char *path,
                        const struct extent *extent, void *memory);
/* *more is false behind the last; the record is borrowed until the next call. LODE_E_INPUT names
 * the file and the bytes that are damaged. */
LODE_CHECKED lode_status extent_next(struct extent_reader *reader, struct shuffle_record *record,
                                     bool *more);

#endif
