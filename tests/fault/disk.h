/* A machine for crash tests: a recording and its journal behind a page cache, through the same
 * table of calls as the real system. It can be stopped before any step, lose its power, and let a
 * sync fail; and it can be copied.
 *
 * A step is a sector of a write, a sample of a store, or a call. What was not synced reaches the
 * disk sector by sector, in any order or not at all, and torn within a sector. */
#ifndef SV_TESTS_DISK_H
#define SV_TESTS_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../unit/random.h"
#include "journal/system.h"

enum {
    DISK_SECTOR = 512,
    DISK_FILES = 8,
    DISK_FILE_BYTES = 32768,
    DISK_NAMES = 3, /* the recording, its journal, a new journal's temporary name */
    DISK_SIZES = 64,
    DISK_PENDING = 512
};

enum { NAME_RECORDING, NAME_JOURNAL, NAME_NEW };

struct disk_file {
    uint32_t dirty; /* from here on both images are zeros */
    uint32_t size, durable_size;
    uint32_t sizes[DISK_SIZES]; /* that it has had since its last sync */
    int num_sizes;
    unsigned char cache[DISK_FILE_BYTES], durable[DISK_FILE_BYTES];
};

struct disk_write {
    int file;
    uint32_t offset; /* within one sector */
    uint32_t size;
    bool is_cut; /* zeros of an ftruncate: no data, which a failed sync would lose */
    unsigned char bytes[DISK_SECTOR];
};

struct disk {
    struct disk *next_free;
    int num_files;
    int names[DISK_NAMES], durable_names[DISK_NAMES]; /* files; −1: none */
    int old_journal; /* the journal that was replaced: its blocks may come again; −1: none */
    uint64_t num_salts;
    long num_looks;  /* at its clock */
    long steps_left; /* −1: it is not stopped */
    bool is_stopped;
    long num_steps;
    int num_pending;
    struct disk_file files[DISK_FILES];
    struct disk_write pending[DISK_PENDING];
};

/* The one that the calls go to. */
extern struct disk *disk_now;
extern const sv_system disk_system;

struct disk *disk_make(const void *recording, uint32_t num_bytes);
struct disk *disk_copy(const struct disk *disk, long steps_left);
void disk_free(struct disk *disk);

struct disk_file *disk_file_of(struct disk *disk, int name); /* NULL: none */

/* The sync of this name's file fails: nothing reached the disk, and the pages are clean now. */
void disk_fail_sync(struct disk *disk, int name);

/* What a power loss may leave of a disk, which must stay as it is meanwhile. */
struct disk_losses;
struct disk_losses *disk_find_losses(const struct disk *disk);
void disk_free_losses(struct disk_losses *losses);

/* How many different images it can leave, at most `limit`; and number `which` of them. */
uint64_t disk_num_losses(const struct disk_losses *losses, uint64_t limit);
struct disk *disk_loss(const struct disk_losses *losses, uint64_t which);

/* A random one. `lean`: mostly old (0), mostly new (1), each one or the other (2). */
struct disk *disk_lose_power(const struct disk_losses *losses, struct random *dice, int lean);

/* Of all that can be seen of it. */
uint64_t disk_hash(const struct disk *disk, uint64_t seed);

/* Writes to the recording behind everybody's back, durably. */
void disk_overwrite(struct disk *disk, uint32_t offset, const void *bytes, uint32_t num_bytes);

#endif
