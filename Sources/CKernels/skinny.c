#include "clones.h"
#include <string.h>

// A product with few rows reads the whole weight for little work: what counts is that each weight is read once, from end to end.
// A few weight rows meet up to 8 rows of x, their sums in registers; oneDNN's sgemm, made for many rows, packs the weight first
// and takes twice as long at 8 rows of a head of 32,768.
typedef float ck_v8 __attribute__((ext_vector_type(8)));
typedef float ck_v4 __attribute__((ext_vector_type(4)));

CK_INLINE float total(const ck_v16 *v) {
  ck_v8 eight = v->lo + v->hi;
  ck_v4 four = eight.lo + eight.hi;
  return (four.x + four.y) + (four.z + four.w);
}

// M rows of x with W rows of w, both known where this is compiled into its caller, so that the sums are registers.
CK_INLINE void dots(float *restrict y, const float *restrict x, const float *restrict w, int M, int W, size_t k, size_t stride_y) {
  ck_v16 sum[16];
  for (int s = 0; s < M * W; s++) sum[s] = (ck_v16)0.0f;
  size_t i = 0;
  for (; i + 16 <= k; i += 16)
    for (int c = 0; c < W; c++) {
      ck_v16 v = *(const ck_v16 *)(w + (size_t)c * k + i);
      for (int r = 0; r < M; r++) sum[c * M + r] += v * *(const ck_v16 *)(x + (size_t)r * k + i);
    }
  for (int c = 0; c < W; c++)
    for (int r = 0; r < M; r++) {
      float dot = total(&sum[c * M + r]);
      for (size_t t = i; t < k; t++) dot += w[(size_t)c * k + t] * x[(size_t)r * k + t];
      y[(size_t)r * stride_y + (size_t)c] = dot;
    }
}

// Two weight rows at a time: each load of x serves both, and as many sums run side by side as the processor has registers for.
#define BLOCK(M, W)                                                                                                   \
  CK_INLINE void block##M(float *restrict y, const float *restrict x, const float *restrict w, size_t n, size_t k,    \
                          size_t stride_y) {                                                                          \
    size_t j = 0;                                                                                                     \
    for (; j + W <= n; j += W) dots(y + j, x, w + j * k, M, W, k, stride_y);                                          \
    for (; j < n; j++) dots(y + j, x, w + j * k, M, 1, k, stride_y);                                                  \
  }
BLOCK(1, 4)
BLOCK(2, 4)
BLOCK(4, 4)
BLOCK(8, 2)

#define TILE 64
CK_CLONES void ck_skinny_product(float *restrict y, const float *restrict x, const float *restrict w, size_t m, size_t n, size_t k,
                                 size_t stride_y) {
  // A tile of results is put together apart from y: rows of a power of two of logits would all fall into one set of the cache.
  float tile[8 * TILE];
  for (size_t j = 0; j < n; j += TILE) {
    size_t count = n - j < TILE ? n - j : TILE;
    for (size_t r = 0; r < m;) {
      const float *xr = x + r * k, *wj = w + j * k;
      size_t rows = m - r >= 8 ? 8 : m - r >= 4 ? 4 : m - r >= 2 ? 2 : 1;
      if (rows == 8) block8(tile, xr, wj, count, k, TILE);
      else if (rows == 4) block4(tile, xr, wj, count, k, TILE);
      else if (rows == 2) block2(tile, xr, wj, count, k, TILE);
      else block1(tile, xr, wj, count, k, TILE);
      for (size_t t = 0; t < rows; t++) memcpy(y + (r + t) * stride_y + j, tile + t * TILE, count * sizeof(float));
      r += rows;
    }
  }
}
