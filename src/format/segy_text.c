#include "format/segy_text.h"

#include <string.h>

#include "format/format.h"

enum { MAX_RECORDS = 65536 };

static bool is_ascii(unsigned char c)
{
    return (c >= ' ' && c <= '~') || (c >= '\t' && c <= '\r');
}

/* Letters and digits have 1 to 9 in their low half, punctuation 10 to 15 in columns 4 to 7. */
static bool is_ebcdic(unsigned char c)
{
    int column = c >> 4, row = c & 0xf;
    bool is_letter = column >= 8 && row <= 9;
    bool is_punctuation = column >= 4 && column <= 7 && row >= 0xa;
    bool is_blank = c == 0x40 || c == 0x05 || c == 0x0d || c == 0x15 || c == 0x25;
    return is_letter || is_punctuation || is_blank || c == 0x60 || c == 0x61;
}

/* As an ASCII capital; what stands in no stanza is a blank. */
static char capital_of(unsigned char c, bool as_ebcdic)
{
    if (!as_ebcdic) {
        return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : (char)c;
    }
    int column = c >> 4, row = c & 0xf;
    bool is_letter = row >= 1 && row <= 9;
    switch (column) {
    case 0x8:
    case 0xc: return is_letter ? (char)('A' + row - 1) : ' ';
    case 0x9:
    case 0xd: return is_letter ? (char)('J' + row - 1) : ' ';
    case 0xa:
    case 0xe: return is_letter && row >= 2 ? (char)('S' + row - 2) : ' ';
    default: return c == 0x4d ? '(' : c == 0x5d ? ')' : c == 0x7a ? ':' : ' ';
    }
}

bool sv_segy_is_text(const unsigned char text[SV_SEGY_TEXT_BYTES])
{
    int num_ascii = 0, num_ebcdic = 0;
    for (int i = 0; i < SV_SEGY_TEXT_BYTES; i++) {
        num_ascii += is_ascii(text[i]);
        num_ebcdic += is_ebcdic(text[i]);
    }
    int enough = SV_SEGY_TEXT_BYTES - SV_SEGY_TEXT_BYTES / 20;
    return num_ascii >= enough || num_ebcdic >= enough;
}

/* Blanks may stand anywhere in a stanza's name. */
static bool ends_text(const unsigned char text[SV_SEGY_TEXT_BYTES], bool as_ebcdic)
{
    char letters[SV_SEGY_TEXT_BYTES + 1];
    size_t length = 0;
    for (int i = 0; i < SV_SEGY_TEXT_BYTES; i++) {
        char letter = capital_of(text[i], as_ebcdic);
        if (letter != ' ' && letter != '\0') {
            letters[length++] = letter;
        }
    }
    letters[length] = '\0';
    return strstr(letters, "((SEG:ENDTEXT))") != NULL;
}

sv_status sv_segy_count_text(const sv_recording *recording, int64_t byte, int64_t *count,
                             sv_error *error)
{
    unsigned char text[SV_SEGY_TEXT_BYTES];
    int64_t file_bytes = (int64_t)sv_buffer_size_bytes(recording->buffer);
    *count = 0;
    for (; file_bytes - byte >= SV_SEGY_TEXT_BYTES && *count < MAX_RECORDS;
         byte += SV_SEGY_TEXT_BYTES) {
        sv_status status = sv_recording_read(recording, byte, text, sizeof text, error);
        if (status != SV_OK || !sv_segy_is_text(text)) {
            return status;
        }
        ++*count;
        if (ends_text(text, true) || ends_text(text, false)) {
            return SV_OK;
        }
    }
    return SV_OK;
}

sv_status sv_segy_count_trailer(const sv_recording *recording, int64_t byte, int64_t end_byte,
                                int64_t *count, sv_error *error)
{
    unsigned char text[SV_SEGY_TEXT_BYTES];
    *count = 0;
    while (end_byte - byte >= SV_SEGY_TEXT_BYTES && *count < MAX_RECORDS) {
        end_byte -= SV_SEGY_TEXT_BYTES;
        sv_status status = sv_recording_read(recording, end_byte, text, sizeof text, error);
        if (status != SV_OK || !sv_segy_is_text(text)) {
            return status;
        }
        ++*count;
    }
    return SV_OK;
}
