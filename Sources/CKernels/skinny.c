#include "clones.h"

// A product with few rows reads the whole weight for little work: what counts is that each weight is read once, from end to end.
// One weight row meets up to 8 rows of x, whose sums stay in registers; oneDNN's sgemm, made for many rows, packs the weight first
// and takes twice as long at 8 rows of a head of 32,768.
#define BLOCK(M)                                                                                                        \
  CK_INLINE void block##M(float *restrict y, const float *restrict x, const float *restrict w, size_t n, size_t k,     \
                          size_t stride_y) {                                                                           \
    for (size_t j = 0; j < n; j++) {                                                                                    \
      const float *restrict wj = w + j * k;                                                                             \
      ck_v16 sum[M];                                                                                                    \
      for (int r = 0; r < M; r++) sum[r] = (ck_v16)0.0f;                                                                \
      size_t i = 0;                                                                                                     \
      for (; i + 16 <= k; i += 16) {                                                                                    \
        ck_v16 v = *(const ck_v16 *)(wj + i);                                                                           \
        for (int r = 0; r < M; r++) sum[r] += v * *(const ck_v16 *)(x + (size_t)r * k + i);                             \
      }                                                                                                                 \
      for (int r = 0; r < M; r++) {                                                                                     \
        float total = 0;                                                                                                \
        for (int l = 0; l < 16; l++) total += sum[r][l];                                                                \
        for (size_t t = i; t < k; t++) total += wj[t] * x[(size_t)r * k + t];                                           \
        y[(size_t)r * stride_y + j] = total;                                                                            \
      }                                                                                                                 \
    }                                                                                                                   \
  }
BLOCK(1)
BLOCK(2)
BLOCK(4)
BLOCK(8)

CK_CLONES void ck_skinny_product(float *restrict y, const float *restrict x, const float *restrict w, size_t m, size_t n, size_t k,
                                 size_t stride_y) {
  // Weight rows are taken in runs that stay in the second-level cache while all rows of x pass over them.
  size_t run = (96 * 1024) / k + 1;
  for (size_t j = 0; j < n; j += run) {
    size_t count = n - j < run ? n - j : run;
    for (size_t r = 0; r < m;) {
      float *yr = y + r * stride_y + j;
      const float *xr = x + r * k, *wj = w + j * k;
      if (m - r >= 8) block8(yr, xr, wj, count, k, stride_y), r += 8;
      else if (m - r >= 4) block4(yr, xr, wj, count, k, stride_y), r += 4;
      else if (m - r >= 2) block2(yr, xr, wj, count, k, stride_y), r += 2;
      else block1(yr, xr, wj, count, k, stride_y), r += 1;
    }
  }
}
