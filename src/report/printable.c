/* Text that a terminal may be given. */
#include <stdint.h>
#include <string.h>

#include "report/style.h"
#include "seisview/report.h"

struct range {
    uint32_t first, last;
};

/* What a terminal obeys or hides instead of showing: controls, line and paragraph separators,
 * marks and overrides of the writing direction, byte order mark. */
static const struct range unprintable[] = {{0x00, 0x1f},     {0x7f, 0x9f},     {0x200b, 0x200f},
                                           {0x2028, 0x202e}, {0x2060, 0x206f}, {0xd800, 0xdfff},
                                           {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xfffe, 0xffff}};

/* Drawn over the character before, and two columns wide (East Asian Width W and F). */
static const struct range combining[] = {{0x0300, 0x036f}, {0x20d0, 0x20f0}, {0xfe00, 0xfe0f}};
static const struct range wide[] = {{0x1100, 0x115f},   {0x2e80, 0x303e},  {0x3041, 0xa4cf},
                                    {0xac00, 0xd7a3},   {0xf900, 0xfaff},  {0xfe30, 0xfe6f},
                                    {0xff00, 0xff60},   {0xffe0, 0xffe6},  {0x1f300, 0x1f64f},
                                    {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static bool is_in(const struct range *ranges, size_t count, uint32_t character)
{
    for (size_t i = 0; i < count; i++) {
        if (character >= ranges[i].first && character <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

/* Reads one character; returns its bytes, 0 where the text is not UTF-8 (overlong forms and
 * numbers past U+10FFFF are not). */
static size_t decode(const unsigned char *text, uint32_t *character)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = text[0] < 0x80             ? 1
                    : (text[0] & 0xe0) == 0xc0 ? 2
                    : (text[0] & 0xf0) == 0xe0 ? 3
                    : (text[0] & 0xf8) == 0xf0 ? 4
                                               : 0;
    if (length <= 1) {
        *character = text[0];
        return length;
    }
    *character = text[0] & (0x7fU >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            return 0;
        }
        *character = *character << 6 | (text[i] & 0x3fU);
    }
    return *character >= smallest[length] && *character <= 0x10ffff ? length : 0;
}

char *sv_printable(const char *text, char *out, size_t size)
{
    const unsigned char *next = (const unsigned char *)text;
    size_t used = 0;
    while (*next != '\0' && size > 0) {
        uint32_t character;
        size_t length = decode(next, &character);
        bool shown = length > 0 && !is_in(unprintable, COUNT(unprintable), character);
        length = length > 0 ? length : 1;
        if (used + length >= size) {
            break;
        }
        for (size_t i = 0; i < length; i++) {
            out[used++] = shown ? (char)next[i] : '?';
        }
        next += length;
    }
    if (size > 0) {
        out[used] = '\0';
    }
    return out;
}

int sv_display_width(const char *text)
{
    int width = 0;
    for (const unsigned char *next = (const unsigned char *)text; *next != '\0';) {
        uint32_t character;
        size_t length = decode(next, &character);
        if (!is_in(combining, COUNT(combining), character)) {
            width += is_in(wide, COUNT(wide), character) ? 2 : 1;
        }
        next += length > 0 ? length : 1;
    }
    return width;
}
