#include "scan/task.h"

#include "base/error.h"
#include "base/guard.h"
#include "base/memory.h"
#include "base/size.h"
#include "format/format.h"

sv_status sv_worker_open(sv_worker *worker, sv_error *error)
{
    if (worker->reducer->dense) {
        sv_status status = sv_planar_open(&worker->planar, worker->plan, error);
        if (status != SV_OK) {
            return status;
        }
    }
    if (worker->plan->segment.in_place) {
        return SV_OK;
    }
    size_t piece_bytes = (size_t)worker->plan->rows_per_task * worker->reducer->result_size;
    worker->piece = sv_malloc_aligned(64, piece_bytes);
    if (worker->piece == NULL) {
        return sv_fail_memory(error, piece_bytes);
    }
    return sv_reader_open(worker->recording, worker->plan->segment.index, &worker->reader, error);
}

void sv_worker_close(sv_worker *worker)
{
    sv_reader_close(worker->reader);
    sv_free(worker->piece);
    sv_free(worker->scratch.memory);
    sv_planar_close(&worker->planar);
}

/* ---- reducing ---------------------------------------------------------------------------- */

/* Samples of all rows from `first` on, of which the task's rows are reduced. */
typedef struct piece {
    const sv_worker *worker;
    const sv_task *task;
    int64_t first;
    sv_view samples; /* rows × samples */
    char *results;
    bool is_hole;
} piece;

/* The address of a row's first sample; as integers, since with a scratch buffer row 0 may lie
 * outside of it. */
static char *row_address(const piece *p, int64_t position)
{
    int64_t row = sv_plan_row(p->worker->plan, position);
    return (char *)((uintptr_t)p->samples.address + (uintptr_t)(row * p->samples.strides[0]));
}

/* `count` neighbouring rows, whose samples begin at `address` and are `strides` bytes apart. */
static void reduce_some(const piece *p, int64_t position, int64_t count, char *address,
                        const int64_t strides[2])
{
    const sv_reducer *reducer = p->worker->reducer;
    void (*reduce)(void *, const sv_block *, void *) = p->is_hole ? reducer->hole : reducer->block;
    sv_block block = {.first = p->first, .worker = p->worker->number, .samples = p->samples};
    block.samples.ndim = 1;
    block.samples.shape[0] = p->samples.shape[1];
    block.samples.strides[0] = strides[1];
    block.samples.readonly = true;
    for (int64_t i = 0; i < count; i++) {
        int64_t of_task = position + i - p->task->position;
        block.position = position + i;
        block.row = sv_plan_row(p->worker->plan, block.position);
        block.samples.address = address + i * strides[0];
        reduce(reducer->context, &block, p->results + (size_t)of_task * reducer->result_size);
    }
}

/* `count` neighbouring interleaved rows. */
static void reduce_frames(const piece *p, int64_t position, int64_t count, char *address)
{
    const sv_reducer *reducer = p->worker->reducer;
    const sv_planar *planar = &p->worker->planar;
    sv_view dense = sv_planar_view(planar, &p->samples, count);
    sv_block block = {.first = p->first, .worker = p->worker->number, .samples = p->samples};
    block.position = position;
    block.row = sv_plan_row(p->worker->plan, position);
    block.samples.address = address;
    block.samples.shape[0] = count;
    block.samples.readonly = true;
    int64_t of_task = position - p->task->position;
    reducer->rows(reducer->context, &block, &dense,
                  p->results + (size_t)of_task * reducer->result_size);
}

static void reduce_rows(void *context)
{
    const piece *p = context;
    const sv_planar *planar = &p->worker->planar;
    int64_t itemsize = (int64_t)sv_dtype_itemsize(p->samples.dtype);
    const int64_t dense[2] = {sv_planar_step(&p->samples), itemsize};
    int64_t position = p->task->position, last = position + p->task->num_rows;
    while (position < last) {
        char *address = row_address(p, position);
        int64_t count =
            p->is_hole ? 1 : sv_planar_count(planar, p->worker->plan, &p->samples, position, last);
        if (count > 1 && p->worker->reducer->rows != NULL) {
            reduce_frames(p, position, count, address);
        } else if (count > 1) {
            sv_planar_copy(planar, &p->samples, address, count);
            reduce_some(p, position, count, planar->memory, dense);
        } else {
            reduce_some(p, position, 1, address, p->samples.strides);
        }
        position += count;
    }
}

static sv_status reduce(const piece *p, const sv_file *file, sv_error *error)
{
    const void *fault = NULL;
    if (sv_guard_run(reduce_rows, (void *)(uintptr_t)p, file->data, (size_t)file->size_bytes,
                     &fault)) {
        return SV_OK;
    }
    int64_t byte = (const char *)fault - file->data;
    return sv_file_fault(file, byte, byte + 1, error);
}

/* ---- in place ---------------------------------------------------------------------------- */

static sv_status do_in_place(sv_worker *worker, const sv_span *span, const sv_hold *hold,
                             const sv_task *task, char *results, sv_outcome *outcome,
                             sv_error *error)
{
    const sv_plan *plan = worker->plan;
    piece p = {worker, task, task->first, plan->segment.samples, results, span->is_hole};
    int64_t byte = plan->segment_offset + task->first * p.samples.strides[1];
    p.samples.address = (char *)((uintptr_t)hold->data + (uintptr_t)byte);
    p.samples.shape[1] = task->last - task->first;
    int64_t bytes =
        task->num_rows * p.samples.shape[1] * (int64_t)sv_dtype_itemsize(p.samples.dtype);
    outcome->has_results = true;
    if (span->is_hole) {
        outcome->bytes_in_holes = bytes;
    } else if (worker->fetch->io == SV_IO_MAP) {
        outcome->bytes_mapped = bytes;
        outcome->bytes_by_faults = worker->by_faults ? bytes : 0;
    } else {
        outcome->bytes_copied = task->last_byte - task->first_byte;
    }
    return reduce(&p, &worker->fetch->file, error);
}

/* ---- by a reader ------------------------------------------------------------------------- */

static bool is_in_file(const sv_file *file, const sv_view *samples)
{
    uintptr_t offset = (uintptr_t)samples->address - (uintptr_t)file->data;
    return offset < (uintptr_t)file->size_bytes;
}

static void count_bytes(const piece *p, bool is_mapped, sv_outcome *outcome)
{
    int64_t bytes =
        p->task->num_rows * p->samples.shape[1] * (int64_t)sv_dtype_itemsize(p->samples.dtype);
    if (is_mapped) {
        outcome->bytes_mapped += bytes;
    } else {
        outcome->bytes_copied += bytes;
    }
}

static void join_results(const piece *p, char *results)
{
    const sv_reducer *reducer = p->worker->reducer;
    for (int64_t row = 0; row < p->task->num_rows; row++) {
        size_t offset = (size_t)row * reducer->result_size;
        reducer->join(reducer->context, results + offset, p->results + offset);
    }
}

static sv_status reduce_and_look(const piece *p, const sv_file *file, sv_error *error)
{
    sv_status status = reduce(p, file, error);
    return status == SV_OK ? sv_file_look(file, file->size_bytes, NULL, error) : status;
}

/* A view of the file needs the guard and the look; what was copied into memory did not come from a
 * file that had been cut, or reading it would have failed. When a part of a joined recording is
 * cut, its samples are lost like such that cannot be decoded: SV_FORMAT. */
static sv_status add_piece(sv_worker *worker, piece *p, char *results, sv_outcome *outcome,
                           sv_error *error)
{
    const sv_recording *source = sv_reader_source(worker->reader);
    sv_file file = sv_file_of(source);
    bool is_mapped = is_in_file(&file, &p->samples);
    sv_status status = SV_OK;
    p->results = outcome->has_results ? worker->piece : results;
    if (is_mapped) {
        status = reduce_and_look(p, &file, error);
    } else {
        reduce_rows(p);
    }
    if (status != SV_OK && source != worker->recording) {
        return sv_fail_at(error, sv_recording_path(source), SV_FORMAT);
    }
    if (status != SV_OK) {
        return status;
    }
    if (outcome->has_results) {
        join_results(p, results);
    }
    outcome->has_results = true;
    count_bytes(p, is_mapped, outcome);
    return SV_OK;
}

static void lose_piece(const piece *p, sv_outcome *outcome, const sv_error *error)
{
    if (outcome->samples_lost == 0) {
        outcome->loss = *error;
    }
    outcome->samples_lost += p->task->num_rows * p->samples.shape[1];
}

static sv_status do_by_reader(sv_worker *worker, const sv_task *task, char *results,
                              sv_outcome *outcome, sv_error *error)
{
    piece p = {.worker = worker, .task = task, .first = task->first};
    while (p.first < task->last) {
        sv_status status =
            sv_reader_read(worker->reader, p.first, task->last - p.first, &p.samples, error);
        if (status == SV_OK) {
            status = add_piece(worker, &p, results, outcome, error);
        }
        if (status == SV_FORMAT) {
            lose_piece(&p, outcome, error);
        } else if (status != SV_OK) {
            return status;
        }
        p.first += p.samples.shape[1];
    }
    return SV_OK;
}

sv_status sv_worker_do(sv_worker *worker, const sv_span *span, const sv_hold *hold,
                       const sv_task *task, char *results, sv_outcome *outcome, sv_error *error)
{
    *outcome = (sv_outcome){.has_results = false};
    if (worker->plan->segment.in_place) {
        return do_in_place(worker, span, hold, task, results, outcome, error);
    }
    return do_by_reader(worker, task, results, outcome, error);
}
