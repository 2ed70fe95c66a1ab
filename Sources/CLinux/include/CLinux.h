// What Swift cannot reach by itself on Linux: headers that Glibc's module map leaves out, variadic calls, macros.
#pragma once
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

static inline int cl_set_parent_death_signal(int sig) { return prctl(PR_SET_PDEATHSIG, sig, 0, 0, 0); }
static inline int cl_set_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }
static inline int cl_set_thread_name(const char *name) { return pthread_setname_np(pthread_self(), name); }
// renameat2(2) with RENAME_NOREPLACE: glibc has it, Swift's importer drops it where _GNU_SOURCE is not set early enough.
static inline int cl_rename_no_replace(const char *from, const char *to) {
  return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 1u /* RENAME_NOREPLACE */);
}
// A read lease is granted only while nobody holds the file open for writing: fcntl(2), F_SETLEASE.
static inline int cl_take_read_lease(int fd) { return fcntl(fd, F_SETLEASE, F_RDLCK); }
static inline int cl_drop_lease(int fd) { return fcntl(fd, F_SETLEASE, F_UNLCK); }
