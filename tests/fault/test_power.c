/* The edit protocol on a machine that is stopped before every step, loses its power, and lets syncs
 * fail: while an edit, an undo, a redo and a forgetting run, while that is recovered, and while it
 * is tried again. After recovery the recording must be as one of two commands left it, never a
 * mixture; what was acknowledged must be there; what other programs wrote must be left alone; and
 * everything can be undone. Then each rule of the protocol is left out, and that must be noticed.
 *
 * Two samples a window, and every second sample straddles two sectors. SEISVIEW_TORTURE=1 plays
 * ten million states in either mode: more of each script, and then scripts by the dice. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/random.h"
#include "disk.h"
#include "edit/editor.h"
#include "edit/operation.h"
#include "journal/rules.h"
#include "scramble.h"

enum {
    SAMPLES = 10,
    FIRST_BYTE = 508,
    STRIDE = 256,
    WINDOWS = 5,
    A_WINDOW = SAMPLES / WINDOWS,
    RECORDING_BYTES = FIRST_BYTE + SAMPLES * STRIDE,
    MOST_CHANGES = 6,
    MOST_COMMANDS = 8
};

sv_rule sv_rule_left_out = SV_NUM_RULES;

/* ---- what must be true ----------------------------------------------------------------------- */

struct change {
    uint64_t before[SAMPLES], after[SAMPLES];
    bool keeps;
};

struct truth {
    uint64_t data[SAMPLES];
    int num_done, num_undone;
    struct change done[MOST_CHANGES], undone[MOST_CHANGES]; /* undone: the next redo first */
};

/* EDIT scrambles; ARITHMETIC is by the operations that users have. */
enum verb { THE_END, EDIT, ARITHMETIC, UNDO, REDO, DROP };

struct command {
    enum verb verb;
    uint64_t operation;
    int first, last; /* windows */
    bool keeps;
};

enum { NUM_OPERATIONS = 2 };

/* The samples are float64 for it, whatever they are. No two of them become the same: it is told by
 * that whether what another program wrote was overwritten. */
static void ask_for_arithmetic(uint64_t operation, sv_operation operations[NUM_OPERATIONS])
{
    operations[0] = (sv_operation){.kind = SV_GAIN, .value = -0.7};
    operations[1] = (sv_operation){.kind = SV_GAIN, .value = 1.0 / (1.0 + (double)operation)};
}

static uint64_t calculate(uint64_t old, uint64_t operation)
{
    double value;
    uint64_t new;
    sv_operation operations[NUM_OPERATIONS];
    ask_for_arithmetic(operation, operations);
    memcpy(&value, &old, sizeof value);
    value *= operations[0].value;
    value *= operations[1].value;
    memcpy(&new, &value, sizeof new);
    return new;
}

static void edit_samples(uint64_t *data, const struct command *command)
{
    uint64_t old[SAMPLES];
    memcpy(old, data, sizeof old);
    for (int i = command->first * A_WINDOW; i < (command->last + 1) * A_WINDOW; i++) {
        data[i] = command->verb == ARITHMETIC
                      ? calculate(old[i], command->operation)
                      : scramble(i > 0 ? old[i - 1] : 0, old[i], command->operation);
    }
}

static struct truth expected(const struct truth *truth, const struct command *command)
{
    struct truth next = *truth;
    switch (command->verb) {
    case UNDO:
        next.num_done--;
        memmove(next.undone + 1, truth->undone, sizeof truth->undone - sizeof truth->undone[0]);
        next.undone[0] = truth->done[next.num_done];
        next.num_undone++;
        memcpy(next.data, next.undone[0].before, sizeof next.data);
        break;
    case REDO:
        next.done[next.num_done++] = truth->undone[0];
        memmove(next.undone, truth->undone + 1, sizeof truth->undone - sizeof truth->undone[0]);
        next.num_undone--;
        memcpy(next.data, truth->undone[0].after, sizeof next.data);
        break;
    case DROP: next.num_done = next.num_undone = 0; break;
    default:
        edit_samples(next.data, command);
        next.num_undone = 0;
        memcpy(next.done[next.num_done].before, truth->data, sizeof next.data);
        memcpy(next.done[next.num_done].after, next.data, sizeof next.data);
        next.done[next.num_done++].keeps = command->keeps;
        break;
    }
    return next;
}

/* ---- running the library on a machine -------------------------------------------------------- */

static int64_t batch_windows;
static sv_error last_error; /* for the debugger */

static uint32_t byte_of(int sample)
{
    return (uint32_t)(FIRST_BYTE + sample * STRIDE);
}

static void read_samples(const struct disk *disk, uint64_t *samples)
{
    for (int i = 0; i < SAMPLES; i++) {
        memcpy(&samples[i], disk->files[0].cache + byte_of(i), 8);
    }
}

static sv_status open_editor(struct disk *disk, const sv_work *const *works, sv_editor *editor)
{
    sv_recovery recovery;
    sv_editor_options options = sv_editor_defaults;
    options.system = &disk_system;
    options.works = works;
    options.window_bytes = A_WINDOW * STRIDE;
    options.batch_windows = batch_windows;
    options.works_ahead = false; /* the machine has one thread */
    disk_now = disk;
    scramble_system = &disk_system;
    return sv_editor_open("d", &options, editor, &recovery, &last_error);
}

static void choose_work(const struct command *command, unsigned char *parameters, sv_part *part)
{
    sv_operation operations[NUM_OPERATIONS];
    if (command->verb != ARITHMETIC) {
        memcpy(parameters, &command->operation, sizeof command->operation);
        part->parameters_bytes = sizeof command->operation;
        return;
    }
    ask_for_arithmetic(command->operation, operations);
    sv_work_operations_encode(operations, NUM_OPERATIONS, parameters);
    part->parameters_bytes = sv_work_parameters_size(operations, NUM_OPERATIONS, 1);
    part->dtype = sv_dtype_make(SV_F8, SV_LITTLE_ENDIAN);
    part->work = &sv_work_operations;
}

static sv_status run_edit(sv_editor *editor, const struct command *command)
{
    sv_transaction transaction;
    unsigned char parameters[256];
    int first = command->first * A_WINDOW;
    sv_part part = {.dtype = sv_dtype_make(SV_U8, SV_LITTLE_ENDIAN),
                    .offset_bytes = byte_of(first),
                    .rows = 1,
                    .samples = (command->last - command->first + 1) * A_WINDOW,
                    .stride_bytes = STRIDE,
                    .lead = first,
                    .work = editor->options.works[0],
                    .parameters = parameters};
    choose_work(command, parameters, &part);
    sv_status status =
        sv_transaction_begin(editor, &part, 1, command->keeps, "", &transaction, NULL);
    if (status != SV_OK) {
        return status;
    }
    status = sv_transaction_run(&transaction, NULL);
    if (status == SV_OK) {
        status = sv_transaction_commit(&transaction, NULL);
    }
    sv_transaction_close(&transaction);
    return status;
}

static sv_status run_command(sv_editor *editor, const struct command *command)
{
    uint64_t number;
    switch (command->verb) {
    case EDIT:
    case ARITHMETIC: return run_edit(editor, command);
    case UNDO: return sv_editor_undo(editor, &number, NULL);
    case REDO: return sv_editor_redo(editor, &number, NULL);
    case DROP: return sv_editor_forget(editor, 0, NULL);
    default: return SV_INVALID;
    }
}

static sv_status execute(struct disk *disk, const struct command *command,
                         const sv_work *const *works)
{
    sv_editor editor;
    sv_status status = open_editor(disk, works, &editor);
    if (status == SV_OK) {
        status = run_command(&editor, command);
        sv_editor_close(&editor);
    }
    return status;
}

static sv_status recover(struct disk *disk, const sv_work *const *works)
{
    sv_editor editor;
    sv_recovery recovery;
    sv_status status = open_editor(disk, works, &editor);
    if (status == SV_OK) {
        status = sv_editor_recover(&editor, &recovery, &last_error);
        sv_editor_close(&editor);
    }
    return status;
}

struct counts {
    int done, undone;
};

static bool count(void *context, const sv_entry *entry)
{
    struct counts *counts = context;
    counts->done += entry->mark.outcome == SV_COMMIT;
    counts->undone += entry->mark.outcome == SV_BACK && !entry->is_dead;
    return true;
}

static bool count_history(struct disk *disk, struct counts *counts)
{
    sv_editor editor;
    *counts = (struct counts){0, 0};
    if (open_editor(disk, this_build, &editor) != SV_OK) {
        return false;
    }
    sv_status status = sv_history(&editor, count, counts, NULL);
    sv_editor_close(&editor);
    return status == SV_OK;
}

/* ---- the search ------------------------------------------------------------------------------ */

static const char *const complaints[] = {"torn",  "lost",      "stuck",     "touched",
                                         "mixed", "clobbered", "history",   "wrong glance",
                                         "slow",  "rotten",    "mixed read"};
enum complaint {
    TORN,
    LOST,
    STUCK,
    TOUCHED,
    MIXED,
    CLOBBERED,
    HISTORY,
    WRONG_GLANCE,
    SLOW,
    ROTTEN,
    MIXED_READ,
    NUM_COMPLAINTS
};

static struct search {
    uint64_t cap;     /* images of a power loss */
    double thin;      /* share of the steps before which the machine is stopped */
    double share;     /* of the images that are taken further */
    long enough;      /* complaints to stop at */
    long most_states; /* 0: any number */
    bool is_nested;
    int table_bits;
    struct random dice;
    long states, bad[NUM_COMPLAINTS], num_bad;
    uint64_t *seen;
} search;

static bool is_over(void)
{
    return search.num_bad >= search.enough ||
           (search.most_states > 0 && search.states >= search.most_states);
}

static void complain(enum complaint complaint)
{
    search.bad[complaint]++;
    search.num_bad++;
}

/* An open table of hashes; when it is full it forgets. */
static bool is_new(uint64_t hash)
{
    uint64_t mask = (UINT64_C(1) << search.table_bits) - 1;
    hash |= 1;
    for (uint64_t i = 0; i < 16; i++) {
        uint64_t *place = &search.seen[(hash + i * 0x9e3779b9) & mask];
        if (*place == hash) {
            return false;
        }
        if (*place == 0) {
            *place = hash;
            return true;
        }
    }
    search.seen[hash & mask] = hash;
    return true;
}

static bool chance(double share)
{
    return (double)(random_bits(&search.dice) >> 11) * 0x1p-53 < share;
}

static int length_of(const struct command *script)
{
    int length = 0;
    while (script[length].verb != THE_END) {
        length++;
    }
    return length;
}

static void play(struct disk *disk, const struct truth *truths, int num_truths,
                 const struct command *script, int depth);

/* What one look believes must be what a walk finds. */
static bool look(struct disk *image, const struct truth *allowed, int num_allowed, bool *is_clean)
{
    sv_journal at_end, walked;
    *is_clean = true;
    disk_now = image;
    if (image->names[NAME_JOURNAL] < 0) {
        return true;
    }
    if (sv_journal_open(&disk_system, "d.svj", false, &at_end, NULL) != SV_OK) {
        return false;
    }
    if (sv_journal_open(&disk_system, "d.svj", false, &walked, NULL) != SV_OK) {
        sv_journal_close(&at_end);
        return false;
    }
    bool is_read = sv_journal_look(&at_end, is_clean, NULL) == SV_OK &&
                   sv_journal_walk(&walked, NULL) == SV_OK;
    if (is_read && *is_clean) {
        uint64_t data[SAMPLES];
        bool is_known = false;
        read_samples(image, data);
        for (int i = 0; i < num_allowed; i++) {
            is_known = is_known || memcmp(data, allowed[i].data, sizeof data) == 0;
        }
        if (!is_known) {
            complain(MIXED_READ);
        }
        if (sv_journal_is_hot(&walked) || walked.end != at_end.end || walked.crc != at_end.crc ||
            walked.number != at_end.number || walked.mark_at != at_end.mark_at) {
            complain(WRONG_GLANCE);
        }
    }
    sv_journal_close(&at_end);
    sv_journal_close(&walked);
    return is_read;
}

/* One cell was changed before recovery, or recovery is by a build that computes something else. */
static void other_program(const struct disk *image, const struct truth *allowed, int num_allowed)
{
    for (int cell = -1; cell < 2 * SAMPLES; cell++) {
        struct disk *disk = disk_copy(image, -1);
        uint64_t found[SAMPLES], now[SAMPLES];
        int sample = cell / 2;
        /* The first half of a sample that straddles sectors, or the whole of one that does not. */
        uint32_t size = sample % 2 == 0 ? 4 : 8;
        uint32_t at = byte_of(sample) + (cell % 2 != 0 ? 8 - size : 0);
        if (cell >= 0) {
            disk_overwrite(disk, at, "\x77\x77\x77\x77\x77\x77\x77\x77", size);
        }
        read_samples(disk, found);
        sv_status status = recover(disk, cell >= 0 ? this_build : another_build);
        read_samples(disk, now);
        if (status != SV_OK) {
            if (memcmp(found, now, sizeof now) != 0) {
                complain(TOUCHED);
            }
        } else if (cell >= 0) {
            uint32_t within = at - byte_of(sample);
            for (int i = 0; i < num_allowed; i++) {
                if (memcmp(disk->files[0].cache + at,
                           (const char *)&allowed[i].data[sample] + within, size) == 0) {
                    complain(CLOBBERED);
                    break;
                }
            }
        } else {
            bool is_ours = false;
            for (int i = 0; i < num_allowed; i++) {
                is_ours = is_ours || memcmp(now, allowed[i].data, sizeof now) == 0;
            }
            if (!is_ours) {
                complain(MIXED);
            }
        }
        disk_free(disk);
    }
}

/* From where on records are of an edit with before-images that is open: of its last batch, what
 * rots cannot be told from what was never written (doc/journal.md). */
static uint32_t begin_of_kept(const struct disk *image)
{
    sv_journal walked;
    struct disk *disk = disk_copy(image, -1);
    uint32_t from = UINT32_MAX;
    disk_now = disk;
    if (sv_journal_open(&disk_system, "d.svj", false, &walked, NULL) == SV_OK) {
        bool is_hot = sv_journal_walk(&walked, NULL) == SV_OK && sv_journal_is_hot(&walked);
        uint32_t begn = (uint32_t)walked.begn_at;
        if (is_hot &&
            memcmp(disk_file_of(disk, NAME_JOURNAL)->cache + begn + 56, "\0\0\0\0\0\0\0", 8) == 0) {
            from = begn;
        }
        sv_journal_close(&walked);
    }
    disk_free(disk);
    return from;
}

/* A record rots while an edit with slots is in flight. What that stored is not taken for old
 * samples and changed twice; nor is it forgotten with an older edit whose record it was. */
static void lose_records(const struct disk *image, const struct truth *allowed, int num_allowed,
                         const struct command *in_flight)
{
    bool is_edit = in_flight->verb == EDIT || in_flight->verb == ARITHMETIC;
    if (image->names[NAME_JOURNAL] < 0 || !is_edit || in_flight->keeps) {
        return;
    }
    const struct disk_file *journal = &image->files[image->names[NAME_JOURNAL]];
    uint32_t past = begin_of_kept(image);
    for (uint32_t at = SV_JOURNAL_HEADER_BYTES; at < journal->size && at < past;
         at += DISK_SECTOR) {
        if (memcmp(journal->cache + at, "WIND", 4) != 0) {
            continue;
        }
        struct disk *rotten = disk_copy(image, -1);
        uint64_t found[SAMPLES], now[SAMPLES];
        disk_file_of(rotten, NAME_JOURNAL)->cache[at + 40] ^= 0x10;
        read_samples(rotten, found);
        bool is_known = recover(rotten, this_build) != SV_OK;
        read_samples(rotten, now);
        if (is_known && memcmp(found, now, sizeof now) != 0) {
            complain(TOUCHED);
        }
        for (int i = 0; i < num_allowed; i++) {
            is_known = is_known || memcmp(now, allowed[i].data, sizeof now) == 0;
        }
        if (!is_known) {
            complain(MIXED);
        }
        disk_free(rotten);
    }
}

/* A rotten before-image and a changed sample are noticed; otherwise another build undoes it. */
static bool undo_all(struct disk *disk, struct truth *truth)
{
    static const struct command undo = {.verb = UNDO};
    while (truth->num_done > 0 && truth->done[truth->num_done - 1].keeps) {
        const struct change *change = &truth->done[truth->num_done - 1];
        struct disk *changed = disk_copy(disk, -1);
        int sample = 0;
        while (change->before[sample] == change->after[sample]) {
            sample++;
        }
        disk_overwrite(changed, byte_of(sample), "\x77\x77\x77\x77\x77\x77\x77\x77", 8);
        if (execute(changed, &undo, this_build) == SV_OK) {
            complain(CLOBBERED);
        }
        disk_free(changed);
        if (execute(disk, &undo, another_build) != SV_OK) {
            return false;
        }
        *truth = expected(truth, &undo);
        uint64_t data[SAMPLES];
        read_samples(disk, data);
        if (memcmp(data, truth->data, sizeof data) != 0) {
            complain(HISTORY);
        }
    }
    return true;
}

/* The old samples of the newest transaction's last window are changed in the journal. */
static void rot(const struct disk *disk, const struct truth *truth)
{
    static const struct command undo = {.verb = UNDO};
    if (truth->num_done == 0 || truth->num_undone > 0 || !truth->done[truth->num_done - 1].keeps) {
        return;
    }
    struct disk *rotten = disk_copy(disk, -1);
    struct disk_file *journal = disk_file_of(rotten, NAME_JOURNAL);
    uint32_t at = journal->size - 2 * DISK_SECTOR;
    if (memcmp(journal->cache + at, "WIND", 4) == 0) {
        journal->cache[at + SV_RECORD_HEAD_BYTES + 3] ^= 0x10;
        if (execute(rotten, &undo, this_build) == SV_OK) {
            complain(ROTTEN);
        }
    }
    disk_free(rotten);
}

/* The rest of the script works, and then everything can be undone, even by another build. */
static void live_on(const struct disk *disk, const struct truth *start,
                    const struct command *script)
{
    struct disk *copy = disk_copy(disk, -1);
    struct truth truth = *start;
    for (; script->verb != THE_END; script++) {
        uint64_t data[SAMPLES];
        if (execute(copy, script, this_build) != SV_OK) {
            complain(STUCK);
            disk_free(copy);
            return;
        }
        truth = expected(&truth, script);
        read_samples(copy, data);
        if (memcmp(data, truth.data, sizeof data) != 0) {
            complain(HISTORY);
            disk_free(copy);
            return;
        }
    }
    rot(copy, &truth);
    if (!undo_all(copy, &truth)) {
        complain(STUCK);
    }
    disk_free(copy);
}

/* Others write a sample after recovery, and power is lost: it is theirs. */
static void write_later(const struct disk *disk, const struct truth *allowed, int num_allowed)
{
    uint64_t data[SAMPLES], now[SAMPLES];
    int sample = (int)random_below(&search.dice, SAMPLES);
    read_samples(disk, data);
    for (int i = 0; num_allowed > 1 && i < SAMPLES; i++) {
        int candidate = (sample + i) % SAMPLES;
        if (allowed[0].data[candidate] != allowed[1].data[candidate]) {
            sample = candidate;
            break;
        }
    }
    struct disk_losses *losses = disk_find_losses(disk);
    uint64_t num_losses = disk_num_losses(losses, 6);
    for (uint64_t i = 0; i < num_losses; i++) {
        struct disk *later = num_losses < 6 ? disk_loss(losses, i)
                                            : disk_lose_power(losses, &search.dice, (int)(i % 3));
        disk_overwrite(later, byte_of(sample), "\x99\x99\x99\x99\x99\x99\x99\x99", 8);
        if (recover(later, this_build) != SV_OK) {
            complain(STUCK);
        } else {
            read_samples(later, now);
            memset(&data[sample], 0x99, 8);
            if (memcmp(now, data, sizeof now) != 0) {
                complain(LOST);
            }
        }
        disk_free(later);
    }
    disk_free_losses(losses);
}

static int find_truth(struct disk *disk, const struct truth *allowed, int num_allowed)
{
    uint64_t data[SAMPLES];
    struct counts counts;
    read_samples(disk, data);
    if (!count_history(disk, &counts)) {
        return -1;
    }
    for (int i = 0; i < num_allowed; i++) {
        if (memcmp(data, allowed[i].data, sizeof data) == 0 && counts.done == allowed[i].num_done &&
            counts.undone == allowed[i].num_undone) {
            return i;
        }
    }
    return -1;
}

static bool has_unsynced(const struct disk *disk)
{
    return disk->num_pending > 0 ||
           memcmp(disk->names, disk->durable_names, sizeof disk->names) != 0;
}

static void go_on(struct disk *disk, const struct truth *allowed, int num_allowed, int known,
                  const struct command *rest, int depth, uint64_t key)
{
    if (!is_new(disk_hash(disk, key + (uint64_t)depth * 7 + 3))) {
        return;
    }
    write_later(disk, allowed, num_allowed);
    live_on(disk, &allowed[known], rest);
    double shares[] = {0.0, search.share, 1.0};
    if (rest[0].verb != THE_END && chance(shares[depth])) {
        struct command next[2] = {rest[0], {.verb = THE_END}};
        struct disk *copy = disk_copy(disk, -1);
        play(copy, &allowed[known], 1, next, depth - 1);
    }
}

/* False if this image was judged before. */
static bool judge(const struct disk *image, const struct truth *allowed, int num_allowed,
                  const struct command *rest, int depth)
{
    uint64_t key = allowed[0].data[0] + (uint64_t)num_allowed * 1000003 +
                   (uint64_t)length_of(rest) * 7919 + (uint64_t)batch_windows +
                   (uint64_t)(allowed[0].num_done * 64 + allowed[0].num_undone);
    uint64_t hash = disk_hash(image, key);
    if (!is_new(hash + 2 * (uint64_t)depth)) {
        return false;
    }
    search.states += is_new(hash ^ UINT64_C(0x5555555555555555));
    struct disk *disk = disk_copy(image, -1);
    bool is_clean;
    if (!look(disk, allowed, num_allowed, &is_clean) || recover(disk, this_build) != SV_OK) {
        complain(STUCK);
        disk_free(disk);
        return true;
    }
    int known = find_truth(disk, allowed, num_allowed);
    bool is_clean_now;
    if (known < 0) {
        complain(num_allowed > 1 ? TORN : LOST);
        disk_free(disk);
        return true;
    }
    if (!look(disk, allowed, num_allowed, &is_clean_now) || !is_clean_now) {
        complain(SLOW);
    }
    if (is_clean && has_unsynced(image) && known < length_of(rest) && !search.is_nested) {
        struct command next[MOST_COMMANDS + 1] = {{.verb = THE_END}};
        memcpy(next, rest, (size_t)(known + 1) * sizeof rest[0]);
        search.is_nested = true; /* the next command without recovery */
        play(disk_copy(image, -1), allowed, known + 1, next, 0);
        search.is_nested = false;
    }
    go_on(disk, allowed, num_allowed, known, rest + known, depth, key);
    disk_free(disk);
    return true;
}

/* Image `number` that a stopped machine may leave: as it is, with a failed sync of the recording or
 * of the journal, and then those of a power loss. NULL: there are no more. */
struct images {
    const struct disk *disk;
    struct disk_losses *losses;
    uint64_t num_losses, cap;
};

static struct images begin_images(const struct disk *disk, uint64_t cap)
{
    struct images images = {.disk = disk, .losses = disk_find_losses(disk), .cap = cap};
    images.num_losses = disk_num_losses(images.losses, cap + 1);
    return images;
}

static struct disk *image_of(const struct images *images, uint64_t number)
{
    struct disk *image;
    switch (number) {
    case 0: return disk_copy(images->disk, -1);
    case 1:
    case 2:
        image = disk_copy(images->disk, -1);
        if (image->names[number - 1] >= 0) {
            disk_fail_sync(image, (int)number - 1);
        }
        return image;
    default:
        number -= 3;
        if (images->num_losses <= images->cap) {
            return number < images->num_losses ? disk_loss(images->losses, number) : NULL;
        }
        return number < images->cap
                   ? disk_lose_power(images->losses, &search.dice, (int)(number % 3))
                   : NULL;
    }
}

/* A crash in recovery, before each of its steps. */
static void crash_recovery(const struct disk *image, const struct truth *allowed, int num_allowed,
                           const struct command *rest)
{
    for (long steps = 0; !is_over(); steps++) {
        struct disk *trial = disk_copy(image, steps);
        recover(trial, this_build);
        if (!trial->is_stopped) {
            disk_free(trial);
            return;
        }
        struct images images = begin_images(trial, 10);
        struct disk *again;
        for (uint64_t i = 0; (again = image_of(&images, i)) != NULL; i++) {
            judge(again, allowed, num_allowed, rest, 0);
            disk_free(again);
        }
        disk_free_losses(images.losses);
        disk_free(trial);
    }
}

static void crash(const struct disk *disk, const struct truth *allowed, int num_allowed,
                  const struct command *rest, int depth)
{
    struct images images = begin_images(disk, search.is_nested ? 10 : search.cap);
    struct disk *image;
    for (uint64_t i = 0; !is_over() && (image = image_of(&images, i)) != NULL; i++) {
        /* An acknowledged command had no failed sync. */
        bool is_possible = num_allowed > 1 || i == 0 || i > 2;
        if (is_possible && judge(image, allowed, num_allowed, rest, depth) &&
            (i <= 2 || chance(search.share))) {
            other_program(image, allowed, num_allowed);
            if (num_allowed > 1) {
                lose_records(image, allowed, num_allowed, &rest[num_allowed - 2]);
            }
            crash_recovery(image, allowed, num_allowed, rest);
        }
        disk_free(image);
    }
    disk_free_losses(images.losses);
}

/* Plays a script, stops it before each step, and judges what recovery makes of each image that may
 * be left. The last truth stands, and those before it, command by command, may come back until the
 * next command is done. Frees the disk. */
static void play(struct disk *disk, const struct truth *truths, int num_truths,
                 const struct command *script, int depth)
{
    struct truth allowed[MOST_COMMANDS];
    memcpy(allowed, truths, (size_t)num_truths * sizeof truths[0]);
    while (length_of(script) >= num_truths && !is_over()) {
        const struct command *command = &script[num_truths - 1];
        allowed[num_truths] = expected(&allowed[num_truths - 1], command);
        struct disk *trial;
        for (long steps = 0;; steps++) {
            trial = disk_copy(disk, steps);
            sv_status status = execute(trial, command, this_build);
            if (!trial->is_stopped && status != SV_OK) {
                complain(STUCK);
                disk_free(trial);
                disk_free(disk);
                return;
            }
            if (!trial->is_stopped || is_over()) {
                break;
            }
            trial->is_stopped = false;
            if (!chance(search.thin)) {
                disk_free(trial);
                continue;
            }
            crash(trial, allowed, num_truths + 1, script, depth);
            disk_free(trial);
        }
        disk_free(disk);
        disk = trial;
        allowed[0] = allowed[num_truths];
        script += num_truths;
        num_truths = 1;
        crash(disk, allowed, 1, script, depth);
    }
    disk_free(disk);
}

/* ---- scripts --------------------------------------------------------------------------------- */

struct script {
    int64_t batch;
    int depth;
    struct command commands[MOST_COMMANDS];
};

static const struct script keeping[] = {
    {1, 0, {{EDIT, 1, 1, 1, true}, {.verb = DROP}, {EDIT, 1, 1, 1, true}}},
    {1, 0, {{EDIT, 1, 1, 1, true}, {.verb = DROP}, {.verb = DROP}}},
    {1, 2, {{EDIT, 1, 2, 2, true}}},
    {1, 1, {{EDIT, 1, 1, 1, true}, {.verb = UNDO}, {.verb = REDO}}},
    {2,
     1,
     {{ARITHMETIC, 1, 0, 3, true}, {.verb = UNDO}, {.verb = REDO}, {ARITHMETIC, 2, 2, 4, true}}},
    {2, 1, {{EDIT, 1, 0, 4, true}, {.verb = DROP}, {EDIT, 2, 0, 4, true}}},
    {2,
     1,
     {{EDIT, 1, 0, 4, true},
      {.verb = UNDO},
      {.verb = DROP},
      {EDIT, 1, 0, 4, true},
      {.verb = UNDO}}},
    {1,
     1,
     {{EDIT, 1, 0, 3, true},
      {EDIT, 2, 1, 1, true},
      {.verb = UNDO},
      {.verb = REDO},
      {.verb = UNDO},
      {.verb = UNDO},
      {EDIT, 3, 2, 4, true}}}};

static const struct script not_keeping[] = {
    {1, 0, {{EDIT, 1, 1, 1, false}, {.verb = DROP}, {EDIT, 1, 1, 1, false}}},
    {1, 2, {{EDIT, 1, 2, 2, false}}},
    {2, 1, {{EDIT, 1, 0, 1, true}, {EDIT, 2, 0, 4, false}, {EDIT, 3, 1, 3, true}, {.verb = UNDO}}},
    {1, 1, {{EDIT, 1, 0, 4, false}, {EDIT, 2, 1, 3, false}}},
    {1, 1, {{ARITHMETIC, 1, 0, 4, false}, {ARITHMETIC, 2, 1, 3, false}}},
    {2, 1, {{EDIT, 1, 0, 4, false}, {.verb = DROP}, {EDIT, 1, 0, 4, false}}}};

static void make_recording(unsigned char *bytes, struct truth *truth)
{
    memset(bytes, 0x31, RECORDING_BYTES);
    memset(truth, 0, sizeof *truth);
    for (int i = 0; i < SAMPLES; i++) {
        memset(&truth->data[i], 'A' + i, 8);
        memcpy(bytes + byte_of(i), &truth->data[i], 8);
    }
}

/* A command that can be done there. */
static struct command any_command(const struct truth *truth, bool keeps)
{
    struct command command = {.verb = EDIT, .operation = 1 + random_below(&search.dice, 3)};
    bool is_kept = truth->num_done > 0 && truth->done[truth->num_done - 1].keeps;
    uint64_t choice = random_below(&search.dice, 8);
    if (choice < 2 && is_kept) {
        command.verb = UNDO;
    } else if (choice < 2 && truth->num_undone > 0) {
        command.verb = REDO;
    } else if (choice == 2) {
        command.verb = DROP;
    } else if (choice < 5) {
        command.verb = ARITHMETIC;
    }
    command.first = (int)random_below(&search.dice, WINDOWS);
    command.last =
        command.first + (int)random_below(&search.dice, (uint64_t)(WINDOWS - command.first));
    command.keeps = keeps || choice == 3;
    return command;
}

static struct script any_script(const struct truth *start, bool keeps)
{
    enum { LENGTH = 3 };
    struct truth truth = *start;
    struct script script = {.batch = 1 + (int64_t)random_below(&search.dice, 3), .depth = 1};
    for (int i = 0; i < LENGTH; i++) {
        script.commands[i] = any_command(&truth, keeps);
        truth = expected(&truth, &script.commands[i]);
    }
    return script;
}

static void play_all(const struct script *scripts, size_t count)
{
    unsigned char recording[RECORDING_BYTES];
    struct truth truth;
    make_recording(recording, &truth);
    for (size_t i = 0; i < count && !is_over(); i++) {
        batch_windows = scripts[i].batch;
        play(disk_make(recording, RECORDING_BYTES), &truth, 1, scripts[i].commands,
             scripts[i].depth);
    }
}

/* A script by the dice, for as long as states are wanted. */
static void play_any(bool keeps)
{
    unsigned char recording[RECORDING_BYTES];
    struct truth truth;
    make_recording(recording, &truth);
    struct script script = any_script(&truth, keeps);
    play_all(&script, 1);
}

static void begin_search(const struct search *wanted)
{
    search = *wanted;
    search.dice = random_begin("power losses");
    scramble_begin();
    search.seen = calloc((size_t)1 << search.table_bits, sizeof *search.seen);
    ck_assert_ptr_nonnull(search.seen);
}

static void end_search(const char *what)
{
    printf("%s: %ld states, %ld violations", what, search.states, search.num_bad);
    for (int i = 0; i < NUM_COMPLAINTS; i++) {
        if (search.bad[i] > 0) {
            printf(", %s %ld", complaints[i], search.bad[i]);
        }
    }
    printf("\n");
    fflush(stdout);
    free(search.seen);
}

static void play_mode(bool keeps)
{
    if (keeps) {
        play_all(keeping, sizeof keeping / sizeof keeping[0]);
    } else {
        play_all(not_keeping, sizeof not_keeping / sizeof not_keeping[0]);
    }
}

static bool is_torture(void)
{
    return getenv("SEISVIEW_TORTURE") != NULL;
}

START_TEST(the_protocol_survives)
{
    static const struct search slice = {
        .cap = 30, .thin = 0.1, .share = 0.02, .enough = 1, .table_bits = 20};
    static const struct search torture = {.cap = 3000,
                                          .thin = 1,
                                          .share = 0.1,
                                          .enough = 1,
                                          .most_states = 10000000,
                                          .table_bits = 26};
    bool keeps = _i == 0;
    begin_search(is_torture() ? &torture : &slice);
    play_mode(keeps);
    while (is_torture() && !is_over()) {
        play_any(keeps);
    }
    long bad = search.num_bad;
    end_search(keeps ? "undo=keep" : "undo=none");
    ck_assert_int_eq(bad, 0);
}
END_TEST

static const char *const rule_texts[] = {
#define SV_RULE(name, text) text,
#include "journal/rules.def"
#undef SV_RULE
};

/* Rules that concern one mode alone. */
static bool is_of_mode(sv_rule rule, bool keeps)
{
    switch (rule) {
    case SV_RULE_JOURNAL_SYNC_AFTER_UNDO:
    case SV_RULE_JOURNAL_SYNC_AFTER_REDO:
    case SV_RULE_JOURNAL_SYNC_AFTER_BACK:
    case SV_RULE_DATA_SYNC_AFTER_CARRYING_BACK:
    case SV_RULE_ALL_PROVED_FIRST:
    case SV_RULE_STORED_EVEN_WHERE_RIGHT:
    case SV_RULE_CHECK_BEFORE_UNDO: return keeps;
    case SV_RULE_DATA_SYNC_BEFORE_NEXT_SLOT:
    case SV_RULE_NEXT_BATCH_AS_IT_WAS:
    case SV_RULE_TWO_SLOTS: return !keeps;
    default: return true;
    }
}

/* Those that only rare states need, in this mode: make torture looks for them. */
static bool is_rarely_needed(sv_rule rule, bool keeps)
{
    switch (rule) {
    case SV_RULE_MARK_WRITTEN_AGAIN:
    case SV_RULE_MARKS_SYNCED_ONE_BY_ONE:
    case SV_RULE_LAST_RECORDS_WRITTEN_AGAIN:
    case SV_RULE_BEGN_CLEARED_BEFORE_CUT:
    case SV_RULE_JOURNAL_SYNC_AFTER_CUT:
    case SV_RULE_NEW_SALT: return true;
    case SV_RULE_ONLY_COMMIT_AND_BACK_ARE_CLEAN:
    case SV_RULE_HEAD_CHAIN: return !keeps;
    default: return false;
    }
}

/* Some of the steps first, then all of them. */
static long play_without(bool keeps)
{
    static const double thin[] = {0.05, 0.3, 1};
    long bad = 0;
    for (int i = 0; i < 3 && bad == 0; i++) {
        const struct search wanted = {.cap = 100,
                                      .thin = thin[i],
                                      .share = 0.05,
                                      .enough = 1,
                                      .table_bits = is_torture() ? 24 : 20};
        begin_search(&wanted);
        play_mode(keeps);
        bad = search.num_bad;
        end_search(keeps ? "  undo=keep" : "  undo=none");
    }
    return bad;
}

START_TEST(each_rule_is_needed)
{
    sv_rule_left_out = (sv_rule)_i;
    printf("without '%s':\n", rule_texts[_i]);
    for (int mode = 0; mode < 2; mode++) {
        bool keeps = mode == 0;
        if (is_of_mode(sv_rule_left_out, keeps) &&
            (is_torture() || !is_rarely_needed(sv_rule_left_out, keeps))) {
            ck_assert_msg(play_without(keeps) > 0, "nobody noticed that this was left out: %s",
                          rule_texts[_i]);
        }
    }
}
END_TEST

static void add_case(Suite *suite, const char *name, const TTest *test, int first, int past)
{
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, is_torture() ? 36000 : 600);
    tcase_add_loop_test(tcase, test, first, past);
    suite_add_tcase(suite, tcase);
}

int main(void)
{
    Suite *suite = suite_create("power");
    add_case(suite, "keep", the_protocol_survives, 0, 1);
    add_case(suite, "none", the_protocol_survives, 1, 2);
    add_case(suite, "rules", each_rule_is_needed, 0, SV_NUM_RULES);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
