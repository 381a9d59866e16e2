/* The inner side of buffers: how a view knows that its buffer is still open.
 *
 * Every open buffer has a slot in one table of the process, and the slot holds the buffer's
 * generation: a number that no other buffer of the process ever had or will have. Closing the
 * buffer empties the slot, and a later buffer may take it over with a generation of its own. So a
 * view is current exactly as long as its slot holds its generation.
 *
 * The table is chunks of slots behind a fixed array of pointers. A chunk is made when its slots
 * are first needed, and never moves nor goes away: looking a slot up takes no lock, whatever
 * other threads open and close. */
#ifndef SV_VIEW_BUFFER_H
#define SV_VIEW_BUFFER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "seisview/buffer.h"

enum {
    SV_CHUNK_SLOTS = 1024,
    SV_MAX_CHUNKS = 4096 /* together four million open buffers */
};

/* A slot's generation while its buffer is open, else 0, which no buffer has. */
typedef struct sv_generation_chunk {
    _Atomic uint64_t generations[SV_CHUNK_SLOTS];
    uint32_t next_free[SV_CHUNK_SLOTS]; /* buffer.c's list of free slots */
} sv_generation_chunk;

extern _Atomic(sv_generation_chunk *) sv_generation_chunks[SV_MAX_CHUNKS];

/* What a view of the buffer keeps. */
uint32_t sv_buffer_slot(const sv_buffer *buffer);
uint64_t sv_buffer_generation(const sv_buffer *buffer);

/* Whether the buffer that had this slot and generation is open. Any two numbers may be asked: a
 * view of zeros is stale. Any thread. */
static inline bool sv_generation_is_current(uint32_t slot, uint64_t generation)
{
    if (generation == 0 || slot / SV_CHUNK_SLOTS >= SV_MAX_CHUNKS) {
        return false;
    }
    sv_generation_chunk *chunk =
        atomic_load_explicit(&sv_generation_chunks[slot / SV_CHUNK_SLOTS], memory_order_acquire);
    return chunk != NULL && atomic_load_explicit(&chunk->generations[slot % SV_CHUNK_SLOTS],
                                                 memory_order_acquire) == generation;
}

/* sv_buffer_memfd() for systems without memfd: a shared memory object whose name is gone. */
sv_status sv_buffer_unlinked_shm(size_t size_bytes, sv_buffer **buffer, sv_error *error);

#endif
