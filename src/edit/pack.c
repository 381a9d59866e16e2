#include "edit/pack.h"

#include <zstd.h>

/* The fastest level: a disk that takes a gigabyte a second is not to wait for it. */
enum { LEVEL = 1 };

static void shuffle(const unsigned char *items, size_t num_items, size_t item_bytes,
                    unsigned char *shuffled)
{
    for (size_t place = 0; place < item_bytes; place++) {
        for (size_t i = 0; i < num_items; i++) {
            shuffled[place * num_items + i] = items[i * item_bytes + place];
        }
    }
}

static void unshuffle(const unsigned char *shuffled, size_t num_items, size_t item_bytes,
                      unsigned char *items)
{
    for (size_t place = 0; place < item_bytes; place++) {
        for (size_t i = 0; i < num_items; i++) {
            items[i * item_bytes + place] = shuffled[place * num_items + i];
        }
    }
}

size_t sv_items_pack(const void *items, size_t num_bytes, size_t item_bytes, void *packed,
                     void *scratch)
{
    shuffle(items, num_bytes / item_bytes, item_bytes, scratch);
    size_t room = num_bytes - num_bytes / 8;
    size_t packed_bytes = ZSTD_compress(packed, room, scratch, num_bytes, LEVEL);
    return ZSTD_isError(packed_bytes) ? 0 : packed_bytes;
}

bool sv_items_unpack(const void *packed, size_t packed_bytes, size_t item_bytes, void *items,
                     size_t num_bytes, void *scratch)
{
    if (ZSTD_decompress(scratch, num_bytes, packed, packed_bytes) != num_bytes) {
        return false;
    }
    unshuffle(scratch, num_bytes / item_bytes, item_bytes, items);
    return true;
}
