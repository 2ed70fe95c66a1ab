// What Swift cannot reach by itself on Linux: headers that Glibc's module map leaves out, variadic calls, GNU extensions.
#pragma once
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

/// The signal that this process gets when the thread that spawned it ends: prctl(2), PR_SET_PDEATHSIG.
int cl_set_parent_death_signal(int sig);
/// No program that this process starts can gain rights: prctl(2), PR_SET_NO_NEW_PRIVS.
int cl_set_no_new_privileges(void);
void cl_set_thread_name(const char *name);
/// renameat2(2) with RENAME_NOREPLACE.
int cl_rename_no_replace(const char *from, const char *to);

/// syncfs(2), which glibc declares for GNU sources only.
int cl_syncfs(int file);
/// A read lease is granted only while nobody holds the file open for writing: fcntl(2), F_SETLEASE. Who opens it for writing
/// meanwhile waits until the lease is dropped.
int cl_take_read_lease(int fd);
int cl_drop_lease(int fd);
/// Standard output hands on each line as it ends.
void cl_line_buffer_stdout(void);
/// Sets or clears O_DIRECT: fcntl(2), F_SETFL. 0, or -1 with errno.
int cl_pass_by_cache(int fd, int is_on);
/// Has the disk begin to write a part of a file, and does not wait: sync_file_range(2), SYNC_FILE_RANGE_WRITE. Promises nothing.
void cl_start_writing(int fd, long long offset, long long count);
/// statfs(2)'s f_type: the kind of a file system; -1 where it cannot be asked.
long cl_file_system_type(const char *path);
/// Bytes free to an ordinary user, and in all, of the file system at a path: statvfs(3). 0, or -1 with errno.
int cl_disk_space(const char *path, long long *free_bytes, long long *total_bytes);
/// Processors that this process may run on: sched_getaffinity(2).
int cl_available_processors(void);
/// Runs this thread, and what it starts, on the first so many processors only: sched_setaffinity(2).
int cl_use_processors(int count);
/// From here on SIGTERM and SIGINT set a flag instead of ending the process.
void cl_catch_stop_signals(void);
/// 1 once one of them has come.
int cl_stop_was_asked(void);
/// malloc_trim(3): free memory of the heap goes back to the kernel.
void cl_return_free_memory(void);

/// A file without a name, in memory: memfd_create(2). -1 with errno.
int cl_memory_file(const char *name);
/// Starts a program (arguments[0], looked for on PATH; the list ends with NULL) in a process group of its own and in the folder, with these
/// descriptors as its standard streams. Its process id, or -errno.
int cl_spawn(char *const *arguments, const char *folder, int input, int output, int errors);

// Confinement of a worker that reads foreign bytes.

/// Version of the kernel's Landlock; 0 where there is none.
int cl_landlock_version(void);
/// From here on this thread, and every thread and process that it starts, may read beneath the readable paths and write
/// beneath the writable ones, and nothing else of any file system; no programs, no TCP. Lists end with NULL; what is not there is
/// passed over. 0, or -1 with errno: ENOSYS where the kernel's Landlock is older than version 2.
int cl_confine(const char *const *readable, const char *const *writable, const char *const *executable);
/// To be called before `cl_confine`: TCP connections outwards stay possible.
void cl_confined_may_connect(void);
/// setrlimit(2), soft and hard, never above the hard limit that is set. 0, or -1 with errno.
int cl_limit_memory(unsigned long long bytes);
int cl_limit_open_files(unsigned long long files);
/// Writing more says EFBIG.
int cl_limit_file_size(unsigned long long bytes);
int cl_no_core_dumps(void);
/// After so many seconds, writes the words to standard output and ends the process with this code. The words are kept, not copied.
int cl_end_after(double seconds, const char *words, int code);
/// When the process is about to die of a signal and `scarce` bytes of memory cannot be had, writes the words to standard output
/// and ends it with this code instead.
int cl_tell_out_of_memory(unsigned long long scarce, const char *words, int code);
