/* Runs: files of bytes in buckets, what the stages of staging hand to each other.
 *
 * Written by one task: pieces of bytes, each to one bucket, in any order; read by others, one
 * bucket at a time, as the pieces put to it one after the other. Pieces are gathered in memory
 * (2 x 32 MiB) and written bucket by bucket when that is full, so a bucket lies in the file as a
 * few extents, each with a checksum.
 */
#ifndef LODE_JOBS_STAGE_SHUFFLE_RUNS_H
#define LODE_JOBS_STAGE_SHUFFLE_RUNS_H

#include "common/memory.h"

#include <stdint.h>

enum { RUN_PIECE_LIMIT = 8 << 20 }; /* bytes of one piece */

struct run_writer;

/* Begins DIRECTORY/NAME aside. `name` must differ between attempts. Memory from the arena; the
 * caller ends it with commit or discard. */
LODE_CHECKED lode_status run_writer_open(const char *directory, const char *name, int64_t n_buckets,
                                         struct lode_arena *arena, struct run_writer **writer);
/* Room for one piece of at most `size` bytes, valid until the next call; fill it, then put it. */
LODE_CHECKED lode_status run_writer_room(struct run_writer *writer, size_t size, uint8_t **room);
/* The first `size` bytes of that room go to `bucket`. */
void run_writer_put(struct run_writer *writer, int64_t bucket, size_t size);
/* Writes what is left and the table, renames; `size_bytes` is that of the file. Ends the writer in
 * every case. LODE_E_DISK. */
LODE_CHECKED lode_status run_writer_commit(struct run_writer *writer, uint64_t *size_bytes);
void run_writer_discard(struct run_writer *writer); /* takes NULL */

/* All bytes of one bucket, into the arena (64-aligned). LODE_E_INPUT naming the file when it is not
 * of `file_bytes` bytes, has another number of buckets, or a checksum does not fit. */
LODE_CHECKED lode_status run_read_bucket(const char *directory, const char *name,
                                         uint64_t file_bytes, int64_t n_buckets, int64_t bucket,
                                         struct lode_arena *arena, uint8_t **data, size_t *size);

#endif
