/* Old samples as a journal stores them: bytes shuffled by their place in the sample, then zstd,
 * where that is worth the time. */
#ifndef SV_EDIT_PACK_H
#define SV_EDIT_PACK_H

#include <stdbool.h>
#include <stddef.h>

/* Packs `num_bytes` of items into `packed`, of as many bytes; `scratch` too. Returns how many it
 * took, or 0 where it would not be worth it. */
size_t sv_items_pack(const void *items, size_t num_bytes, size_t item_bytes, void *packed,
                     void *scratch);

/* The inverse. False: these bytes are not `num_bytes` of packed items. */
bool sv_items_unpack(const void *packed, size_t packed_bytes, size_t item_bytes, void *items,
                     size_t num_bytes, void *scratch);

#endif
