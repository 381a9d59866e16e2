#include "array/crew.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/memory.h"
#include "seisview/scan.h"

enum { MOST_THREADS = 256 };

typedef struct member {
    sv_crew *crew;
    pthread_t thread;
    int number;
} member;

struct sv_crew {
    int size;
    member members[MOST_THREADS]; /* all but the first, which is the caller */

    sv_crew_work *work;
    void *context;
    int64_t count;
    _Atomic int64_t next;

    pthread_mutex_t lock; /* of all below, and of starting and ending a run */
    pthread_cond_t moved;
    int64_t run; /* how many have been started */
    int busy;    /* members that are not through with it */
    bool ended;
};

static void do_pieces(sv_crew *crew, int worker)
{
    for (;;) {
        int64_t i = atomic_fetch_add_explicit(&crew->next, 1, memory_order_relaxed);
        if (i >= crew->count) {
            return;
        }
        crew->work(crew->context, i, worker);
    }
}

static void *serve(void *context)
{
    member *self = context;
    sv_crew *crew = self->crew;
    int64_t done = 0;
    pthread_mutex_lock(&crew->lock);
    for (;;) {
        while (crew->run == done && !crew->ended) {
            pthread_cond_wait(&crew->moved, &crew->lock);
        }
        if (crew->ended) {
            break;
        }
        done = crew->run;
        pthread_mutex_unlock(&crew->lock);
        do_pieces(crew, self->number);
        pthread_mutex_lock(&crew->lock);
        if (--crew->busy == 0) {
            pthread_cond_broadcast(&crew->moved);
        }
    }
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

sv_status sv_crew_open(int threads, sv_crew **crew, sv_error *error)
{
    sv_crew *made = sv_calloc(1, sizeof *made);
    if (made == NULL) {
        return sv_fail_memory(error, sizeof *made);
    }
    threads = threads > 0 ? threads : sv_num_processors();
    threads = threads < MOST_THREADS ? threads : MOST_THREADS;
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->moved, NULL);
    made->size = 1;
    while (made->size < threads) {
        member *next = &made->members[made->size];
        *next = (member){.crew = made, .number = made->size};
        if (pthread_create(&next->thread, NULL, serve, next) != 0) {
            break;
        }
        made->size++;
    }
    *crew = made;
    return SV_OK;
}

void sv_crew_close(sv_crew *crew)
{
    if (crew == NULL) {
        return;
    }
    pthread_mutex_lock(&crew->lock);
    crew->ended = true;
    pthread_cond_broadcast(&crew->moved);
    pthread_mutex_unlock(&crew->lock);
    for (int i = 1; i < crew->size; i++) {
        pthread_join(crew->members[i].thread, NULL);
    }
    pthread_cond_destroy(&crew->moved);
    pthread_mutex_destroy(&crew->lock);
    sv_free(crew);
}

int sv_crew_size(const sv_crew *crew)
{
    return crew->size;
}

void sv_crew_run(sv_crew *crew, sv_crew_work *work, void *context, int64_t count)
{
    pthread_mutex_lock(&crew->lock);
    crew->work = work;
    crew->context = context;
    crew->count = count;
    atomic_store_explicit(&crew->next, 0, memory_order_relaxed);
    crew->busy = crew->size - 1;
    crew->run++;
    pthread_cond_broadcast(&crew->moved);
    pthread_mutex_unlock(&crew->lock);
    do_pieces(crew, 0);
    pthread_mutex_lock(&crew->lock);
    while (crew->busy > 0) {
        pthread_cond_wait(&crew->moved, &crew->lock);
    }
    pthread_mutex_unlock(&crew->lock);
}
