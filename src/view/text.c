/* Views as text: nested lists, and hexadecimal digits. */
#include <string.h>

#include "base/error.h"
#include "seisview/view.h"
#include "view/rules.h"

/* Takes any length of text, keeps what fits, and counts it all. */
struct sink {
    char *text;
    size_t size;
    size_t length; /* of the whole text, without the NUL */
};

static void put(struct sink *sink, const char *bytes, size_t count)
{
    if (sink->length < sink->size) {
        size_t room = sink->size - sink->length;
        memcpy(sink->text + sink->length, bytes, count < room ? count : room);
    }
    sink->length += count;
}

static sv_status finish(const struct sink *sink, size_t *needed, sv_error *error)
{
    if (needed != NULL) {
        *needed = sink->length + 1;
    }
    bool fits = sink->length < sink->size;
    if (sink->size > 0) {
        sink->text[fits ? sink->length : sink->size - 1] = '\0';
    }
    if (fits) {
        return SV_OK;
    }
    return sv_fail(error, SV_RANGE, "the text takes %zu bytes, %zu were given", sink->length + 1,
                   sink->size);
}

static void put_elements(struct sink *sink, const sv_view *view, int axis, const char *address)
{
    if (axis == view->ndim) {
        char text[SV_SCALAR_TEXT_SIZE];
        sv_scalar_text(sv_dtype_load(view->dtype, address), view->dtype, text);
        put(sink, text, strlen(text));
        return;
    }
    put(sink, "[", 1);
    for (int64_t index = 0; index < view->shape[axis]; index++) {
        put(sink, ", ", index > 0 ? 2 : 0);
        put_elements(sink, view, axis + 1, sv_step(address, index, view->strides[axis]));
    }
    put(sink, "]", 1);
}

sv_status sv_view_text(const sv_view *view, char *text, size_t size, size_t *needed,
                       sv_error *error)
{
    sv_status status = sv_require_current(view, error);
    if (status != SV_OK) {
        return status;
    }
    struct sink sink = {text, size, 0};
    put_elements(&sink, view, 0, view->address);
    return finish(&sink, needed, error);
}

static void put_byte(struct sink *sink, unsigned char byte, char separator)
{
    static const char digits[] = "0123456789abcdef";
    char pair[] = {digits[byte >> 4], digits[byte & 15]};
    put(sink, &separator, separator != '\0' && sink->length > 0 ? 1 : 0);
    put(sink, pair, sizeof pair);
}

sv_status sv_view_hex(const sv_view *view, char separator, char *text, size_t size, size_t *needed,
                      sv_error *error)
{
    sv_cursor cursor;
    sv_status status = sv_require_current(view, error);
    if (status != SV_OK) {
        return status;
    }
    struct sink sink = {text, size, 0};
    size_t itemsize = sv_view_itemsize(view);
    sv_cursor_begin(&cursor, view);
    for (const unsigned char *element; (element = sv_cursor_next(&cursor)) != NULL;) {
        for (size_t byte = 0; byte < itemsize; byte++) {
            put_byte(&sink, element[byte], separator);
        }
    }
    return finish(&sink, needed, error);
}
