/* NumPy's .npy files, versions 1.0 to 3.0: a magic number, a header that is the text of a Python
 * dictionary, and the array as it lay in memory. NumPy manual, "numpy.lib.format".
 *
 * The last axis is time (with an interleaved layout the first); the others together, in C order,
 * are the channels. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/size.h"
#include "format/format.h"

static const char *const suffixes[] = {".npy", NULL};

enum {
    MAGIC_BYTES = 6,
    MAX_HEADER_BYTES = 65536, /* NumPy itself refuses more than 10000 */
    MAX_DIMS = 32,
    TYPE_LETTERS = 32
};

static const unsigned char magic[MAGIC_BYTES] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

/* What the header says. */
typedef struct sv_array {
    sv_dtype dtype;
    bool is_fortran;
    int ndim;
    int64_t shape[MAX_DIMS];
    int64_t data_byte;
    int64_t size; /* of the shape: samples */
} sv_array;

typedef struct sv_npy {
    sv_dtype dtype;
    int64_t data_byte;
    int64_t num_channels, num_samples;
    int64_t row_stride, sample_stride; /* bytes */
    double sample_rate;
    sv_time start;
    bool complete;
} sv_npy;

/* ---- the dictionary ---------------------------------------------------------------------- */

static void skip_blanks(const char **text)
{
    while (isspace((unsigned char)**text)) {
        ++*text;
    }
}

/* Whether `word` comes next, which is then passed. */
static bool take(const char **text, const char *word)
{
    skip_blanks(text);
    size_t length = strlen(word);
    if (strncmp(*text, word, length) != 0) {
        return false;
    }
    *text += length;
    return true;
}

/* A string in either quotes, without escapes, as NumPy writes none. */
static bool take_string(const char **text, char *string, size_t size)
{
    skip_blanks(text);
    char quote = **text;
    if (quote != '\'' && quote != '"') {
        return false;
    }
    const char *first = *text + 1;
    const char *last = strchr(first, quote);
    if (last == NULL || (size_t)(last - first) >= size) {
        return false;
    }
    memcpy(string, first, (size_t)(last - first));
    string[last - first] = '\0';
    *text = last + 1;
    return true;
}

/* Python 2 ended long integers with an L. False for one that does not fit, too. */
static bool take_length(const char **text, int64_t *length)
{
    skip_blanks(text);
    if (!isdigit((unsigned char)**text)) {
        return false;
    }
    *length = 0;
    for (; isdigit((unsigned char)**text); ++*text) {
        if (!sv_multiply(*length, 10, length) || !sv_add(*length, **text - '0', length)) {
            return false;
        }
    }
    take(text, "L");
    return true;
}

static bool take_shape(const char **text, sv_array *array)
{
    if (!take(text, "(")) {
        return false;
    }
    array->ndim = 0;
    while (!take(text, ")")) {
        if (array->ndim == MAX_DIMS || !take_length(text, &array->shape[array->ndim])) {
            return false;
        }
        array->ndim++;
        if (!take(text, ",")) {
            return take(text, ")");
        }
    }
    return true;
}

/* Bits of the keys that were met. */
enum { HAS_TYPE = 1, HAS_ORDER = 2, HAS_SHAPE = 4, HAS_ALL = 7 };

/* The type's text stays empty where it is none, as those of structured arrays. */
static bool take_member(const char **text, sv_array *array, char type[TYPE_LETTERS], int *met)
{
    char key[TYPE_LETTERS];
    if (!take_string(text, key, sizeof key) || !take(text, ":")) {
        return false;
    }
    if (strcmp(key, "descr") == 0) {
        *met |= HAS_TYPE;
        return take_string(text, type, TYPE_LETTERS);
    }
    if (strcmp(key, "fortran_order") == 0) {
        *met |= HAS_ORDER;
        array->is_fortran = take(text, "True");
        return array->is_fortran || take(text, "False");
    }
    *met |= HAS_SHAPE;
    return strcmp(key, "shape") == 0 && take_shape(text, array);
}

static bool take_dictionary(const char *text, sv_array *array, char type[TYPE_LETTERS])
{
    int met = 0;
    if (!take(&text, "{")) {
        return false;
    }
    while (!take(&text, "}")) {
        if (!take_member(&text, array, type, &met)) {
            return false;
        }
        if (!take(&text, ",")) {
            return take(&text, "}") && met == HAS_ALL;
        }
    }
    return met == HAS_ALL;
}

/* ---- the type ---------------------------------------------------------------------------- */

/* What NumPy can hold and we cannot, by the letter of its kind. */
static const char *kind_of(char letter)
{
    switch (letter) {
    case 'b': return "booleans";
    case 'c': return "complex numbers";
    case 'f': return "floats of that size";
    case 'O': return "Python objects";
    case 'S':
    case 'a':
    case 'U': return "texts";
    case 'M':
    case 'm': return "times";
    case 'V': return "bytes without a type";
    default: return "of no type that is known";
    }
}

/* `type` is NumPy's: byte order, kind, bytes. */
static sv_status find_type(const char *type, sv_dtype *dtype, sv_error *error)
{
    const char *kind = type + strspn(type, "<>|=");
    bool is_number = kind - type <= 1 && strlen(kind) == 2 && strchr("fiu", kind[0]) != NULL &&
                     strchr("1248", kind[1]) != NULL;
    if (is_number && sv_dtype_parse(type, dtype, NULL) == SV_OK) {
        return SV_OK;
    }
    return sv_fail(error, SV_UNSUPPORTED,
                   "the elements of this array ('%s') are %s, which are not read; give it one of "
                   "the integer types, float32 or float64",
                   type, kind_of(kind[0]));
}

/* A list where the type should be. */
static bool is_structured(const char *text)
{
    const char *type = strstr(text, "descr");
    return type != NULL && strspn(type + 5, "'\" :") == strcspn(type + 5, "[(");
}

/* ---- the header -------------------------------------------------------------------------- */

static sv_likeness probe_npy(const sv_source *source, const sv_head *head)
{
    (void)source;
    bool is_npy = head->num_bytes >= MAGIC_BYTES && memcmp(head->bytes, magic, MAGIC_BYTES) == 0;
    return is_npy ? SV_LIKE_MAGIC : SV_UNLIKE;
}

/* Where the dictionary begins, and how long it is. */
static sv_status find_dictionary(const sv_head *head, int64_t *first_byte, int64_t *num_bytes,
                                 sv_error *error)
{
    if (probe_npy(NULL, head) == SV_UNLIKE) {
        return sv_fail(error, SV_FORMAT,
                       "this is no npy file: it does not begin with the bytes 93 'NUMPY'");
    }
    int major = head->num_bytes > MAGIC_BYTES ? head->bytes[MAGIC_BYTES] : 1;
    if (major < 1 || major > 3) {
        return sv_fail(error, SV_UNSUPPORTED,
                       "this npy file is of version %d; versions 1 to 3 are read", major);
    }
    size_t length_byte = MAGIC_BYTES + 2;
    sv_type type = major == 1 ? SV_U2 : SV_U4;
    *first_byte = major == 1 ? 10 : 12;
    if (head->num_bytes < (size_t)*first_byte) {
        return sv_fail(error, SV_TRUNCATED, "the header is cut: the file has %zu bytes",
                       head->num_bytes);
    }
    *num_bytes =
        (int64_t)sv_dtype_load(sv_dtype_make(type, SV_LITTLE_ENDIAN), head->bytes + length_byte)
            .value.u;
    if (*num_bytes > head->file_bytes - *first_byte) {
        return sv_fail(error, SV_TRUNCATED,
                       "the header is cut: it has %" PRId64 " bytes, the file ends after %" PRId64
                       " of them",
                       *num_bytes, head->file_bytes - *first_byte);
    }
    if (*num_bytes > MAX_HEADER_BYTES) {
        return sv_fail(error, SV_UNSUPPORTED,
                       "its header of %" PRId64 " bytes is longer than any of a plain array",
                       *num_bytes);
    }
    return SV_OK;
}

static sv_status parse_header(const char *text, sv_array *array, sv_error *error)
{
    char type[TYPE_LETTERS] = "";
    if (take_dictionary(text, array, type)) {
        return find_type(type, &array->dtype, error);
    }
    if (is_structured(text)) {
        return sv_fail(error, SV_UNSUPPORTED,
                       "the elements of this array are structures, which are not read; write one "
                       "field of it to a file of its own");
    }
    return sv_fail(error, SV_FORMAT,
                   "its header is not that of a npy file: 'descr', 'fortran_order' and 'shape' of "
                   "at most %d axes are expected",
                   MAX_DIMS);
}

static sv_status read_header(const sv_recording *recording, const sv_head *head, sv_array *array,
                             sv_error *error)
{
    int64_t first_byte = 0, num_bytes = 0;
    sv_status status = find_dictionary(head, &first_byte, &num_bytes, error);
    if (status != SV_OK) {
        return status;
    }
    char *text = sv_malloc((size_t)num_bytes + 1);
    if (text == NULL) {
        return sv_fail_memory(error, (size_t)num_bytes + 1);
    }
    status = sv_recording_read(recording, first_byte, text, (size_t)num_bytes, error);
    text[num_bytes] = '\0';
    if (status == SV_OK) {
        status = parse_header(text, array, error);
    }
    sv_free(text);
    array->data_byte = first_byte + num_bytes;
    return status;
}

/* ---- the view ---------------------------------------------------------------------------- */

/* The strides of the array's axes in bytes, and its number of elements. */
static sv_status find_strides(sv_array *array, int64_t strides[], sv_error *error)
{
    int64_t stride = (int64_t)sv_dtype_itemsize(array->dtype);
    bool fits = true, is_empty = false;
    for (int i = 0; i < array->ndim; i++) {
        int axis = array->is_fortran ? i : array->ndim - 1 - i;
        is_empty = is_empty || array->shape[axis] == 0;
        strides[axis] = stride;
        fits = fits && sv_multiply(stride, sv_max_i8(array->shape[axis], 1), &stride);
    }
    if (!fits) {
        return sv_fail(error, SV_OVERFLOW, "an array of its shape does not fit in 64 bits");
    }
    array->size = is_empty ? 0 : stride / (int64_t)sv_dtype_itemsize(array->dtype);
    return SV_OK;
}

/* Makes the axes other than `time` one, in C order: each must step over all of the next. */
static sv_status join_channels(const sv_array *array, const int64_t strides[], int time,
                               sv_npy *npy, sv_error *error)
{
    npy->num_channels = 1;
    npy->row_stride = 0;
    for (int axis = array->ndim - 1; axis >= 0; axis--) {
        if (axis == time || array->shape[axis] == 1) {
            continue;
        }
        if (npy->num_channels > 1 && strides[axis] != npy->num_channels * npy->row_stride) {
            return sv_fail(error, SV_UNSUPPORTED,
                           "the channels of this array of %d axes do not lie one after the other "
                           "in Fortran order; write it in C order (numpy.ascontiguousarray)",
                           array->ndim);
        }
        npy->row_stride = npy->num_channels > 1 ? npy->row_stride : strides[axis];
        npy->num_channels *= array->shape[axis];
    }
    return SV_OK;
}

/* An array without a sample is one channel without a sample. */
static sv_status make_view(sv_array *array, sv_layout layout, sv_npy *npy, sv_error *error)
{
    int64_t strides[MAX_DIMS];
    int64_t itemsize = (int64_t)sv_dtype_itemsize(array->dtype);
    sv_status status = find_strides(array, strides, error);
    npy->dtype = array->dtype;
    npy->data_byte = array->data_byte;
    if (status != SV_OK) {
        return status;
    }
    int time = layout == SV_INTERLEAVED ? 0 : array->ndim - 1;
    npy->num_channels = 1;
    npy->num_samples = array->size == 0 ? 0 : array->ndim > 0 ? array->shape[time] : 1;
    npy->sample_stride = array->size > 0 && array->ndim > 0 ? strides[time] : itemsize;
    return array->size > 0 && array->ndim > 1 ? join_channels(array, strides, time, npy, error)
                                              : SV_OK;
}

/* ---- what is there ----------------------------------------------------------------------- */

/* Cuts the view to whole frames where the channels lie beside each other, else to whole channels,
 * or to what there is of the first. */
static void cut_view(sv_npy *npy, int64_t there)
{
    int64_t itemsize = (int64_t)sv_dtype_itemsize(npy->dtype);
    int64_t channel_samples = npy->num_samples;
    if (npy->num_channels > 1 && npy->row_stride < npy->sample_stride) {
        npy->num_samples = there / npy->num_channels;
        return;
    }
    npy->num_channels = sv_max_i8(there / channel_samples, 1);
    npy->num_samples = sv_min_i8(there, channel_samples);
    npy->row_stride = npy->num_channels > 1 ? npy->row_stride : channel_samples * itemsize;
}

static sv_status check_end(sv_recording *recording, const sv_array *array, int64_t file_bytes,
                           sv_npy *npy, sv_error *error)
{
    int64_t itemsize = (int64_t)sv_dtype_itemsize(array->dtype);
    int64_t there = (file_bytes - array->data_byte) / itemsize;
    int64_t behind = file_bytes - array->data_byte - sv_min_i8(there, array->size) * itemsize;
    npy->complete = there >= array->size;
    if (npy->complete && behind == 0) {
        return SV_OK;
    }
    if (npy->complete) {
        return sv_recording_warn(recording, error,
                                 "%" PRId64 " %s behind the array that its header states; they "
                                 "are not read",
                                 behind, behind == 1 ? "byte stands" : "bytes stand");
    }
    cut_view(npy, there);
    if (npy->num_samples == 0) {
        return sv_fail(error, SV_EMPTY,
                       "there is no whole sample%s: the file ends at byte %" PRId64
                       ", its header at byte %" PRId64,
                       npy->num_channels > 1 ? " for each channel" : "", file_bytes,
                       array->data_byte);
    }
    return sv_recording_warn(recording, error,
                             "%" PRId64 " of the %" PRId64
                             " samples that its header states are missing: the file ends at byte "
                             "%" PRId64 "; what is whole is %" PRId64 " x %" PRId64 " samples",
                             array->size - there, array->size, file_bytes, npy->num_channels,
                             npy->num_samples);
}

/* ---- the descriptor ---------------------------------------------------------------------- */

static sv_status read_array(sv_recording *recording, const sv_source *source, const sv_head *head,
                            sv_npy *npy, sv_error *error)
{
    sv_array array = {.ndim = 0};
    sv_status status = read_header(recording, head, &array, error);
    if (status == SV_OK) {
        status = make_view(&array, source->options->layout, npy, error);
    }
    return status == SV_OK ? check_end(recording, &array, head->file_bytes, npy, error) : status;
}

static sv_status open_npy(sv_recording *recording, const sv_source *source, const sv_head *head,
                          sv_error *error)
{
    const sv_open_options *options = source->options;
    if (options->dtype.type != SV_TYPE_NONE || options->channels != 0 ||
        options->skip_bytes != -1) {
        return sv_fail(error, SV_INVALID,
                       "dtype, channels and skip are for raw samples, not for npy files; leave "
                       "them out, or give --format raw");
    }
    sv_npy *npy = sv_calloc(1, sizeof *npy);
    if (npy == NULL) {
        return sv_fail_memory(error, sizeof *npy);
    }
    sv_status status = read_array(recording, source, head, npy, error);
    if (status != SV_OK) {
        sv_free(npy);
        return status;
    }
    npy->sample_rate = options->rate > 0.0 ? options->rate : 1.0;
    npy->start = options->start;
    recording->num_segments = 1;
    recording->start = npy->start;
    recording->state = npy;
    return SV_OK;
}

static sv_status segment_of_npy(const sv_recording *recording, int64_t index, sv_segment *segment)
{
    (void)index;
    const sv_npy *npy = recording->state;
    segment->num_channels = npy->num_channels;
    segment->num_samples = npy->num_samples;
    segment->sample_rate = npy->sample_rate;
    segment->start = npy->start;
    segment->complete = npy->complete;
    segment->data_offset = npy->data_byte;
    int64_t shape[] = {npy->num_channels, npy->num_samples};
    int64_t strides[] = {npy->row_stride, npy->sample_stride};
    return sv_view_make(recording->buffer, npy->data_byte, npy->dtype, 2, shape, strides,
                        &segment->samples, NULL);
}

static sv_status channel_of_npy(const sv_recording *recording, int64_t segment, int64_t row,
                                sv_channel *channel)
{
    (void)segment;
    const sv_npy *npy = recording->state;
    channel->number = row;
    channel->start = npy->start;
    return SV_OK;
}

static void close_npy(sv_recording *recording)
{
    sv_free(recording->state);
}

const sv_format sv_format_npy = {
    .name = "npy",
    .description = "NumPy arrays, versions 1.0 to 3.0, whose last axis is time",
    .suffixes = suffixes,
    .probe = probe_npy,
    .open = open_npy,
    .segment = segment_of_npy,
    .channel = channel_of_npy,
    .close = close_npy,
};
