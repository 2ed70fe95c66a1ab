#include "CKernels.h"
#include <stdatomic.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

// asm/prctl.h of Linux 5.16 and later, which an older system's headers lack.
#define ASK_FOR_STATE 0x1023
#define TILE_DATA 18

static uint64_t enabled_states(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

// Tiles are 8 KB of registers a thread, which Linux saves for those processes only that asked; it refuses where a thread has a stack for
// signals that is too small for them.
static int may_use_tiles(void) { return syscall(SYS_arch_prctl, ASK_FOR_STATE, TILE_DATA) == 0; }

// Intel SDM volume 2, CPUID leaves 1 and 7; XCR0 bits 1, 2: AVX; 5 to 7: AVX-512; 17, 18: AMX.
uint32_t ck_cpu_features(void) {
  uint32_t a, b, c, d, features = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE)) return 0;
  uint64_t states = enabled_states();
  int avx = (states & 0x6) == 0x6, avx512 = avx && (states & 0xe0) == 0xe0, amx = (states & 0x60000) == 0x60000 && may_use_tiles();
  if (avx && (c & bit_FMA)) features |= CK_CPU_FMA;
  if (avx && (c & bit_F16C)) features |= CK_CPU_F16C;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return features;
  if (avx && (b & 1u << 5)) features |= CK_CPU_AVX2;
  if (avx512 && (b & 1u << 16)) features |= CK_CPU_AVX512F;
  if (avx512 && (b & 1u << 30)) features |= CK_CPU_AVX512BW;
  if (avx512 && (c & 1u << 11)) features |= CK_CPU_AVX512_VNNI;
  if (amx && (d & 1u << 22)) features |= CK_CPU_AMX_BF16;
  if (amx && (d & 1u << 24)) features |= CK_CPU_AMX_TILE;
  if (amx && (d & 1u << 25)) features |= CK_CPU_AMX_INT8;
  if (__get_cpuid_count(7, 1, &a, &b, &c, &d) && avx512 && (a & 1u << 5)) features |= CK_CPU_AVX512_BF16;
  return features;
}

const char *ck_kernel_clone(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("x86-64-v4") ? "x86-64-v4" : __builtin_cpu_supports("x86-64-v3") ? "x86-64-v3" : "default";
}
#else
uint32_t ck_cpu_features(void) { return 0; }
const char *ck_kernel_clone(void) { return "default"; }
#endif

// CPUID leaves the virtual machine: it is asked once. The highest bit says that it was.
int ck_cpu_has(uint32_t features) {
  static atomic_uint known;
  uint32_t state = atomic_load_explicit(&known, memory_order_relaxed);
  if (state == 0) {
    state = ck_cpu_features() | 1u << 31;
    atomic_store_explicit(&known, state, memory_order_relaxed);
  }
  return (state & features) == features;
}
