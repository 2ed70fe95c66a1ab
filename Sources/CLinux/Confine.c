#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

// Landlock by its own numbers (landlock(7), linux/landlock.h): the header of an older distribution lacks the later ones, and
// they are part of the kernel's promise to programs.
struct ruleset_attributes {
  uint64_t handled_fs;
  uint64_t handled_net;
  uint64_t scoped;
};
struct __attribute__((packed)) path_rule {
  uint64_t allowed;
  int32_t parent;
};
enum { create_ruleset = 444, add_rule = 445, restrict_self = 446, version_flag = 1, path_beneath = 1 };
#define EXECUTE (1ULL << 0)
#define WRITE_FILE (1ULL << 1)
#define READ_FILE (1ULL << 2)
#define READ_DIR (1ULL << 3)
#define ALL_OF_FIRST ((1ULL << 13) - 1)
#define REFER (1ULL << 13)
#define TRUNCATE (1ULL << 14)
#define IOCTL_DEV (1ULL << 15)
#define FOR_FILES (EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV)
#define MAKE_SPECIAL ((1ULL << 6) | (1ULL << 9) | (1ULL << 10) | (1ULL << 11) | (1ULL << 12))

int cl_landlock_version(void) {
  long version = syscall(create_ruleset, NULL, 0, version_flag);
  return version > 0 ? (int)version : 0;
}

static void allow(int ruleset, const char *path, uint64_t access) {
  // What is not there needs no rule; a link's own file is meant, never what it leads to.
  int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  struct stat status;
  if (fd < 0) return;
  if (fstat(fd, &status) == 0) {
    struct path_rule rule = {.allowed = S_ISDIR(status.st_mode) ? access : access & FOR_FILES, .parent = fd};
    syscall(add_rule, ruleset, path_beneath, &rule, 0);
  }
  close(fd);
}

static int may_connect;
void cl_confined_may_connect(void) { may_connect = 1; }

int cl_confine(const char *const *readable, const char *const *writable, const char *const *executable) {
  int version = cl_landlock_version();
  // The first version cannot rename from one folder into another.
  if (version < 2) {
    errno = ENOSYS;
    return -1;
  }
  struct ruleset_attributes attributes = {.handled_fs = ALL_OF_FIRST | REFER};
  if (version >= 3) attributes.handled_fs |= TRUNCATE;
  if (version >= 4) attributes.handled_net = may_connect ? 1 : 3;  // bind, and connect, of TCP
  if (version >= 5) attributes.handled_fs |= IOCTL_DEV;
  if (version >= 6) attributes.scoped = 3;  // abstract sockets and signals, outwards
  int ruleset = (int)syscall(create_ruleset, &attributes, sizeof attributes, 0);
  if (ruleset < 0) return -1;
  uint64_t write = attributes.handled_fs & ~(EXECUTE | IOCTL_DEV | MAKE_SPECIAL);
  for (; *readable; readable++) allow(ruleset, *readable, READ_FILE | READ_DIR);
  for (; *writable; writable++) allow(ruleset, *writable, write);
  for (; *executable; executable++) allow(ruleset, *executable, READ_FILE | READ_DIR | EXECUTE);
  int result = (int)syscall(restrict_self, ruleset, 0);
  int failure = errno;
  close(ruleset);
  errno = failure;
  return result;
}

static int limit(int what, unsigned long long value) {
  struct rlimit limit;
  if (getrlimit(what, &limit) != 0) return -1;
  if (limit.rlim_max != RLIM_INFINITY && value > limit.rlim_max) value = limit.rlim_max;
  limit.rlim_cur = limit.rlim_max = (rlim_t)value;
  return setrlimit(what, &limit);
}
// Private, writable memory: address space would count what is only reserved, such as malloc's arenas.
int cl_limit_memory(unsigned long long bytes) { return limit(RLIMIT_DATA, bytes); }
int cl_limit_open_files(unsigned long long files) { return limit(RLIMIT_NOFILE, files); }
int cl_limit_file_size(unsigned long long bytes) {
  signal(SIGXFSZ, SIG_IGN);  // write(2) says EFBIG then
  return limit(RLIMIT_FSIZE, bytes);
}
int cl_no_core_dumps(void) {
  // A limit of 0 does not keep a core from a program that collects them; not being dumpable does.
  if (limit(RLIMIT_CORE, 0) != 0) return -1;
  return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static struct last_words {
  const char *text;
  size_t length;
  int code;
} out_of_time, out_of_memory;
static size_t probe;

static void say_and_end(const struct last_words *words) {
  ssize_t written = write(STDOUT_FILENO, words->text, words->length);
  (void)written;  // nothing is left to be done about it
  _exit(words->code);
}
static void time_is_over(int sig) {
  (void)sig;
  say_and_end(&out_of_time);
}
static void died(int sig) {
  // A program that cannot get memory dies of a trap. What cannot be had now either was the reason.
  void *room = mmap(NULL, probe, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED) say_and_end(&out_of_memory);
  signal(sig, SIG_DFL);  // the faulty instruction is met again when this returns
}

int cl_end_after(double seconds, const char *words, int code) {
  out_of_time = (struct last_words){words, strlen(words), code};
  struct sigaction action = {.sa_handler = time_is_over};
  sigemptyset(&action.sa_mask);
  if (sigaction(SIGALRM, &action, NULL) != 0 || sigaction(SIGXCPU, &action, NULL) != 0) return -1;
  // Processor time, for a loop that a stopped clock would not end: what all processors can spend in that time, and the kernel's
  // own end soon after.
  struct rlimit processor;
  rlim_t wanted = (rlim_t)(seconds * cl_available_processors()) + 1;
  if (getrlimit(RLIMIT_CPU, &processor) != 0) return -1;
  if (processor.rlim_max == RLIM_INFINITY || processor.rlim_max > wanted + 5) processor.rlim_max = wanted + 5;
  processor.rlim_cur = wanted < processor.rlim_max ? wanted : processor.rlim_max;
  if (setrlimit(RLIMIT_CPU, &processor) != 0) return -1;
  struct itimerval timer = {.it_value = {.tv_sec = (time_t)seconds, .tv_usec = (suseconds_t)((seconds - (double)(time_t)seconds) * 1e6)}};
  return setitimer(ITIMER_REAL, &timer, NULL);
}

int cl_tell_out_of_memory(unsigned long long scarce, const char *words, int code) {
  out_of_memory = (struct last_words){words, strlen(words), code};
  probe = (size_t)scarce;
  struct sigaction action = {.sa_handler = died, .sa_flags = SA_ONSTACK};
  sigemptyset(&action.sa_mask);
  int deadly[] = {SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS};
  for (size_t index = 0; index < sizeof deadly / sizeof *deadly; index++) {
    if (sigaction(deadly[index], &action, NULL) != 0) return -1;
  }
  return 0;
}
