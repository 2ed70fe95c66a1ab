#include "clones.h"
#include "totals.h"
#include <string.h>

// A product with few rows reads the whole weight for little work: what counts is that each weight is read once, from end to end, and
// asked for early. The processor's own prefetching loses the streams of several weight rows: 11 GB/s a core on Zen 5, 39 when the
// block is fetched ahead in the order of its memory.
// How far ahead, in floats: some 100 ns at the speed of memory.
#define AHEAD 3072
// Floats of x that stay in the nearest cache beside the weights.
#define NEAR 6144
// Weight rows whose results are put together.
#define TILE 64

// M rows of x with W rows of w, both known where this is compiled into its caller, so that the sums are registers. x lies as `pack` left
// it; `count` columns of w's rows, which lie k apart.
CK_INLINE void dots(float *restrict y, const float *restrict x, const float *restrict w, int M, int W, size_t count, size_t k) {
  ck_v16 sum[16];
  float dot[16];
  for (int s = 0; s < M * W; s++) sum[s] = (ck_v16)0.0f;
  // Whole rows come in the order of memory, so that what is ahead is a place; parts of rows lie in rows to come.
  const float *restrict next = count == k ? w + AHEAD : w + (AHEAD / ((size_t)W * count) + 1) * (size_t)W * k;
  size_t along = count == k ? (size_t)W : 1, across = count == k ? 16 : k;
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    for (int c = 0; c < W; c++) __builtin_prefetch(next + along * i + across * (size_t)c);
    for (int r = 0; r < M; r++) {
      ck_v16 v = *(const ck_v16 *)(x + i * (size_t)M + 16 * r);
      for (int c = 0; c < W; c++) sum[c * M + r] += v * *(const ck_v16 *)(w + (size_t)c * k + i);
    }
  }
  if (M * W == 16) ck_totals(dot, sum);
  else
    for (int s = 0; s < M * W; s++) dot[s] = ck_total(&sum[s]);
  for (int c = 0; c < W; c++)
    for (int r = 0; r < M; r++) {
      for (size_t t = i; t < count; t++) dot[c * M + r] += w[(size_t)c * k + t] * x[i * (size_t)M + (size_t)r * (count - i) + t - i];
      y[r * TILE + c] = dot[c * M + r];
    }
}

// Sixteen columns of each row of x after the other, then what is left of each: rows of a power of two would share a set of the cache.
CK_INLINE void pack(float *restrict to, const float *restrict x, size_t rows, size_t count, size_t k) {
  size_t whole = count / 16 * 16, rest = count - whole;
  for (size_t r = 0; r < rows; r++) {
    for (size_t i = 0; i < whole; i += 16) memcpy(to + i * rows + 16 * r, x + r * k + i, 16 * sizeof(float));
    memcpy(to + whole * rows + r * rest, x + r * k + whole, rest * sizeof(float));
  }
}

// Up to 16 sums run side by side: each load of x serves W weight rows, each of w M rows of x. A tile of results is put together apart from y:
// rows of a power of two of logits would all fall into one set of the cache.
#define BLOCK(M, W)                                                                                                              \
  CK_INLINE void block##M(float *restrict y, const float *restrict x, const float *restrict w, size_t n, size_t count, size_t k, \
                          size_t stride_y, int is_first) {                                                                       \
    float tile[M * TILE];                                                                                                        \
    for (size_t j = 0; j < n; j += TILE) {                                                                                       \
      size_t t = 0, width = n - j < TILE ? n - j : TILE;                                                                         \
      for (; t + W <= width; t += W) dots(tile + t, x, w + (j + t) * k, M, W, count, k);                                         \
      for (; t < width; t++) dots(tile + t, x, w + (j + t) * k, M, 1, count, k);                                                 \
      for (size_t r = 0; r < M; r++) {                                                                                           \
        float *restrict yr = y + r * stride_y + j, *restrict made = tile + r * TILE;                                             \
        if (is_first) memcpy(yr, made, width * sizeof(float));                                                                   \
        else                                                                                                                     \
          for (size_t i = 0; i < width; i++) yr[i] += made[i];                                                                   \
      }                                                                                                                          \
    }                                                                                                                            \
  }
BLOCK(1, 4)
BLOCK(2, 4)
BLOCK(4, 4)
BLOCK(8, 2)

CK_CLONES void ck_skinny_product(float *restrict y, const float *restrict x, const float *restrict w, size_t m, size_t n, size_t k,
                                 size_t stride_y) {
  _Alignas(64) float near[NEAR];
  for (size_t r = 0; r < m;) {
    size_t rows = m - r >= 8 ? 8 : m - r >= 4 ? 4 : m - r >= 2 ? 2 : 1, run = k > NEAR / rows ? NEAR / rows : k;
    float *yr = y + r * stride_y;
    for (size_t i = 0; i < k; i += run) {
      size_t count = k - i < run ? k - i : run;
      pack(near, x + r * k + i, rows, count, k);
      if (rows == 8) block8(yr, near, w + i, n, count, k, stride_y, i == 0);
      else if (rows == 4) block4(yr, near, w + i, n, count, k, stride_y, i == 0);
      else if (rows == 2) block2(yr, near, w + i, n, count, k, stride_y, i == 0);
      else block1(yr, near, w + i, n, count, k, stride_y, i == 0);
    }
    r += rows;
  }
}
