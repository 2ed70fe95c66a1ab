#pragma once
#include "clones.h"

typedef float ck_v8 __attribute__((ext_vector_type(8)));
typedef float ck_v4 __attribute__((ext_vector_type(4)));

CK_INLINE float ck_total(const ck_v16 *v) {
  ck_v8 eight = v->lo + v->hi;
  ck_v4 four = eight.lo + eight.hi;
  return (four.x + four.y) + (four.z + four.w);
}

// The totals of 16 vectors, each lane one: halves are added in pairs of vectors, so that no lane is idle.
#define CK_BY_8(a, b)                                                                                                 \
  (__builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +                            \
   __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31))
#define CK_BY_4(a, b)                                                                                                 \
  (__builtin_shufflevector(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27) +                          \
   __builtin_shufflevector(a, b, 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31))
#define CK_BY_2(a, b)                                                                                                 \
  (__builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29) +                          \
   __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31))
#define CK_BY_1(a, b)                                                                                                 \
  (__builtin_shufflevector(a, b, 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30) +                         \
   __builtin_shufflevector(a, b, 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31))
CK_INLINE void ck_totals(float *restrict y, const ck_v16 *restrict sum) {
  ck_v16 eights[8], fours[4], twos[2];
  for (int i = 0; i < 8; i++) eights[i] = CK_BY_8(sum[i], sum[i + 8]);
  for (int i = 0; i < 4; i++) fours[i] = CK_BY_4(eights[i], eights[i + 4]);
  for (int i = 0; i < 2; i++) twos[i] = CK_BY_2(fours[i], fours[i + 2]);
  *(ck_v16 *)y = CK_BY_1(twos[0], twos[1]);
}
