#define _GNU_SOURCE
#include "CLinux.h"
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

int cl_set_parent_death_signal(int sig) { return prctl(PR_SET_PDEATHSIG, sig, 0, 0, 0); }
int cl_set_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }
void cl_set_thread_name(const char *name) { pthread_setname_np(pthread_self(), name); }
int cl_rename_no_replace(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE); }
int cl_take_read_lease(int fd) {
  // A writer that opens the file while the lease is held has the holder told by SIGIO, whose default is to end the process.
  // SIGURG's default is to be ignored.
  if (fcntl(fd, F_SETSIG, SIGURG) != 0) return -1;
  return fcntl(fd, F_SETLEASE, F_RDLCK);
}
int cl_drop_lease(int fd) { return fcntl(fd, F_SETLEASE, F_UNLCK); }
void cl_line_buffer_stdout(void) { setvbuf(stdout, NULL, _IOLBF, 0); }
int cl_pass_by_cache(int fd, int is_on) {
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return -1;
  return fcntl(fd, F_SETFL, is_on ? flags | O_DIRECT : flags & ~O_DIRECT);
}
void cl_start_writing(int fd, long long offset, long long count) { sync_file_range(fd, offset, count, SYNC_FILE_RANGE_WRITE); }
long cl_file_system_type(const char *path) {
  struct statfs status;
  return statfs(path, &status) == 0 ? (long)status.f_type : -1;
}

int cl_disk_space(const char *path, long long *free_bytes, long long *total_bytes) {
  struct statvfs status;
  if (statvfs(path, &status) != 0) return -1;
  *free_bytes = (long long)status.f_bavail * (long long)status.f_frsize;
  *total_bytes = (long long)status.f_blocks * (long long)status.f_frsize;
  return 0;
}

int cl_available_processors(void) {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

int cl_use_processors(int count) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (int processor = 0; processor < count; processor++) CPU_SET(processor, &set);
  return sched_setaffinity(0, sizeof set, &set);
}

static volatile sig_atomic_t stop_asked = 0;
static void note_stop(int sig) {
  (void)sig;
  stop_asked = 1;
}
void cl_catch_stop_signals(void) {
  struct sigaction action = {.sa_handler = note_stop, .sa_flags = SA_RESTART};
  sigemptyset(&action.sa_mask);
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
}
int cl_stop_was_asked(void) { return stop_asked; }
void cl_return_free_memory(void) { malloc_trim(0); }

int cl_syncfs(int file) { return syncfs(file); }
