#pragma once
#include "clones.h"

/// What a product of bf16 pairs is made of: see ck_pair_product.
typedef struct {
  float *c;
  const uint32_t *a, *b;
  size_t stride_c, row_a, pair_a, stride_b;
} ck_pair_operands;

/// Whether this process may use the tiles of AMX for bf16.
int ck_has_tiles(void);
/// C (m, n) = A B, or += A B, with tiles. m and pairs: multiples of 16 here, as n is everywhere.
void ck_tile_product(const ck_pair_operands *o, size_t m, size_t n, size_t pairs, int accumulate);

#if defined(__x86_64__) && !defined(CK_THREAD_SANITIZER)
#include <immintrin.h>
#define CK_BF16 __attribute__((target("arch=x86-64-v4,avx512bf16")))

// 16 × 16 numbers of 32 bits, turned: neighbours change places in ever greater groups.
CK_BF16 CK_INLINE void ck_turn(__m512i row[16]) {
  __m512i t[16];
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(row[i], row[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(row[i], row[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    row[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    row[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    row[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    row[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  for (int i = 0; i < 4; i++) {
    __m512i even = _mm512_shuffle_i32x4(row[i], row[i + 4], 0x88), odd = _mm512_shuffle_i32x4(row[i], row[i + 4], 0xdd);
    __m512i even2 = _mm512_shuffle_i32x4(row[i + 8], row[i + 12], 0x88), odd2 = _mm512_shuffle_i32x4(row[i + 8], row[i + 12], 0xdd);
    t[i] = _mm512_shuffle_i32x4(even, even2, 0x88);
    t[i + 8] = _mm512_shuffle_i32x4(even, even2, 0xdd);
    t[i + 4] = _mm512_shuffle_i32x4(odd, odd2, 0x88);
    t[i + 12] = _mm512_shuffle_i32x4(odd, odd2, 0xdd);
  }
  for (int i = 0; i < 16; i++) row[i] = t[i];
}
#endif
