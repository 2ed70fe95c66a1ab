#define _GNU_SOURCE
#include "clones.h"
#include <sched.h>
#include <stdatomic.h>

// oneDNN (as Debian builds it) runs its products on GNU OpenMP's team. The kernels take the same team through libgomp's stable
// entry points, so that one pool of threads exists, both sides agree on its size, and a product called inside a region stays on
// its own thread. A second pool (Dispatch, pthreads) was refused: twice the threads, and oneDNN would start a team a thread.
extern void GOMP_parallel(void (*fn)(void *), void *data, unsigned threads, unsigned flags);
extern int omp_get_thread_num(void);
extern int omp_in_parallel(void);
extern void omp_set_num_threads(int threads);

typedef struct {
  void (*body)(void *, size_t, int);
  void *context;
  size_t tasks;
  atomic_size_t next;
} region;

// Who runs a task does not matter for the bits: a task's work and its place in every sum are fixed by its number.
static void work(region *r, int worker) {
  for (;;) {
    size_t task = atomic_fetch_add_explicit(&r->next, 1, memory_order_relaxed);
    if (task >= r->tasks) return;
    r->body(r->context, task, worker);
  }
}

void ck_set_product_threads(int threads) {
  if (!omp_in_parallel()) omp_set_num_threads(threads);
}

#ifdef CK_THREAD_SANITIZER
// libgomp's barriers are invisible to the sanitizer; threads of our own are not.
#include <pthread.h>
typedef struct {
  region *r;
  int worker;
} member;
static void *enter(void *argument) {
  member *m = argument;
  omp_set_num_threads(1);
  work(m->r, m->worker);
  return 0;
}
static void run(region *r, int threads) {
  pthread_t team[64];
  member members[64];
  if (threads > 64) threads = 64;
  for (int i = 0; i < threads; i++) {
    members[i] = (member){r, i};
    if (i && pthread_create(&team[i], 0, enter, &members[i])) __builtin_trap();
  }
  omp_set_num_threads(1);
  work(r, 0);
  for (int i = 1; i < threads; i++) pthread_join(team[i], 0);
}
#else
static void enter(void *argument) { work(argument, omp_get_thread_num()); }
static void run(region *r, int threads) { GOMP_parallel(enter, r, (unsigned)threads, 0); }
#endif

void ck_parallel(int threads, size_t tasks, void (*body)(void *, size_t, int), void *context) {
  region r = {body, context, tasks, 0};
  if ((size_t)threads > tasks) threads = (int)tasks;
  if (threads <= 1 || omp_in_parallel()) {
    ck_set_product_threads(1);
    work(&r, 0);
  } else {
    run(&r, threads);
  }
}

int ck_available_processors(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set)) return 1;
  return CPU_COUNT(&set);
}
