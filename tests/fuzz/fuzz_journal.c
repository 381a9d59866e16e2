/* A recording with a journal beside it, in a state that an edit, an undo or a redo was stopped in,
 * after which bytes of both are changed, or a journal of any bytes; then verify, the log, undo and
 * redo. Nothing crashes or leaks; and where no CRC was forged, the recording is one of those that
 * the edit knows, or was not touched at all.
 *
 *   byte 0      which state, and whether the rest is a whole journal (bit 7)
 *   byte 1      bit 0: the CRCs of header, heads and bodies are made right again
 *   …           changes, four bytes each: file (bit 7) and place (15 bits), how, value */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "edit/editor.h"
#include "edit/operation.h"
#include "journal/bytes.h"
#include "journal/layout.h"
#include "seisview/edit.h"
#include "seisview/guard.h"

enum {
    SAMPLES = 600,
    DATA_BYTES = 4 * SAMPLES,
    ROOM = 65536,
    NUM_STATES = 6,
    NOT_KEEPING = 2,
    MOST_CALLS = 4000
};

struct state {
    int number;
    unsigned char data[DATA_BYTES], journal[ROOM];
    size_t journal_bytes;
};

static struct state states[NUM_STATES];
static unsigned char known[2][DATA_BYTES]; /* before and after */
static char path[256], journal_path[260];

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t num_bytes);

/* ---- files ----------------------------------------------------------------------------------- */

static void insist(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "fuzz_journal: %s\n", what);
        abort();
    }
}

/* The recording stays the same file, since its journal knows it. */
static void write_file(const char *name, const void *bytes, size_t num_bytes)
{
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    insist(fd >= 0 && write(fd, bytes, num_bytes) == (ssize_t)num_bytes, "no scratch file");
    close(fd);
}

static size_t read_file(const char *name, void *bytes, size_t room)
{
    int fd = open(name, O_RDONLY);
    ssize_t count = fd >= 0 ? read(fd, bytes, room) : 0;
    if (fd >= 0) {
        close(fd);
    }
    return count > 0 ? (size_t)count : 0;
}

/* ---- states ---------------------------------------------------------------------------------- */

/* The real calls, but for the syncs, and for all from some store on. */
static sv_system calls;
static long stores_left;

static int do_nothing(int fd)
{
    (void)fd;
    return 0;
}

static int store(void *mapped, size_t num_bytes, const sv_run *run, const void *items)
{
    if (stores_left-- == 0) {
        errno = EIO;
        return -1;
    }
    return sv_real_system.store(mapped, num_bytes, run, items);
}

static void open_editor(sv_editor *editor)
{
    sv_recovery recovery;
    sv_editor_options options = sv_editor_defaults;
    options.system = &calls;
    options.window_bytes = 512;
    options.batch_windows = 2;
    options.works_ahead = false;
    insist(sv_editor_open(path, &options, editor, &recovery, NULL) == SV_OK, "no editor");
}

/* Each sample depends on its neighbours, so that windows have contexts. */
static void edit(bool keeps, long stores)
{
    sv_editor editor;
    sv_transaction transaction;
    unsigned char parameters[512];
    const sv_operation operations[] = {{.kind = SV_DESPIKE, .value = 0.5},
                                       {.kind = SV_GAIN, .value = 3.0}};
    sv_work_operations_encode(operations, 2, parameters);
    sv_part part = {.dtype = sv_dtype_make(SV_F4, SV_LITTLE_ENDIAN),
                    .rows = 1,
                    .samples = SAMPLES,
                    .stride_bytes = 4,
                    .work = &sv_work_operations,
                    .parameters = parameters,
                    .parameters_bytes = sv_work_parameters_size(operations, 2, 1)};
    open_editor(&editor);
    stores_left = stores;
    insist(sv_transaction_begin(&editor, &part, 1, keeps, "fuzz", &transaction, NULL) == SV_OK,
           "no transaction");
    if (sv_transaction_run(&transaction, NULL) == SV_OK) {
        sv_transaction_commit(&transaction, NULL);
    }
    sv_transaction_close(&transaction);
    sv_editor_close(&editor);
}

static void undo(bool again, long stores)
{
    sv_editor editor;
    uint64_t number;
    open_editor(&editor);
    stores_left = stores;
    if (again) {
        sv_editor_redo(&editor, &number, NULL);
    } else {
        sv_editor_undo(&editor, &number, NULL);
    }
    sv_editor_close(&editor);
}

static void begin_state(void)
{
    float samples[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
        samples[i] = (float)(i * 7919 % 101) - 50.0F;
    }
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    insist(fd >= 0 && pwrite(fd, samples, sizeof samples, 0) == sizeof samples, "no recording");
    close(fd);
    unlink(journal_path);
}

static void end_state(int number)
{
    struct state *state = &states[number];
    state->number = number;
    insist(read_file(path, state->data, DATA_BYTES) == DATA_BYTES, "no recording");
    state->journal_bytes = read_file(journal_path, state->journal, ROOM);
    insist(state->journal_bytes > SV_JOURNAL_HEADER_BYTES, "no journal");
}

static void make_states(void)
{
    enum { ALL = MOST_CALLS, SOME = 3 };
    for (int number = 0; number < NUM_STATES; number++) {
        begin_state();
        read_file(path, known[0], DATA_BYTES);
        edit(number != NOT_KEEPING, number == 1 || number == NOT_KEEPING ? SOME : ALL);
        if (number == 0) {
            read_file(path, known[1], DATA_BYTES);
        }
        if (number >= 3) {
            undo(false, number == 3 ? SOME : ALL);
        }
        if (number == 5) {
            undo(true, SOME);
        }
        end_state(number);
    }
}

static void remove_files(void)
{
    unlink(journal_path);
    unlink(path);
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    const char *parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(path, sizeof path, "%s/fuzz_journal.%ld.bin", parent, (long)getpid());
    snprintf(journal_path, sizeof journal_path, "%s.svj", path);
    atexit(remove_files);
    calls = sv_real_system;
    calls.fdatasync = do_nothing;
    calls.fsync = do_nothing;
    calls.store = store;
    insist(sv_guard_install(NULL) == SV_OK, "no guard");
    make_states();
    return 0;
}

/* ---- forging --------------------------------------------------------------------------------- */

/* CRCs of the header, of bodies and of heads, one chained to the other, as far as they look like
 * records: by the journal's own decoder where the CRC is right, else by the size they state. */
static void sign(unsigned char *journal, size_t num_bytes)
{
    enum { BODY_BYTES_AT = 16, BODY_CRC_AT = SV_RECORD_HEAD_BYTES - 16 };
    sv_journal_header header;
    if (num_bytes < SV_JOURNAL_HEADER_BYTES) {
        return;
    }
    sv_put_u8(journal + SV_JOURNAL_HEADER_BYTES - 8,
              sv_crc(journal, SV_JOURNAL_HEADER_BYTES - 8, 0));
    if (!sv_header_decode(journal, &header)) {
        return;
    }
    uint64_t seed = sv_header_crc(journal), header_crc = seed;
    for (size_t at = SV_JOURNAL_HEADER_BYTES; at + SV_SECTOR_BYTES <= num_bytes;) {
        unsigned char *head = journal + at;
        uint64_t body = sv_get_u8(head + BODY_BYTES_AT);
        if (body > num_bytes - at - SV_RECORD_HEAD_BYTES) {
            return;
        }
        bool is_mark = memcmp(head, "MARK", 4) == 0;
        if (!is_mark) {
            sv_put_u8(head + BODY_CRC_AT, sv_crc(head + SV_RECORD_HEAD_BYTES, body, 0));
        }
        seed = sv_crc(head, is_mark ? BODY_CRC_AT : BODY_CRC_AT + 8, seed);
        sv_put_u8(head + BODY_CRC_AT + 8, seed);
        if (is_mark) {
            sv_put_u8(head + BODY_CRC_AT,
                      sv_crc(head + BODY_CRC_AT + 8, 8, sv_crc(head, BODY_CRC_AT, header_crc)));
        }
        at += (size_t)sv_record_bytes((int64_t)body);
    }
}

static void change(struct state *state, const uint8_t *bytes)
{
    bool is_data = (bytes[0] & 0x80) != 0;
    size_t at = (size_t)(bytes[0] & 0x7f) << 8 | bytes[1];
    size_t room = is_data ? DATA_BYTES : state->journal_bytes;
    unsigned char *place = (is_data ? state->data : state->journal) + at % room;
    switch (bytes[2] & 3) {
    case 0: *place = bytes[3]; break;
    case 1: *place ^= (unsigned char)(1 << (bytes[3] & 7)); break;
    case 2: *place = (unsigned char)(*place + bytes[3]); break;
    default:
        if (!is_data) {
            state->journal_bytes = at % room; /* cut */
        }
    }
}

/* ---- one input ------------------------------------------------------------------------------- */

static bool take(void *context, const sv_log_entry *entry)
{
    *(size_t *)context += strlen(entry->words);
    return true;
}

/* Whether all that was changed went the same way. */
static bool went_one_way(const unsigned char *now, const unsigned char *found)
{
    bool back = true, on = true;
    for (int i = 0; i < DATA_BYTES; i++) {
        back = back && (now[i] == found[i] || now[i] == known[0][i]);
        on = on && (now[i] == found[i] || now[i] == known[1][i]);
    }
    return back || on;
}

static void judge(const struct state *state, bool is_forged, sv_status status)
{
    unsigned char now[DATA_BYTES];
    insist(read_file(path, now, DATA_BYTES) == DATA_BYTES, "the recording was cut");
    bool is_untouched = memcmp(now, state->data, DATA_BYTES) == 0;
    if (!is_forged && status != SV_OK) {
        insist(is_untouched, "it failed, and touched the recording");
    }
    /* An edit that is carried on takes what others wrote ahead of it as its old samples. */
    bool is_theirs = state->number == NOT_KEEPING &&
                     memcmp(state->data, states[NOT_KEEPING].data, DATA_BYTES) != 0;
    if (!is_forged && status == SV_OK && !is_theirs) {
        insist(went_one_way(now, state->data), "a mixture");
    }
}

static sv_editor_options plain_options(void)
{
    sv_editor_options options = sv_editor_defaults;
    options.system = &calls;
    options.works_ahead = false;
    return options;
}

static void run_all(const struct state *state, bool is_forged)
{
    sv_editor editor;
    sv_recovery recovery;
    uint64_t number;
    size_t length = 0;
    const sv_editor_options options = plain_options();
    stores_left = MOST_CALLS;
    sv_status status = sv_editor_open(path, &options, &editor, &recovery, NULL);
    if (status == SV_OK) {
        status = sv_editor_recover(&editor, &recovery, NULL);
        sv_editor_close(&editor);
    }
    judge(state, is_forged, status);
    sv_edit_log(path, NULL, take, &length, NULL);
    if (sv_editor_open(path, &options, &editor, &recovery, NULL) == SV_OK) {
        if (sv_editor_undo(&editor, &number, NULL) == SV_OK) {
            sv_editor_redo(&editor, &number, NULL);
        }
        sv_editor_close(&editor);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t num_bytes)
{
    static struct state state;
    if (num_bytes < 2) {
        return 0;
    }
    bool is_whole_journal = (bytes[0] & 0x80) != 0, is_forged = (bytes[1] & 1) != 0;
    memcpy(&state, &states[bytes[0] % NUM_STATES], sizeof state);
    bytes += 2;
    num_bytes -= 2;
    if (is_whole_journal) {
        state.journal_bytes = num_bytes < ROOM ? num_bytes : ROOM;
        memcpy(state.journal, bytes, state.journal_bytes);
        num_bytes = 0;
    }
    for (; num_bytes >= 4 && state.journal_bytes > 0; bytes += 4, num_bytes -= 4) {
        change(&state, bytes);
    }
    if (is_forged) {
        sign(state.journal, state.journal_bytes);
    }
    int fd = open(path, O_RDWR);
    insist(fd >= 0 && pwrite(fd, state.data, DATA_BYTES, 0) == DATA_BYTES, "no recording");
    close(fd);
    write_file(journal_path, state.journal, state.journal_bytes);
    run_all(&state, is_forged);
    return 0;
}
