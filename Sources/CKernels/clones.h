#pragma once
#include "CKernels.h"

// Sums may be reordered and multiply-adds fused: that is what makes reductions vectorise. The order is fixed at compile time, so
// that the same machine gives the same bits.
#pragma clang fp reassociate(on) contract(fast)

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CK_THREAD_SANITIZER 1
#endif
#endif

// One body, three instruction sets, chosen when the program is loaded. Empty under the thread sanitizer, whose instrumentation
// of the chooser crashes at load.
#if defined(__x86_64__) && !defined(CK_THREAD_SANITIZER)
#define CK_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CK_CLONES
#endif

#define CK_INLINE static inline __attribute__((always_inline))

typedef float ck_v16 __attribute__((ext_vector_type(16), aligned(4)));

/// exp by a polynomial of degree 6 on [-ln2/2, ln2/2] (coefficients of Cephes expf), without branches so that it vectorises.
CK_INLINE float ck_expf(float x) {
  x = x < -87.3f ? -87.3f : x;
  x = x > 88.0f ? 88.0f : x;
  float n = __builtin_rintf(x * 1.44269504088896341f);
  float r = x - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  union {
    int32_t i;
    float f;
  } power = {.i = ((int32_t)(n == n ? n : 0.0f) + 127) << 23};  // NaN has no integer; it stays in p
  return p * power.f;
}

// One instruction, where a maximum that minds NaN takes three; a NaN in the first place is lost, and the loss is NaN by then anyway.
#define CK_GREATER(a, b) ((a) > (b) ? (a) : (b))

/// The greatest element; a plain loop over a max does not vectorise by itself.
CK_INLINE float ck_max(const float *x, size_t n) {
  size_t i = 0;
  float greatest = x[0];
  if (n >= 16) {
    union {
      ck_v16 vector;
      float lane[16];
    } m = {.vector = *(const ck_v16 *)x};
    ck_v16 other = m.vector;
    for (i = 16; i + 32 <= n; i += 32) {
      ck_v16 near = *(const ck_v16 *)(x + i), far = *(const ck_v16 *)(x + i + 16);
      m.vector = CK_GREATER(near, m.vector);
      other = CK_GREATER(far, other);
    }
    m.vector = CK_GREATER(other, m.vector);
    // What is left, two registers at most: seen with elements that were seen before, which does not matter to a maximum.
    for (size_t back = 16; back <= 32; back += 16) {
      ck_v16 last = *(const ck_v16 *)(x + (n > back ? n - back : 0));
      m.vector = CK_GREATER(last, m.vector);
    }
    for (int half = 8; half > 0; half /= 2)
      for (int t = 0; t < half; t++) m.lane[t] = m.lane[t + half] > m.lane[t] ? m.lane[t + half] : m.lane[t];
    return m.lane[0];
  }
  for (i = 1; i < n; i++) greatest = x[i] > greatest ? x[i] : greatest;
  return greatest;
}

/// bf16 of a number: to nearest, ties to even; NaN stays NaN.
CK_INLINE uint16_t ck_round_bf16(float x) {
  union {
    float f;
    uint32_t b;
  } u = {.f = x};
  uint32_t rounded = (u.b + 0x7fffu + ((u.b >> 16) & 1u)) >> 16, quiet = (u.b >> 16) | 0x40u;
  return (uint16_t)((u.b & 0x7fffffffu) > 0x7f800000u ? quiet : rounded);
}

CK_INLINE float ck_widen_bf16(uint16_t x) {
  union {
    uint32_t b;
    float f;
  } u = {.b = (uint32_t)x << 16};
  return u.f;
}
