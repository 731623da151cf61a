/* Memory: arenas of mapped blocks, and the growable buffer.
 *
 * An arena is a row of blocks; what is taken comes from `blocks[current]`, from the front. Blocks
 * after it are free and wait for use. What is held, and checked against the budget, is what is
 * mapped: the bytes that the machine may have to find, not only those that were asked for. Blocks
 * grow with it up to BLOCK_MOST, so that few are needed; those of 2 MiB and more ask for huge pages
 * (fewer TLB misses in the leaves). mmap rather than malloc: a large block goes back to the system
 * when it is released, and its pages are zero until first used.
 */
#include "common/memory.h"

#include <assert.h>
#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) /* gcc */
#define SANITIZED true
#elif defined(__has_feature) /* clang */
#define SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define SANITIZED false
#endif

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)
#define ALIGNMENT ((size_t)64) /* a cache line; the widest vector */
#define BLOCK_LEAST (64 * KIB)
#define BLOCK_MOST (64 * MIB) /* of the growth; one large take gets a block of its own size */
#define BLOCKS_IN_BUDGET 16   /* the rest of a block is lost to a large take: let that be little */
#define HUGE_PAGE (2 * MIB)
#define BYTES_LEAST ((size_t)256)

struct block {
    uint8_t *data;
    size_t capacity;
    size_t before; /* bytes in use in all blocks before this one */
    size_t dirty;  /* bytes from here on were never handed out: the kernel's zeros */
};

struct lode_arena {
    struct block *blocks;
    size_t n_blocks;
    size_t room;    /* of the array `blocks` */
    size_t current; /* < n_blocks, once there is a block */
    size_t used;    /* bytes of blocks[current] in use */
    size_t held;    /* sum of capacity */
    size_t budget;  /* 0: none */
    size_t peak;
};

static size_t round_up(size_t value, size_t unit)
{
    return (value + unit - 1) / unit * unit;
}

/* "812 MB" of a number of bytes; for messages, so powers of 1024 and at most one decimal. */
static const char *in_words(size_t bytes, char buffer[32])
{
    static const char *const units[] = {"bytes", "KB", "MB", "GB", "TB", "PB", "EB"};
    double value = (double)bytes;
    int unit = 0;
    for (; value >= 1024.0; unit++) value /= 1024.0;
    snprintf(buffer, 32, unit > 0 && value < 10.0 ? "%.1f %s" : "%.0f %s", value, units[unit]);
    return buffer;
}

lode_status lode_mul_size(uint64_t count, size_t size, size_t *bytes)
{
    if (__builtin_mul_overflow(count, size, bytes))
        return lode_fail(LODE_E_MEMORY, "%llu items of %zu bytes are more than a size can say",
                         (unsigned long long)count, size);
    return LODE_OK;
}

/* Mapped memory; a block of huge pages begins on one, as the kernel wants it. NULL on failure. */
static uint8_t *map(size_t size)
{
    const bool huge = size >= HUGE_PAGE;
    const size_t spare = huge ? HUGE_PAGE : 0;
    if (size > SIZE_MAX - spare) return NULL;
    uint8_t *mapped = mmap(NULL, size + spare, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) return NULL;
    if (!huge) return mapped;

    const size_t head = (HUGE_PAGE - (uintptr_t)mapped % HUGE_PAGE) % HUGE_PAGE;
    const size_t end = round_up(head + size, (size_t)sysconf(_SC_PAGESIZE));
    if (head > 0) munmap(mapped, head);
    if (end < size + spare) munmap(mapped + end, size + spare - end);
    madvise(mapped + head, size, MADV_HUGEPAGE); /* a wish: no matter if the kernel has none */
    return mapped + head;
}

lode_status lode_arena_create(size_t budget_bytes, struct lode_arena **arena)
{
    struct lode_arena *made = calloc(1, sizeof *made);
    if (!made) return lode_fail(LODE_E_MEMORY, "no memory for an arena");
    made->budget = budget_bytes;
    *arena = made;
    return LODE_OK;
}

/* Gives the blocks from `from` on, all free, back to the system. The current block, when it is one
 * of them, stays in the row without memory: there is always a current block. */
static void release_blocks(struct lode_arena *arena, size_t from)
{
    for (size_t i = from; i < arena->n_blocks; i++) {
        if (arena->blocks[i].capacity > 0) munmap(arena->blocks[i].data, arena->blocks[i].capacity);
        arena->held -= arena->blocks[i].capacity;
    }
    if (from == arena->current && from < arena->n_blocks) {
        arena->blocks[from] = (struct block){.before = arena->blocks[from].before};
        from++;
    }
    if (from < arena->n_blocks) arena->n_blocks = from;
}

void lode_arena_destroy(struct lode_arena *arena)
{
    if (!arena) return;
    release_blocks(arena, 0);
    free(arena->blocks);
    free(arena);
}

void lode_arena_reset(struct lode_arena *arena)
{
    arena->current = 0;
    arena->used = 0;
}

void lode_arena_trim(struct lode_arena *arena, size_t keep_bytes)
{
    size_t kept = 0, from = 0;
    lode_arena_reset(arena);
    if (arena->held <= keep_bytes) return;
    while (kept + arena->blocks[from].capacity <= keep_bytes)
        kept += arena->blocks[from++].capacity;
    release_blocks(arena, from);
}

struct lode_arena_mark lode_arena_mark(const struct lode_arena *arena)
{
    return (struct lode_arena_mark){.block = arena->current, .used = arena->used};
}

void lode_arena_rewind(struct lode_arena *arena, struct lode_arena_mark mark)
{
    assert(mark.block < arena->current ||
           (mark.block == arena->current && mark.used <= arena->used));
    arena->current = mark.block;
    arena->used = mark.used;
}

static size_t live_bytes(const struct lode_arena *arena)
{
    return arena->n_blocks == 0 ? 0 : arena->blocks[arena->current].before + arena->used;
}

static lode_status refuse(const struct lode_arena *arena, size_t wanted)
{
    char wanted_words[32], held_words[32], budget_words[32];
    return lode_fail(LODE_E_MEMORY, "needs %s more, holds %s of a budget of %s",
                     in_words(wanted, wanted_words), in_words(arena->held, held_words),
                     in_words(arena->budget, budget_words));
}

/* Size of a new block for `wanted` bytes: a quarter of what is held already, within limits and
 * budget. Not all of it, as an untouched half counts against a cap of the process (RLIMIT_DATA). */
static size_t block_capacity(const struct lode_arena *arena, size_t wanted)
{
    size_t capacity = round_up(arena->held / 4, BLOCK_LEAST);
    if (capacity == 0) capacity = BLOCK_LEAST;
    if (capacity > BLOCK_MOST) capacity = BLOCK_MOST;
    if (arena->budget > 0 && capacity > arena->budget / BLOCKS_IN_BUDGET)
        capacity = round_up(arena->budget / BLOCKS_IN_BUDGET, BLOCK_LEAST);
    if (capacity < wanted) capacity = wanted;
    const bool is_tight = arena->budget > 0 && arena->budget < BLOCK_MOST;
    if (!is_tight && capacity >= HUGE_PAGE && capacity < SIZE_MAX - HUGE_PAGE)
        capacity = round_up(capacity, HUGE_PAGE);
    if (arena->budget > 0) {
        const size_t rest = arena->budget - arena->held;
        if (capacity > rest) capacity = rest > wanted ? rest / ALIGNMENT * ALIGNMENT : wanted;
    }
    return capacity;
}

/* Appends a block for `wanted` bytes to the row; blocks from `next` on are free. */
static lode_status add_block(struct lode_arena *arena, size_t wanted, size_t next)
{
    if (arena->budget > 0) {
        /* free blocks that are too small stand in the way of the one that is needed */
        if (arena->held > arena->budget || wanted > arena->budget - arena->held)
            release_blocks(arena, next);
        if (arena->held > arena->budget ||
            wanted > round_up(arena->budget - arena->held, ALIGNMENT))
            return refuse(arena, wanted);
    }
    if (arena->n_blocks == arena->room) {
        const size_t room = arena->room ? 2 * arena->room : 8;
        struct block *blocks = realloc(arena->blocks, room * sizeof *blocks);
        if (!blocks) return lode_fail(LODE_E_MEMORY, "no memory for the blocks of an arena");
        arena->blocks = blocks;
        arena->room = room;
    }
    size_t capacity = block_capacity(arena, wanted);
    uint8_t *data = map(capacity);
    if (!data && capacity > wanted) { /* near a cap: no more than what is needed */
        capacity = wanted;
        data = map(capacity);
    }
    if (!data) {
        char capacity_words[32], held_words[32];
        return lode_fail(LODE_E_MEMORY, "the system has no %s more (%s; holds %s)",
                         in_words(capacity, capacity_words), strerror(errno),
                         in_words(arena->held, held_words));
    }
    arena->blocks[arena->n_blocks++] = (struct block){.data = data, .capacity = capacity};
    arena->held += capacity;
    return LODE_OK;
}

/* May a free block serve for `wanted` bytes? What it has too much is lost to large takes: with a
 * budget let that be little, so that a task never fails for what the one before it took. */
static bool suits(const struct lode_arena *arena, const struct block *block, size_t wanted)
{
    if (block->capacity < wanted) return false;
    return arena->budget == 0 || block->capacity <= arena->budget / BLOCKS_IN_BUDGET ||
           block->capacity - wanted <= block->capacity / BLOCKS_IN_BUDGET;
}

/* Makes `current` a block with room for `wanted` bytes: a free one if one is large enough. Only
 * places after the used blocks change, so marks stay good. */
static lode_status advance(struct lode_arena *arena, size_t wanted)
{
    const size_t before = live_bytes(arena);
    const size_t next = arena->used > 0 ? arena->current + 1 : arena->current;
    size_t found = next;
    while (found < arena->n_blocks && !suits(arena, &arena->blocks[found], wanted)) found++;
    if (found == arena->n_blocks) {
        lode_try(add_block(arena, wanted, next));
        found = arena->n_blocks - 1;
    }
    const struct block block = arena->blocks[found];
    arena->blocks[found] = arena->blocks[next];
    arena->blocks[next] = block;
    arena->blocks[next].before = before;
    arena->current = next;
    arena->used = 0;
    return LODE_OK;
}

/* In the current block; one that nothing was taken of yet is as free as others. */
static bool has_room(const struct lode_arena *arena, size_t wanted)
{
    if (arena->n_blocks == 0) return false;
    const struct block *block = &arena->blocks[arena->current];
    if (arena->used == 0) return suits(arena, block, wanted);
    return block->capacity - arena->used >= wanted;
}

/* Takes `bytes`; *dirty is how many of them, from the front, may not be zero. */
static lode_status take(struct lode_arena *arena, size_t bytes, void **memory, size_t *dirty)
{
    if (bytes == 0) bytes = 1; /* a pointer of its own */
    if (bytes > SIZE_MAX - ALIGNMENT) return refuse(arena, bytes);
    const size_t wanted = round_up(bytes, ALIGNMENT);
    if (!has_room(arena, wanted)) lode_try(advance(arena, wanted));

    struct block *block = &arena->blocks[arena->current];
    const size_t start = arena->used;
    *memory = block->data + start;
    *dirty = block->dirty <= start ? 0 : block->dirty - start;
    if (*dirty > bytes) *dirty = bytes;
    arena->used = start + wanted;
    if (block->dirty < arena->used) block->dirty = arena->used;
    const size_t live = block->before + arena->used;
    if (arena->peak < live) arena->peak = live;
    return LODE_OK;
}

lode_status lode_arena_take(struct lode_arena *arena, size_t count, size_t size, void **memory)
{
    size_t bytes, dirty;
    lode_try(lode_mul_size(count, size, &bytes));
    return take(arena, bytes, memory, &dirty);
}

lode_status lode_arena_take_zero(struct lode_arena *arena, size_t count, size_t size, void **memory)
{
    size_t bytes, dirty;
    lode_try(lode_mul_size(count, size, &bytes));
    lode_try(take(arena, bytes, memory, &dirty));
    memset(*memory, 0, dirty);
    return LODE_OK;
}

lode_status lode_arena_text(struct lode_arena *arena, const char *text, size_t size, char **copy)
{
    if (size == SIZE_MAX) return refuse(arena, size);
    void *memory;
    lode_try(lode_arena_take(arena, size + 1, 1, &memory));
    if (size > 0) memcpy(memory, text, size);
    *copy = memory;
    (*copy)[size] = '\0';
    return LODE_OK;
}

size_t lode_arena_peak(const struct lode_arena *arena)
{
    return arena->peak;
}

void lode_arena_peak_reset(struct lode_arena *arena)
{
    arena->peak = live_bytes(arena);
}

size_t lode_arena_left(const struct lode_arena *arena)
{
    size_t rest = 0;
    size_t held =
        0; /* in blocks that are used: the others are given back when they are in the way */
    if (arena->budget == 0) return SIZE_MAX / 2;
    for (size_t i = 0; i < arena->n_blocks && i <= arena->current; i++)
        held += arena->blocks[i].capacity;
    if (arena->n_blocks > 0) rest = arena->blocks[arena->current].capacity - arena->used;
    if (arena->n_blocks > 0 && arena->used == 0) held -= arena->blocks[arena->current].capacity;
    const size_t fresh = arena->budget <= held ? 0 : (arena->budget - held) / ALIGNMENT * ALIGNMENT;
    return rest > fresh ? rest : fresh;
}

/* A size that the kernel tells of this process: "VmHWM:"; 0: not known. */
static size_t own_bytes(const char *name)
{
    char line[128];
    unsigned long long kib = 0;
    FILE *file = fopen("/proc/self/status", "re");
    if (!file) return 0;
    while (fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0) {
            sscanf(line + strlen(name), "%llu", &kib);
            break;
        }
    fclose(file);
    return (size_t)kib * KIB;
}

size_t lode_memory_peak(void)
{
    return own_bytes("VmHWM:");
}

/* RLIMIT_DATA counts what is mapped private and writable, touched or not: arenas, heap, stacks,
 * the libraries' data. Untouched parts of what is there now (stacks above all) are let off. */
bool lode_memory_cap(size_t bytes)
{
    const size_t data = own_bytes("VmData:"), resident = own_bytes("VmRSS:");
    struct rlimit limit;
    if (SANITIZED || data == 0 || resident == 0 || getrlimit(RLIMIT_DATA, &limit)) return false;
    const rlim_t cap = data + (bytes > resident ? bytes - resident : 0);
    if (cap < limit.rlim_cur) limit.rlim_cur = cap;
    return setrlimit(RLIMIT_DATA, &limit) == 0;
}

void lode_memory_stay_small(void)
{
    enum { LARGE = 256 << 10, KEEP = 1 << 20 };
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, LARGE);
    mallopt(M_TRIM_THRESHOLD, KEEP);
}

void lode_bytes_clear(struct lode_bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct lode_bytes){0};
}

lode_status lode_bytes_reserve(struct lode_bytes *bytes, size_t more)
{
    if (more <= bytes->capacity - bytes->size) return LODE_OK;
    if (more > SIZE_MAX / 2 - bytes->size)
        return lode_fail(LODE_E_MEMORY, "a buffer of %zu + %zu bytes cannot be", bytes->size, more);
    size_t capacity = bytes->capacity < BYTES_LEAST ? BYTES_LEAST : bytes->capacity;
    while (capacity < bytes->size + more) capacity *= 2;
    uint8_t *data = realloc(bytes->data, capacity);
    if (!data) {
        char words[32];
        return lode_fail(LODE_E_MEMORY, "the system has no %s for a buffer",
                         in_words(capacity, words));
    }
    bytes->data = data;
    bytes->capacity = capacity;
    return LODE_OK;
}

lode_status lode_bytes_append(struct lode_bytes *bytes, const void *data, size_t size)
{
    if (size == 0) return LODE_OK; /* data may be NULL */
    lode_try(lode_bytes_reserve(bytes, size));
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
    return LODE_OK;
}

lode_status lode_bytes_printf(struct lode_bytes *bytes, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    const int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    lode_status status = size < 0 ? lode_fail(LODE_E_BUG, "text cannot be formatted: %s", format)
                                  : lode_bytes_reserve(bytes, (size_t)size + 1);
    if (status == LODE_OK) {
        vsnprintf((char *)bytes->data + bytes->size, (size_t)size + 1, format, again);
        bytes->size += (size_t)size;
    }
    va_end(again);
    return status;
}
