#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_FD = 10, DIRECTORY_FD = 100 };

struct disk *disk_now;

/* All processes have one number, and the machine's clock goes on with each look at it: what a
 * journal says of them is the same whenever a seed brings back the same states. */
pid_t getpid(void)
{
    return 4711;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    (void)clock;
    *now = (struct timespec){.tv_sec = 1700000000};
    if (disk_now != NULL) {
        now->tv_nsec = ++disk_now->num_looks;
    }
    return 0;
}

/* ---- copies ---------------------------------------------------------------------------------- */

static void insist(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "the machine of the test: %s\n", what);
        abort();
    }
}

/* Machines that were freed: millions are made. */
static struct disk *free_disks;

static struct disk *take_disk(void)
{
    struct disk *disk = free_disks;
    if (disk != NULL) {
        free_disks = disk->next_free;
        return disk;
    }
    disk = calloc(1, sizeof *disk);
    insist(disk != NULL, "no memory");
    return disk;
}

void disk_free(struct disk *disk)
{
    disk->next_free = free_disks;
    free_disks = disk;
}

static void copy_image(unsigned char *to, uint32_t to_dirty, const unsigned char *from,
                       uint32_t from_dirty)
{
    memcpy(to, from, from_dirty);
    if (to_dirty > from_dirty) {
        memset(to + from_dirty, 0, to_dirty - from_dirty);
    }
}

static void copy_file(struct disk_file *to, const struct disk_file *from)
{
    copy_image(to->cache, to->dirty, from->cache, from->dirty);
    copy_image(to->durable, to->dirty, from->durable, from->dirty);
    memcpy(to, from, offsetof(struct disk_file, cache));
}

struct disk *disk_copy(const struct disk *disk, long steps_left)
{
    struct disk *copy = take_disk();
    memcpy(copy, disk, offsetof(struct disk, files));
    for (int i = 0; i < disk->num_files; i++) {
        copy_file(&copy->files[i], &disk->files[i]);
    }
    memcpy(copy->pending, disk->pending, (size_t)disk->num_pending * sizeof disk->pending[0]);
    copy->steps_left = steps_left;
    copy->is_stopped = false;
    copy->num_steps = 0;
    return copy;
}

static void clear_file(struct disk_file *file)
{
    static const struct disk_file empty;
    copy_file(file, &empty);
}

struct disk *disk_make(const void *recording, uint32_t num_bytes)
{
    struct disk *disk = take_disk();
    insist(num_bytes <= DISK_FILE_BYTES, "the recording is too large");
    memset(disk, 0, offsetof(struct disk, files));
    disk->num_files = 1;
    disk->steps_left = -1;
    disk->old_journal = -1;
    for (int name = 1; name < DISK_NAMES; name++) {
        disk->names[name] = disk->durable_names[name] = -1;
    }
    struct disk_file *file = &disk->files[0];
    clear_file(file);
    file->dirty = file->size = file->durable_size = num_bytes;
    memcpy(file->cache, recording, num_bytes);
    memcpy(file->durable, recording, num_bytes);
    return disk;
}

struct disk_file *disk_file_of(struct disk *disk, int name)
{
    return disk->names[name] >= 0 ? &disk->files[disk->names[name]] : NULL;
}

/* ---- steps ----------------------------------------------------------------------------------- */

/* False: the machine has stopped, and nothing has an effect any more. */
static bool step(void)
{
    struct disk *disk = disk_now;
    if (disk->is_stopped || disk->steps_left == 0) {
        disk->is_stopped = true;
        errno = EIO;
        return false;
    }
    disk->num_steps++;
    if (disk->steps_left > 0) {
        disk->steps_left--;
    }
    return true;
}

static void note_size(struct disk_file *file, uint32_t size)
{
    if (size != file->size) {
        insist(file->num_sizes < DISK_SIZES, "too many sizes");
        file->sizes[file->num_sizes++] = size;
        file->size = size;
    }
}

static void write_piece(int number, uint32_t offset, const void *bytes, uint32_t size, bool is_cut)
{
    struct disk *disk = disk_now;
    struct disk_file *file = &disk->files[number];
    insist(offset + size <= DISK_FILE_BYTES, "a file is too large");
    insist(disk->num_pending < DISK_PENDING, "too many writes");
    struct disk_write *write = &disk->pending[disk->num_pending++];
    *write = (struct disk_write){.file = number, .offset = offset, .size = size, .is_cut = is_cut};
    memcpy(write->bytes, bytes, size);
    memcpy(file->cache + offset, bytes, size);
    if (offset + size > file->dirty) {
        /* Whole sectors: what a power loss leaves of one may be more than was written. */
        file->dirty = (offset + size + DISK_SECTOR - 1) / DISK_SECTOR * DISK_SECTOR;
    }
}

/* Sector by sector. Returns how many bytes were written before the machine stopped. */
static uint32_t write_bytes(int number, uint32_t offset, const unsigned char *bytes, uint32_t size)
{
    struct disk_file *file = &disk_now->files[number];
    uint32_t done = 0;
    while (done < size) {
        uint32_t room = DISK_SECTOR - (offset + done) % DISK_SECTOR;
        uint32_t part = size - done < room ? size - done : room;
        if (!step()) {
            return done;
        }
        write_piece(number, offset + done, bytes + done, part, false);
        done += part;
        if (offset + done > file->size) {
            note_size(file, offset + done);
        }
    }
    return done;
}

static void forget_writes(struct disk *disk, int number)
{
    int kept = 0;
    for (int i = 0; i < disk->num_pending; i++) {
        if (disk->pending[i].file != number) {
            disk->pending[kept++] = disk->pending[i];
        }
    }
    disk->num_pending = kept;
}

/* What an earlier sync failed to write is not written by this one: its pages are clean. */
static void make_durable(struct disk *disk, int number)
{
    struct disk_file *file = &disk->files[number];
    for (int i = 0; i < disk->num_pending; i++) {
        const struct disk_write *write = &disk->pending[i];
        if (write->file == number) {
            memcpy(file->durable + write->offset, write->bytes, write->size);
        }
    }
    forget_writes(disk, number);
    file->durable_size = file->size;
    file->num_sizes = 0;
}

void disk_fail_sync(struct disk *disk, int name)
{
    int kept = 0, number = disk->names[name];
    for (int i = 0; i < disk->num_pending; i++) {
        if (disk->pending[i].file != number || disk->pending[i].is_cut) {
            disk->pending[kept++] = disk->pending[i];
        }
    }
    disk->num_pending = kept;
}

void disk_overwrite(struct disk *disk, uint32_t offset, const void *bytes, uint32_t num_bytes)
{
    struct disk_file *file = &disk->files[0];
    memcpy(file->cache + offset, bytes, num_bytes);
    memcpy(file->durable + offset, bytes, num_bytes);
}

/* ---- the table ------------------------------------------------------------------------------- */

static int name_of(const char *path)
{
    static const char *const names[DISK_NAMES] = {"d", "d.svj", "d.svj.new"};
    for (int i = 0; i < DISK_NAMES; i++) {
        if (strcmp(path, names[i]) == 0) {
            return i;
        }
    }
    return -1;
}

static bool is_used(const struct disk *disk, int number)
{
    for (int i = 0; i < DISK_NAMES; i++) {
        if (disk->names[i] == number || disk->durable_names[i] == number) {
            return true;
        }
    }
    return disk->old_journal == number;
}

static int make_file(int name)
{
    struct disk *disk = disk_now;
    int number = 0;
    if (!step()) {
        return -1;
    }
    while (number < disk->num_files && is_used(disk, number)) {
        number++;
    }
    insist(number < DISK_FILES, "too many files");
    disk->num_files = number == disk->num_files ? number + 1 : disk->num_files;
    forget_writes(disk, number);
    clear_file(&disk->files[number]);
    disk->names[name] = number;
    return FIRST_FD + number;
}

static int open_name(const char *path, int flags, mode_t mode)
{
    (void)mode;
    if (disk_now->is_stopped) {
        errno = EIO;
        return -1;
    }
    int name = name_of(path);
    if (name < 0) {
        return DIRECTORY_FD;
    }
    if (disk_now->names[name] >= 0) {
        return FIRST_FD + disk_now->names[name];
    }
    if ((flags & O_CREAT) == 0) {
        errno = ENOENT;
        return -1;
    }
    return make_file(name);
}

static int close_fd(int fd)
{
    (void)fd;
    return 0;
}

static int identify(int fd, sv_identity *identity)
{
    int number = fd - FIRST_FD;
    *identity = (sv_identity){.inode = (uint64_t)number + 1000,
                              .birth = INT64_MIN,
                              .size_bytes = disk_now->files[number].size,
                              .num_links = 1,
                              .mode = 0644,
                              .is_regular = true};
    return 0;
}

static int64_t size_of(int fd)
{
    return disk_now->files[fd - FIRST_FD].size;
}

static ssize_t read_bytes(int fd, void *bytes, size_t num_bytes, off_t offset)
{
    const struct disk_file *file = &disk_now->files[fd - FIRST_FD];
    if (disk_now->is_stopped) {
        errno = EIO;
        return -1;
    }
    if (offset >= (off_t)file->size) {
        return 0;
    }
    size_t left = file->size - (size_t)offset;
    size_t count = num_bytes < left ? num_bytes : left;
    memcpy(bytes, file->cache + offset, count);
    return (ssize_t)count;
}

static ssize_t write_out(int fd, const void *bytes, size_t num_bytes, off_t offset)
{
    uint32_t done = write_bytes(fd - FIRST_FD, (uint32_t)offset, bytes, (uint32_t)num_bytes);
    return done < num_bytes ? -1 : (ssize_t)done;
}

static int sync_file(int fd)
{
    if (!step()) {
        return -1;
    }
    if (fd == DIRECTORY_FD) {
        memcpy(disk_now->durable_names, disk_now->names, sizeof disk_now->names);
    } else {
        make_durable(disk_now, fd - FIRST_FD);
    }
    return 0;
}

/* What is cut off may be there again after a power loss, or be zeros when the file grows. */
static int cut(int fd, off_t size)
{
    static const unsigned char zeros[DISK_SECTOR];
    int number = fd - FIRST_FD;
    struct disk_file *file = &disk_now->files[number];
    if ((uint32_t)size == file->size) {
        return 0;
    }
    insist((uint32_t)size < file->size && size % DISK_SECTOR == 0, "a strange cut");
    if (!step()) {
        return -1;
    }
    for (uint32_t at = (uint32_t)size; at < file->size; at += DISK_SECTOR) {
        write_piece(number, at, zeros, DISK_SECTOR, true);
    }
    note_size(file, (uint32_t)size);
    return 0;
}

static int reserve(int fd, int mode, off_t offset, off_t num_bytes)
{
    (void)fd;
    (void)mode;
    (void)offset;
    (void)num_bytes;
    return 0;
}

static int give_away(int fd, uid_t owner, gid_t group)
{
    (void)fd;
    (void)owner;
    (void)group;
    return 0;
}

static int set_mode(int fd, mode_t mode)
{
    (void)fd;
    (void)mode;
    return 0;
}

static int rename_file(const char *from, const char *to)
{
    struct disk *disk = disk_now;
    int source = name_of(from), target = name_of(to);
    insist(source == NAME_NEW && target == NAME_JOURNAL, "a strange name");
    if (!step()) {
        return -1;
    }
    disk->old_journal = disk->names[target] >= 0 ? disk->names[target] : disk->old_journal;
    disk->names[target] = disk->names[source];
    disk->names[source] = -1;
    return 0;
}

static int remove_name(const char *path)
{
    int name = name_of(path);
    if (disk_now->names[name] < 0) {
        errno = ENOENT;
        return -1;
    }
    if (!step()) {
        return -1;
    }
    disk_now->names[name] = -1;
    return 0;
}

/* A copy of the pages: whatever changes them but a store is found when they are unmapped. */
static unsigned char mapped_pages[DISK_FILE_BYTES];
static int mapped_file;
static size_t mapped_from, mapped_bytes; /* the map itself may reach far behind the file */

static void *map(int fd, size_t num_bytes, off_t offset)
{
    if (disk_now->is_stopped) {
        errno = EIO;
        return NULL;
    }
    mapped_file = fd - FIRST_FD;
    mapped_from = (size_t)offset;
    mapped_bytes = disk_now->files[mapped_file].dirty - mapped_from;
    mapped_bytes = num_bytes < mapped_bytes ? num_bytes : mapped_bytes;
    memcpy(mapped_pages, disk_now->files[mapped_file].cache + offset, mapped_bytes);
    return mapped_pages;
}

static int populate(void *mapped, size_t num_bytes)
{
    (void)mapped;
    (void)num_bytes;
    return 0;
}

static int store(void *mapped, size_t num_bytes, const sv_run *run, const void *items)
{
    (void)num_bytes;
    for (int64_t i = 0; i < run->count; i++) {
        const unsigned char *item = (const unsigned char *)items + i * run->item_bytes;
        uint32_t at = (uint32_t)(run->offset_bytes + i * run->stride_bytes);
        if (write_bytes(mapped_file, (uint32_t)mapped_from + at, item, (uint32_t)run->item_bytes) <
            run->item_bytes) {
            return -1;
        }
        memcpy((char *)mapped + at, item, (size_t)run->item_bytes);
    }
    return 0;
}

static int unmap(void *mapped, size_t num_bytes)
{
    (void)num_bytes;
    insist(disk_now->is_stopped ||
               memcmp(mapped, disk_now->files[mapped_file].cache + mapped_from, mapped_bytes) == 0,
           "something was stored behind the table's back");
    return 0;
}

static int lock(int fd, sv_lock_kind kind, off_t offset)
{
    (void)fd;
    (void)kind;
    (void)offset;
    return 0;
}

static int get_random(void *bytes, size_t num_bytes)
{
    disk_now->num_salts++;
    memset(bytes, (int)disk_now->num_salts, num_bytes);
    return 0;
}

const sv_system disk_system = {.open = open_name,
                               .close = close_fd,
                               .identify = identify,
                               .size = size_of,
                               .pread = read_bytes,
                               .pwrite = write_out,
                               .fdatasync = sync_file,
                               .fsync = sync_file,
                               .ftruncate = cut,
                               .fallocate = reserve,
                               .fchown = give_away,
                               .fchmod = set_mode,
                               .rename = rename_file,
                               .unlink = remove_name,
                               .map = map,
                               .populate = populate,
                               .store = store,
                               .unmap = unmap,
                               .lock = lock,
                               .random = get_random};

/* ---- power loss ------------------------------------------------------------------------------ */

/* What one sector of the disk, one size or one name can be. */
enum { MOST_VERSIONS = 24 };

enum choice_kind { A_SECTOR, A_SIZE, A_NAME };

struct choice {
    enum choice_kind kind;
    int number; /* of the file, or the name */
    uint32_t offset;
    int num_versions;
    unsigned char (*versions)[DISK_SECTOR];
    uint32_t numbers[DISK_SIZES + 1];
    unsigned char newest[DISK_SECTOR];
};

struct disk_losses {
    const struct disk *disk;
    int count;
    struct choice *all;
};

static void add_version(struct choice *choice, const unsigned char *bytes)
{
    for (int i = 0; i < choice->num_versions; i++) {
        if (memcmp(choice->versions[i], bytes, DISK_SECTOR) == 0) {
            return;
        }
    }
    if (choice->num_versions < MOST_VERSIONS) {
        memcpy(choice->versions[choice->num_versions++], bytes, DISK_SECTOR);
    }
}

static struct choice *sector_of(const struct disk *disk, struct disk_losses *losses, int file,
                                uint32_t offset)
{
    for (int i = 0; i < losses->count; i++) {
        struct choice *choice = &losses->all[i];
        if (choice->kind == A_SECTOR && choice->number == file && choice->offset == offset) {
            return choice;
        }
    }
    struct choice *choice = &losses->all[losses->count++];
    choice->kind = A_SECTOR;
    choice->number = file;
    choice->offset = offset;
    choice->num_versions = 0;
    choice->versions = malloc(MOST_VERSIONS * sizeof *choice->versions);
    insist(choice->versions != NULL, "no memory");
    memcpy(choice->newest, disk->files[file].durable + offset, DISK_SECTOR);
    add_version(choice, choice->newest);
    return choice;
}

static void add_torn(struct choice *choice, const unsigned char *front, const unsigned char *back,
                     uint32_t tear)
{
    unsigned char torn[DISK_SECTOR];
    memcpy(torn, front, tear);
    memcpy(torn + tear, back + tear, DISK_SECTOR - tear);
    add_version(choice, torn);
}

/* As it was, as it is, torn between these and the version before; a journal's sector also garbage,
 * or what its blocks held when they were another journal's. */
static void add_write(const struct disk *disk, struct disk_losses *losses,
                      const struct disk_write *write)
{
    uint32_t offset = write->offset - write->offset % DISK_SECTOR;
    struct choice *choice = sector_of(disk, losses, write->file, offset);
    const unsigned char *old = disk->files[write->file].durable + offset;
    unsigned char last[DISK_SECTOR], garbage[DISK_SECTOR];
    memcpy(last, choice->newest, DISK_SECTOR);
    memcpy(choice->newest + (write->offset - offset), write->bytes, write->size);
    const unsigned char *new = choice->newest;
    for (uint32_t tear = 128; tear < DISK_SECTOR; tear += write->file == 0 ? 256 : 128) {
        add_torn(choice, new, old, tear);
        add_torn(choice, old, new, tear);
        add_torn(choice, new, last, tear);
        add_torn(choice, last, new, tear);
    }
    if (write->file != 0 && memcmp(new, old, DISK_SECTOR) != 0) {
        memset(garbage, 0xaa, DISK_SECTOR);
        add_version(choice, garbage);
        if (disk->old_journal >= 0 && offset >= disk->files[write->file].durable_size) {
            add_version(choice, disk->files[disk->old_journal].cache + offset);
        }
    }
    add_version(choice, new);
}

static void add_numbers(struct disk_losses *losses, enum choice_kind kind, int number,
                        const uint32_t *numbers, int count)
{
    struct choice *choice = &losses->all[losses->count++];
    *choice = (struct choice){.number = number, .num_versions = count};
    choice->kind = kind;
    memcpy(choice->numbers, numbers, (size_t)count * sizeof numbers[0]);
}

/* The first version of each is the old one, the last one the new. */
struct disk_losses *disk_find_losses(const struct disk *disk)
{
    struct disk_losses *losses = malloc(sizeof *losses);
    size_t most = (size_t)disk->num_pending + DISK_FILES + DISK_NAMES;
    struct choice *all = malloc(most * sizeof *all);
    insist(losses != NULL && all != NULL, "no memory");
    *losses = (struct disk_losses){.disk = disk, .all = all};
    for (int i = 0; i < disk->num_pending; i++) {
        add_write(disk, losses, &disk->pending[i]);
    }
    for (int i = 0; i < disk->num_files; i++) {
        const struct disk_file *file = &disk->files[i];
        uint32_t sizes[DISK_SIZES + 1] = {file->durable_size};
        memcpy(sizes + 1, file->sizes, (size_t)file->num_sizes * sizeof sizes[0]);
        if (file->num_sizes > 0) {
            add_numbers(losses, A_SIZE, i, sizes, file->num_sizes + 1);
        }
    }
    for (int i = 0; i < DISK_NAMES; i++) {
        uint32_t names[] = {(uint32_t)disk->durable_names[i], (uint32_t)disk->names[i]};
        if (names[0] != names[1]) {
            add_numbers(losses, A_NAME, i, names, 2);
        }
    }
    return losses;
}

void disk_free_losses(struct disk_losses *losses)
{
    for (int i = 0; i < losses->count; i++) {
        if (losses->all[i].kind == A_SECTOR) {
            free(losses->all[i].versions);
        }
    }
    free(losses->all);
    free(losses);
}

static void take(struct disk *image, const struct choice *choice, int version)
{
    switch (choice->kind) {
    case A_SECTOR:
        memcpy(image->files[choice->number].durable + choice->offset, choice->versions[version],
               DISK_SECTOR);
        break;
    case A_SIZE: image->files[choice->number].durable_size = choice->numbers[version]; break;
    case A_NAME: image->durable_names[choice->number] = (int)choice->numbers[version]; break;
    }
}

/* The disk is all there is. */
static struct disk *start_again(struct disk *image)
{
    memcpy(image->names, image->durable_names, sizeof image->names);
    image->num_pending = 0;
    for (int i = 0; i < image->num_files; i++) {
        struct disk_file *file = &image->files[i];
        if (file->dirty > file->durable_size) {
            memset(file->durable + file->durable_size, 0, file->dirty - file->durable_size);
        }
        memcpy(file->cache, file->durable, file->dirty);
        file->size = file->durable_size;
        file->num_sizes = 0;
    }
    return image;
}

struct disk *disk_lose_power(const struct disk_losses *losses, struct random *dice, int lean)
{
    struct disk *image = disk_copy(losses->disk, -1);
    for (int i = 0; i < losses->count; i++) {
        int count = losses->all[i].num_versions;
        int version = (int)random_below(dice, (uint64_t)count);
        bool leans = random_below(dice, 10) < 7;
        if (leans && lean == 2) {
            version = random_below(dice, 2) == 0 ? 0 : count - 1;
        } else if (leans) {
            version = lean == 0 ? 0 : count - 1;
        }
        take(image, &losses->all[i], version);
    }
    return start_again(image);
}

uint64_t disk_num_losses(const struct disk_losses *losses, uint64_t limit)
{
    uint64_t product = 1;
    for (int i = 0; i < losses->count && product < limit; i++) {
        product *= (uint64_t)losses->all[i].num_versions;
    }
    return product < limit ? product : limit;
}

struct disk *disk_loss(const struct disk_losses *losses, uint64_t which)
{
    struct disk *image = disk_copy(losses->disk, -1);
    for (int i = 0; i < losses->count; i++) {
        uint64_t count = (uint64_t)losses->all[i].num_versions;
        take(image, &losses->all[i], (int)(which % count));
        which /= count;
    }
    return start_again(image);
}

/* ---- identity -------------------------------------------------------------------------------- */

static uint64_t mix_word(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

/* Lanes do not wait for each other: half of a crash test is spent here. */
static uint64_t mix(uint64_t hash, const void *bytes, size_t num_bytes)
{
    enum { LANES = 8 };
    const unsigned char *byte = bytes;
    uint64_t lanes[LANES], words[LANES];
    for (uint64_t i = 0; i < LANES; i++) {
        lanes[i] = hash + i;
    }
    for (; num_bytes >= sizeof words; num_bytes -= sizeof words, byte += sizeof words) {
        memcpy(words, byte, sizeof words);
        for (int i = 0; i < LANES; i++) {
            lanes[i] = mix_word(lanes[i], words[i]);
        }
    }
    for (int i = 0; i < LANES; i++) {
        hash = mix_word(hash, lanes[i]);
    }
    for (; num_bytes > 0; num_bytes--) {
        hash = (hash ^ *byte++) * UINT64_C(0x100000001b3);
    }
    return hash ^ hash >> 32;
}

uint64_t disk_hash(const struct disk *disk, uint64_t seed)
{
    uint64_t hash = mix(seed, disk->names, sizeof disk->names);
    hash = mix(hash, disk->durable_names, sizeof disk->durable_names);
    for (int name = 0; name < 2; name++) {
        if (disk->names[name] >= 0) {
            const struct disk_file *file = &disk->files[disk->names[name]];
            hash = mix(hash, &file->size, sizeof file->size);
            hash = mix(hash, file->cache, file->size);
            hash = mix(hash, file->durable, file->durable_size);
        }
    }
    for (int i = 0; i < disk->num_pending; i++) {
        const struct disk_write *write = &disk->pending[i];
        hash = mix(hash, &write->offset, sizeof write->offset);
        hash = mix(hash, write->bytes, write->size);
    }
    return hash;
}
