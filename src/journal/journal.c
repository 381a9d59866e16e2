#include "journal/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/size.h"
#include "journal/file.h"
#include "journal/rules.h"

/* ---- names ------------------------------------------------------------------------------- */

static char *joined(const char *path, const char *suffix)
{
    size_t length = strlen(path);
    char *whole = sv_malloc(length + strlen(suffix) + 1);
    if (whole == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    memcpy(whole, path, length);
    strcpy(whole + length, suffix);
    return whole;
}

char *sv_journal_path(const char *recording_path)
{
    struct stat file;
    if (lstat(recording_path, &file) != 0 || !S_ISLNK(file.st_mode)) {
        return joined(recording_path, ".svj");
    }
    char *real = realpath(recording_path, NULL);
    char *path = real != NULL ? joined(real, ".svj") : NULL;
    free(real);
    return path;
}

/* ---- opening and closing ----------------------------------------------------------------- */

static sv_status take_path(sv_journal *journal, const char *path, sv_error *error)
{
    journal->path = sv_strdup(path);
    return journal->path != NULL ? SV_OK : sv_fail_memory(error, strlen(path) + 1);
}

static sv_status read_header(sv_journal *journal, sv_error *error)
{
    unsigned char block[SV_JOURNAL_HEADER_BYTES];
    size_t done;
    sv_status status =
        sv_read_at(journal->system, journal->fd, 0, block, sizeof block, &done, error);
    if (status != SV_OK) {
        return status;
    }
    if (done < sizeof block || !sv_header_decode(block, &journal->header)) {
        return sv_fail(error, SV_CONFLICT,
                       "its journal (%.200s) is damaged, or none; to keep the recording as it is, "
                       "move the journal away",
                       journal->path);
    }
    journal->header_crc = sv_header_crc(block);
    sv_journal_rewind(journal);
    return SV_OK;
}

sv_status sv_journal_open(const sv_system *system, const char *path, bool to_edit,
                          sv_journal *journal, sv_error *error)
{
    *journal = (sv_journal){.system = system, .fd = -1};
    int fd = system->open(path, to_edit ? O_RDWR : O_RDONLY, 0);
    if (fd < 0 && (errno == ENOENT || errno == ENAMETOOLONG)) {
        return sv_fail(error, SV_NOTFOUND, "it has no journal: nothing was edited");
    }
    if (fd < 0) {
        return sv_fail_errno(error, "its journal (%.200s) cannot be opened", path);
    }
    journal->fd = fd;
    sv_status status = take_path(journal, path, error);
    if (status == SV_OK) {
        status = read_header(journal, error);
    }
    if (status != SV_OK) {
        sv_journal_close(journal);
    }
    return status;
}

void sv_journal_close(sv_journal *journal)
{
    if (journal->fd >= 0) {
        journal->system->close(journal->fd);
    }
    sv_free(journal->path);
    journal->fd = -1;
    journal->path = NULL;
}

bool sv_journal_is_of(const sv_journal *journal, const sv_identity *recording)
{
    const sv_journal_header *header = &journal->header;
    return header->inode == recording->inode &&
           (header->birth == recording->birth || header->birth == INT64_MIN ||
            recording->birth == INT64_MIN);
}

/* ---- making a new one -------------------------------------------------------------------- */

/* Whoever may edit the recording may edit its journal. Only root gives files away; for others the
 * group and the mode do. */
static sv_status take_after(const sv_journal *journal, const sv_identity *recording,
                            sv_error *error)
{
    const sv_system *system = journal->system;
    if (system->fchown(journal->fd, recording->owner, recording->group) != 0 &&
        system->fchown(journal->fd, (uid_t)-1, recording->group) != 0 && errno != EPERM) {
        return sv_fail_errno(error, "the journal's owner cannot be set");
    }
    if (system->fchmod(journal->fd, recording->mode & 0666) != 0) {
        return sv_fail_errno(error, "the journal's mode cannot be set");
    }
    return SV_OK;
}

static sv_status write_header(sv_journal *journal, const sv_identity *recording,
                              uint64_t last_number, sv_error *error)
{
    unsigned char block[SV_JOURNAL_HEADER_BYTES];
    sv_journal_header *header = &journal->header;
    /* A number that went on would do for a salt, but not for each journal. */
    *header = (sv_journal_header){.inode = recording->inode,
                                  .birth = recording->birth,
                                  .size_bytes = recording->size_bytes,
                                  .last_number = sv_holds(SV_RULE_NEW_SALT) ? last_number : 0};
    if (sv_holds(SV_RULE_NEW_SALT) &&
        journal->system->random(&header->salt, sizeof header->salt) != 0) {
        return sv_fail_errno(error, "the system gives no random number");
    }
    sv_header_encode(header, block);
    journal->header_crc = sv_header_crc(block);
    sv_journal_rewind(journal);
    return sv_write_at(journal->system, journal->fd, 0, block, sizeof block, error);
}

sv_status sv_journal_prepare(const sv_system *system, const char *path,
                             const sv_identity *recording, uint64_t last_number,
                             sv_journal *journal, sv_error *error)
{
    *journal = (sv_journal){.system = system, .fd = -1};
    sv_status status = take_path(journal, path, error);
    char *temporary = status == SV_OK ? joined(path, ".new") : NULL;
    if (temporary == NULL) {
        sv_journal_close(journal);
        return sv_fail_memory(error, strlen(path) + 5);
    }
    /* There is one editor: what stands there is what an interrupted one left. */
    system->unlink(temporary);
    journal->fd = system->open(temporary, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (journal->fd < 0) {
        status = sv_fail_errno(error, "no journal (%.200s) can be made beside it", temporary);
    }
    if (status == SV_OK) {
        status = take_after(journal, recording, error);
    }
    if (status == SV_OK) {
        status = write_header(journal, recording, last_number, error);
    }
    if (status != SV_OK && journal->fd >= 0) {
        system->unlink(temporary);
    }
    if (status != SV_OK) {
        sv_journal_close(journal);
    }
    sv_free(temporary);
    return status;
}

static sv_status take_its_place(sv_journal *journal, const char *temporary, sv_error *error)
{
    const sv_system *system = journal->system;
    bool is_durable = sv_holds(SV_RULE_NEW_JOURNAL_DURABLE);
    if (is_durable && system->fsync(journal->fd) != 0) {
        return sv_fail_errno(error, "the new journal cannot be synced");
    }
    if (system->rename(temporary, journal->path) != 0) {
        return sv_fail_errno(error, "the new journal cannot be named %.200s", journal->path);
    }
    return is_durable ? sv_journal_sync_directory(journal, error) : SV_OK;
}

sv_status sv_journal_install(sv_journal *journal, sv_error *error)
{
    char *temporary = joined(journal->path, ".new");
    if (temporary == NULL) {
        return sv_fail_memory(error, strlen(journal->path) + 5);
    }
    sv_status status = take_its_place(journal, temporary, error);
    if (status != SV_OK) {
        journal->system->unlink(temporary);
    }
    sv_free(temporary);
    return status;
}

void sv_journal_abandon(sv_journal *journal)
{
    char *temporary = joined(journal->path, ".new");
    if (temporary != NULL) {
        journal->system->unlink(temporary);
    }
    sv_free(temporary);
    sv_journal_close(journal);
}

sv_status sv_journal_create(const sv_system *system, const char *path, const sv_identity *recording,
                            uint64_t last_number, sv_journal *journal, sv_error *error)
{
    sv_status status = sv_journal_prepare(system, path, recording, last_number, journal, error);
    if (status != SV_OK) {
        return status;
    }
    status = sv_journal_install(journal, error);
    if (status != SV_OK) {
        sv_journal_close(journal);
    }
    return status;
}

/* ---- making durable ---------------------------------------------------------------------- */

sv_status sv_journal_sync(sv_journal *journal, sv_error *error)
{
    if (journal->system->fdatasync(journal->fd) != 0) {
        journal->is_poisoned = true;
        return sv_fail_errno(error, "the journal cannot be synced");
    }
    return SV_OK;
}

/* The part of `path` before its last slash. */
static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *directory = sv_strdup(slash != NULL ? path : ".");
    if (directory != NULL && slash != NULL) {
        directory[slash == path ? 1 : slash - path] = '\0';
    }
    return directory;
}

sv_status sv_journal_check_place(const char *path, sv_error *error)
{
    char *directory = directory_of(path);
    if (directory == NULL) {
        return sv_fail_memory(error, strlen(path) + 1);
    }
    int failure = faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) != 0 ? errno : 0;
    sv_free(directory);
    errno = failure;
    return failure == 0 ? SV_OK
                        : sv_fail_errno(error, "its directory, where the journal of the edit has "
                                               "its place, cannot be written");
}

sv_status sv_journal_sync_directory(sv_journal *journal, sv_error *error)
{
    char *directory = directory_of(journal->path);
    if (directory == NULL) {
        return sv_fail_memory(error, strlen(journal->path) + 1);
    }
    sv_status status = SV_OK;
    int fd = journal->system->open(directory, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0) {
        status = sv_fail_errno(error, "the directory cannot be opened");
    } else if (journal->system->fsync(fd) != 0) {
        journal->is_poisoned = true;
        status = sv_fail_errno(error, "the directory cannot be synced");
    }
    if (fd >= 0) {
        journal->system->close(fd);
    }
    sv_free(directory);
    return status;
}

sv_status sv_journal_clear(sv_journal *journal, int64_t at, sv_error *error)
{
    static const unsigned char zeros[SV_RECORD_HEAD_BYTES];
    sv_status status = sv_write_at(journal->system, journal->fd, at, zeros, sizeof zeros, error);
    return status == SV_OK && sv_holds(SV_RULE_JOURNAL_SYNC_AFTER_CUT)
               ? sv_journal_sync(journal, error)
               : status;
}

sv_status sv_journal_cut(sv_journal *journal, int64_t end, sv_error *error)
{
    int64_t size_bytes = journal->system->size(journal->fd);
    if (size_bytes < 0) {
        return sv_fail_errno(error, "the journal can no longer be looked at");
    }
    if (size_bytes <= end) {
        return SV_OK;
    }
    int failure;
    do {
        failure = journal->system->ftruncate(journal->fd, (off_t)end);
    } while (failure != 0 && errno == EINTR);
    if (failure != 0) {
        return sv_fail_errno(error, "the journal cannot be cut at byte %" PRId64, end);
    }
    if (sv_holds(SV_RULE_JOURNAL_SYNC_AFTER_CUT) && journal->system->fsync(journal->fd) != 0) {
        journal->is_poisoned = true;
        return sv_fail_errno(error, "the journal cannot be synced");
    }
    return SV_OK;
}

sv_status sv_journal_reserve(sv_journal *journal, int64_t num_bytes, const char *instead,
                             sv_error *error)
{
    sv_status status = sv_reserve(journal->system, journal->fd, FALLOC_FL_KEEP_SIZE, journal->end,
                                  num_bytes, error);
    if (status != SV_OK && errno == ENOSPC) {
        status =
            sv_fail(error, SV_IO, "no space for the journal (needs %" PRId64 " bytes); make room%s",
                    num_bytes, instead);
        if (error != NULL) {
            error->system_error = ENOSPC;
        }
    }
    return status;
}
