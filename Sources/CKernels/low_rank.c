#include "clones.h"
#include "totals.h"
#include <string.h>

// Products with a matrix of a few rows, those of an adapter: as many numbers read as multiplied with, so that each is to be read once, in
// whole lines, and as it lies. A library's product packs both operands first, which costs more than the product.

// Columns of a small matrix's rows that stay in the nearest cache while rows of x pass by.
#define RUN 1024
// Rows of y whose columns share a set of the nearest cache where they lie a power of two apart.
#define ROWS 8
// How many rows ahead a strip of columns is asked for, into the next cache; the processor sees no stream in it.
#define AHEAD 32

typedef uint16_t halves __attribute__((ext_vector_type(16), aligned(2)));
typedef uint32_t words __attribute__((ext_vector_type(16)));

/// Sixteen numbers from x[i] on, f32 or bf16.
CK_INLINE void load(ck_v16 *v, const void *x, size_t i, int is_rounded) {
  if (!is_rounded) {
    *v = *(const ck_v16 *)((const float *)x + i);
  } else {
    words bits = __builtin_convertvector(*(const halves *)((const uint16_t *)x + i), words) << 16;
    memcpy(v, &bits, sizeof bits);
  }
}

CK_INLINE size_t size_of(int is_rounded) { return is_rounded ? sizeof(uint16_t) : sizeof(float); }

CK_INLINE float load_one(const void *x, size_t i, int is_rounded) {
  return is_rounded ? ck_widen_bf16(((const uint16_t *)x)[i]) : ((const float *)x)[i];
}

// M rows of x with W rows of a, both known where this is compiled into its caller, so that the sums are registers.
CK_INLINE void dots(float *y, size_t stride_y, const void *x, size_t stride_x, int is_rounded, const float *restrict a, size_t stride_a,
                    size_t count, float scale, int adds, int M, int W) {
  ck_v16 sum[16];
  float dot[16];
  for (int s = 0; s < M * W; s++) sum[s] = (ck_v16)0.0f;
  size_t i = 0;
  for (; i + 16 <= count; i += 16)
    for (int r = 0; r < M; r++) {
      ck_v16 v;
      __builtin_prefetch((const char *)x + ((size_t)(M + r) * stride_x + i) * size_of(is_rounded));
      load(&v, x, (size_t)r * stride_x + i, is_rounded);
      for (int c = 0; c < W; c++) sum[r * W + c] += v * *(const ck_v16 *)(a + (size_t)c * stride_a + i);
    }
  if (M * W == 16) ck_totals(dot, sum);
  else
    for (int s = 0; s < M * W; s++) dot[s] = ck_total(&sum[s]);
  for (int r = 0; r < M; r++)
    for (int c = 0; c < W; c++) {
      float total = dot[r * W + c];
      for (size_t t = i; t < count; t++) total += load_one(x, (size_t)r * stride_x + t, is_rounded) * a[(size_t)c * stride_a + t];
      float *to = y + (size_t)r * stride_y + c;
      *to = adds ? *to + total * scale : total * scale;
    }
}

#define ROWS_OF_X(W)                                                                                                               \
  CK_INLINE void shrink##W(float *y, size_t stride_y, const void *x, size_t stride_x, int is_rounded, const float *a, size_t rows, \
                           size_t k, float scale) {                                                                                \
    for (size_t start = 0; start < k; start += RUN) {                                                                              \
      size_t count = k - start < RUN ? k - start : RUN, r = 0;                                                                     \
      const char *from = (const char *)x + start * size_of(is_rounded);                                                            \
      size_t bytes = stride_x * size_of(is_rounded);                                                                               \
      for (; r + 16 / W <= rows; r += 16 / W)                                                                                      \
        dots(y + r * stride_y, stride_y, from + r * bytes, stride_x, is_rounded, a + start, k, count, scale, start > 0, 16 / W, W); \
      for (; r < rows; r++)                                                                                                        \
        dots(y + r * stride_y, stride_y, from + r * bytes, stride_x, is_rounded, a + start, k, count, scale, start > 0, 1, W);      \
    }                                                                                                                              \
  }
ROWS_OF_X(8)
ROWS_OF_X(4)
ROWS_OF_X(2)
ROWS_OF_X(1)

CK_INLINE void shrink(float *y, size_t stride_y, const void *x, size_t stride_x, int is_rounded, const float *a, size_t rows, size_t k,
                      size_t rank, float scale) {
  size_t j = 0;
  for (; j + 8 <= rank; j += 8) shrink8(y + j, stride_y, x, stride_x, is_rounded, a + j * k, rows, k, scale);
  for (; j + 4 <= rank; j += 4) shrink4(y + j, stride_y, x, stride_x, is_rounded, a + j * k, rows, k, scale);
  for (; j + 2 <= rank; j += 2) shrink2(y + j, stride_y, x, stride_x, is_rounded, a + j * k, rows, k, scale);
  for (; j < rank; j++) shrink1(y + j, stride_y, x, stride_x, is_rounded, a + j * k, rows, k, scale);
}

CK_CLONES void ck_low_rank_shrink(float *y, size_t stride_y, const float *x, size_t stride_x, const float *a, size_t rows, size_t k,
                                  size_t rank, float scale) {
  shrink(y, stride_y, x, stride_x, 0, a, rows, k, rank, scale);
}

CK_CLONES void ck_low_rank_shrink_bf16(float *y, size_t stride_y, const uint16_t *x, size_t stride_x, const float *a, size_t rows,
                                       size_t k, size_t rank, float scale) {
  shrink(y, stride_y, x, stride_x, 1, a, rows, k, rank, scale);
}

// J rows of b stay in registers while rows of y pass by.
CK_INLINE void expand(float *y, size_t stride_y, const float *x, size_t stride_x, const float *b, size_t rows, size_t n, int J) {
  size_t i = 0;
  for (; i + 32 <= n; i += 32) {
    ck_v16 left[8], right[8];
    for (int j = 0; j < J; j++) {
      left[j] = *(const ck_v16 *)(b + (size_t)j * n + i);
      right[j] = *(const ck_v16 *)(b + (size_t)j * n + i + 16);
    }
    for (size_t r = 0; r < rows; r++) {
      float *to = y + r * stride_y + i;
      __builtin_prefetch(to + 32);
      __builtin_prefetch(to + 48);
      ck_v16 first = *(const ck_v16 *)to, second = *(const ck_v16 *)(to + 16);
      for (int j = 0; j < J; j++) {
        float factor = x[r * stride_x + (size_t)j];
        first += left[j] * factor;
        second += right[j] * factor;
      }
      *(ck_v16 *)to = first;
      *(ck_v16 *)(to + 16) = second;
    }
  }
  for (size_t r = 0; r < rows; r++)
    for (size_t t = i; t < n; t++) {
      float sum = y[r * stride_y + t];
      for (int j = 0; j < J; j++) sum += b[(size_t)j * n + t] * x[r * stride_x + (size_t)j];
      y[r * stride_y + t] = sum;
    }
}

CK_CLONES void ck_low_rank_expand(float *y, size_t stride_y, const float *x, size_t stride_x, const float *b, size_t rows, size_t n,
                                  size_t rank) {
  for (size_t r = 0; r < rows; r += ROWS) {
    size_t count = rows - r < ROWS ? rows - r : ROWS, j = 0;
    float *to = y + r * stride_y;
    const float *from = x + r * stride_x;
    for (; j + 8 <= rank; j += 8) expand(to, stride_y, from + j, stride_x, b + j * n, count, n, 8);
    for (; j + 4 <= rank; j += 4) expand(to, stride_y, from + j, stride_x, b + j * n, count, n, 4);
    for (; j < rank; j++) expand(to, stride_y, from + j, stride_x, b + j * n, count, n, 1);
  }
}

// Of J rows of g and 32 columns the sums over all rows are registers.
CK_INLINE void gradient(float *g, size_t along_rank, size_t along_columns, const float *x, size_t stride_x, const void *y, size_t stride_y,
                        int is_rounded, size_t rows, size_t n, int J) {
  size_t i = 0;
  for (; i + 32 <= n; i += 32) {
    ck_v16 left[8], right[8];
    for (int j = 0; j < J; j++) left[j] = right[j] = (ck_v16)0.0f;
    for (size_t r = 0; r < rows; r++) {
      ck_v16 first, second;
      const char *ahead = (const char *)y + ((r + AHEAD) * stride_y + i) * size_of(is_rounded);
      __builtin_prefetch(ahead, 0, 2);
      __builtin_prefetch(ahead + 64, 0, 2);
      load(&first, y, r * stride_y + i, is_rounded);
      load(&second, y, r * stride_y + i + 16, is_rounded);
      for (int j = 0; j < J; j++) {
        float factor = x[r * stride_x + (size_t)j];
        left[j] += first * factor;
        right[j] += second * factor;
      }
    }
    for (int j = 0; j < J; j++)
      for (int t = 0; t < 16; t++) {
        g[(size_t)j * along_rank + (i + (size_t)t) * along_columns] += left[j][t];
        g[(size_t)j * along_rank + (i + 16 + (size_t)t) * along_columns] += right[j][t];
      }
  }
  for (; i < n; i++)
    for (int j = 0; j < J; j++) {
      float sum = 0;
      for (size_t r = 0; r < rows; r++) sum += load_one(y, r * stride_y + i, is_rounded) * x[r * stride_x + (size_t)j];
      g[(size_t)j * along_rank + i * along_columns] += sum;
    }
}

CK_INLINE void gradients(float *g, size_t along_rank, size_t along_columns, const float *x, size_t stride_x, const void *y, size_t stride_y,
                         int is_rounded, size_t rows, size_t n, size_t rank) {
  size_t j = 0;
  for (; j + 8 <= rank; j += 8)
    gradient(g + j * along_rank, along_rank, along_columns, x + j, stride_x, y, stride_y, is_rounded, rows, n, 8);
  for (; j + 4 <= rank; j += 4)
    gradient(g + j * along_rank, along_rank, along_columns, x + j, stride_x, y, stride_y, is_rounded, rows, n, 4);
  for (; j < rank; j++) gradient(g + j * along_rank, along_rank, along_columns, x + j, stride_x, y, stride_y, is_rounded, rows, n, 1);
}

CK_CLONES void ck_low_rank_gradient(float *g, size_t along_rank, size_t along_columns, const float *x, size_t stride_x, const float *y,
                                    size_t stride_y, size_t rows, size_t n, size_t rank) {
  gradients(g, along_rank, along_columns, x, stride_x, y, stride_y, 0, rows, n, rank);
}

CK_CLONES void ck_low_rank_gradient_bf16(float *g, size_t along_rank, size_t along_columns, const float *x, size_t stride_x,
                                         const uint16_t *y, size_t stride_y, size_t rows, size_t n, size_t rank) {
  gradients(g, along_rank, along_columns, x, stride_x, y, stride_y, 1, rows, n, rank);
}

void ck_transpose(float *restrict y, const float *restrict x, size_t rows, size_t columns) {
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < columns; c++) y[c * rows + r] = x[r * columns + c];
}
