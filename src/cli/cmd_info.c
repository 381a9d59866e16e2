/* seisview info: what a recording holds, and how it lies in the file. */
#include <inttypes.h>

#include "cli/command.h"
#include "cli/output.h"
#include "cli/visit.h"

enum key {
#define INFO_KEY(key, heading, importance) KEY_##key,
#include "cli/info_keys.def"
#undef INFO_KEY
    NUM_KEYS
};

static const sv_column columns[NUM_KEYS] = {
#define INFO_KEY(key, heading, importance) {#key, heading, true, importance, SV_NOTICE_NEVER},
#include "cli/info_keys.def"
#undef INFO_KEY
};

static sv_value value_of_order(sv_dtype dtype)
{
    if (sv_dtype_itemsize(dtype) == 1) {
        return sv_value_null();
    }
    return sv_value_text(dtype.order == SV_LITTLE_ENDIAN ? "little" : "big");
}

/* Shape, strides and offset are those of the window, all channels of it, as NumPy's ndarray() takes
 * them. Where the samples do not lie plainly in the file there are neither strides nor offset. */
static void fill_layout(sv_value *values, const struct walk *walk, int64_t shape[2])
{
    const sv_segment *segment = &walk->segment;
    const int64_t *strides = segment->samples.strides;
    bool in_place = sv_view_check(&segment->samples) == SV_OK && segment->data_offset >= 0;
    shape[0] = segment->num_channels;
    shape[1] = walk->last - walk->first;
    values[KEY_shape] = sv_value_ints(shape, 2);
    values[KEY_strides] = in_place ? sv_value_ints(strides, 2) : sv_value_null();
    values[KEY_data_offset] =
        in_place ? sv_value_int(segment->data_offset + walk->first * strides[1]) : sv_value_null();
    values[KEY_zero_copy] = sv_value_bool(in_place);
}

static bool write_row(sv_report *report, const struct visit *visit, const struct walk *walk,
                      int64_t row)
{
    const sv_segment *segment = &walk->segment;
    int64_t num_samples = walk->last - walk->first, shape[2];
    double rate = segment->sample_rate;
    sv_channel channel;
    char dtype[SV_DTYPE_TEXT_SIZE];
    sv_value values[NUM_KEYS];
    if (sv_recording_channel(visit->recording, segment->index, row, &channel) != SV_OK) {
        return true;
    }
    sv_time start = num_samples > 0 ? channel.start : SV_TIME_NONE;
    values[KEY_file] = sv_value_text(visit->path);
    values[KEY_format] = sv_value_text(sv_recording_format(visit->recording));
    values[KEY_dtype] = sv_value_text(sv_dtype_text(segment->samples.dtype, dtype));
    values[KEY_byte_order] = value_of_order(segment->samples.dtype);
    values[KEY_id] = channel.has_id ? sv_value_text(channel.id) : sv_value_null();
    values[KEY_segment] = sv_value_int(segment->index);
    values[KEY_channel] = sv_value_int(channel.number);
    values[KEY_start] = sv_value_time(sv_time_of_sample(start, rate, walk->first));
    values[KEY_end] = sv_value_time(sv_time_of_sample(start, rate, walk->last - 1));
    values[KEY_sample_rate] = sv_value_real(rate);
    values[KEY_num_samples] = sv_value_int(num_samples);
    fill_layout(values, walk, shape);
    values[KEY_num_segments] = sv_value_int(sv_recording_num_segments(visit->recording));
    values[KEY_num_gaps] = sv_value_int(sv_recording_num_gaps(visit->recording));
    return output_row(report, values);
}

static enum outcome describe_file(void *context, struct visit *visit)
{
    sv_report *report = context;
    struct walk walk;
    bool written = true;
    walk_begin(&walk, &visit->selection);
    while (written && walk_segment(&walk)) {
        while (written && walk_rows(&walk)) {
            for (int64_t i = 0; written && i < walk.num_rows; i++) {
                written = write_row(report, visit, &walk, walk.rows[i]);
            }
        }
    }
    walk_end(&walk);
    return written ? DONE : STOPPED;
}

int cmd_info(const struct options *options)
{
    sv_report *report = output_open(options, columns, NUM_KEYS);
    if (report == NULL) {
        return EXIT_FAILED;
    }
    int status = visit_all(options, describe_file, report);
    output_close(report);
    return status;
}
