#include "scan/spans.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/size.h"

/* ---- holes ------------------------------------------------------------------------------- */

enum { STAT_BLOCK = 512 };

/* Seeking moves the offset of a descriptor, so it has to be one of our own. */
static int open_for_seeking(const sv_file *file)
{
    struct stat about;
    if (file->fd < 0 || fstat(file->fd, &about) != 0 ||
        about.st_blocks >= (about.st_size - 1) / STAT_BLOCK) {
        return -1;
    }
    return sv_file_reopen(file, O_NONBLOCK);
}

/* What lies at `byte`, and up to where. A file system that does not know says that all is data. */
static void look_for_holes(sv_holes *holes, int64_t byte)
{
    *holes = (sv_holes){.fd = holes->fd, .first_byte = byte, .last_byte = INT64_MAX};
#ifdef SEEK_HOLE
    off_t data = lseek(holes->fd, (off_t)byte, SEEK_DATA);
    if (data > byte) {
        holes->last_byte = data;
        holes->are_holes = true;
    } else if (data == byte) {
        off_t hole = lseek(holes->fd, (off_t)byte, SEEK_HOLE);
        holes->last_byte = hole > byte ? hole : INT64_MAX;
    } else {
        holes->are_holes = errno == ENXIO; /* no data from here to the end */
    }
#endif
}

static bool is_hole(sv_holes *holes, int64_t first_byte, int64_t last_byte)
{
    if (holes->fd < 0) {
        return false;
    }
    if (first_byte < holes->first_byte || first_byte >= holes->last_byte) {
        look_for_holes(holes, first_byte);
    }
    return holes->are_holes && last_byte <= holes->last_byte;
}

/* ---- spans ------------------------------------------------------------------------------- */

void sv_spans_open(sv_spans *spans, const sv_plan *plan, const sv_file *file, bool finds_holes)
{
    bool seeks = finds_holes && plan->segment.in_place;
    *spans = (sv_spans){
        .plan = plan,
        .most_tasks = 1,
        .threads = 1,
        .holes = {.fd = seeks ? open_for_seeking(file) : -1},
    };
}

void sv_spans_close(sv_spans *spans)
{
    if (spans->holes.fd >= 0) {
        close(spans->holes.fd);
    }
}

/* Whether the task's bytes continue those of the span, on either side. */
static bool continues(const sv_span *span, const sv_task *task)
{
    return task->first_byte <= span->last_byte + SV_PAGE &&
           task->last_byte >= span->first_byte - SV_PAGE;
}

static bool append(sv_spans *spans, sv_span *span)
{
    sv_task task = sv_plan_task(spans->plan, span->past_task);
    int64_t first = sv_min_i8(span->first_byte, task.first_byte);
    int64_t last = sv_max_i8(span->last_byte, task.last_byte);
    if (!continues(span, &task) || last - first > spans->most_bytes ||
        is_hole(&spans->holes, task.first_byte, task.last_byte) != span->is_hole) {
        return false;
    }
    span->first_byte = first;
    span->last_byte = last;
    span->past_task++;
    return true;
}

/* Towards the end the spans become shorter, so that no thread is left with much alone. */
static int64_t most_tasks(const sv_spans *spans)
{
    int64_t left = spans->plan->num_tasks - spans->next_task;
    return sv_max_i8(1, sv_min_i8(spans->most_tasks, left / (2 * spans->threads)));
}

bool sv_spans_next(sv_spans *spans, sv_span *span)
{
    int64_t first = spans->next_task;
    if (first >= spans->plan->num_tasks) {
        return false;
    }
    sv_task task = sv_plan_task(spans->plan, first);
    *span = (sv_span){first, first + 1, task.first_byte, task.last_byte, false};
    if (spans->plan->segment.in_place) {
        span->is_hole = is_hole(&spans->holes, task.first_byte, task.last_byte);
        int64_t past = first + most_tasks(spans);
        while (span->past_task < past && append(spans, span)) {
        }
    }
    spans->next_task = span->past_task;
    return true;
}

int64_t sv_span_task_at(const sv_plan *plan, const sv_span *span, int64_t byte)
{
    if (byte >= span->last_byte) {
        return span->past_task;
    }
    int64_t i = span->first_task;
    while (i < span->past_task && sv_plan_task(plan, i).last_byte <= byte) {
        i++;
    }
    return i;
}
