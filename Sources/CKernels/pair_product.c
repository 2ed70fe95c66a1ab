#include "pairs.h"

// Products of bf16 operands that lie in pairs along the sum, 32 bits a pair, the earlier element in the lower half: what an instruction of
// AVX-512 bf16 multiplies. They are as small as a block of attention: the maths library's f32 product reaches 140 to 220 GFLOP/s a core of
// Zen 5 there, these 430 to 480. Operands are rounded into the order that a product wants while they are in the nearest caches.

// Pairs of B that stay in the nearest cache beside a block of C.
#define NEAR_PAIRS 64

CK_INLINE uint32_t pair_of(float low, float high) { return ck_round_bf16(low) | (uint32_t)ck_round_bf16(high) << 16; }

// The plain bodies, for processors without the instructions.

CK_CLONES static void product_plain(const ck_pair_operands *o, size_t m, size_t n, size_t pairs, int accumulate) {
  for (size_t i = 0; i < m; i++) {
    float *restrict c = o->c + i * o->stride_c;
    if (!accumulate)
      for (size_t j = 0; j < n; j++) c[j] = 0;
    for (size_t p = 0; p < pairs; p++) {
      uint32_t left = o->a[i * o->row_a + p * o->pair_a];
      const uint32_t *restrict b = o->b + p * o->stride_b;
      float low = ck_widen_bf16((uint16_t)left), high = ck_widen_bf16((uint16_t)(left >> 16));
      for (size_t j = 0; j < n; j++) c[j] += low * ck_widen_bf16((uint16_t)b[j]) + high * ck_widen_bf16((uint16_t)(b[j] >> 16));
    }
  }
}

CK_CLONES static void along_rows_plain(uint32_t *restrict y, const float *restrict x, size_t rows, size_t n, size_t stride_x, float scale) {
  for (size_t r = 0; r < rows; r++)
    for (size_t p = 0; p < n / 2; p++) y[r * (n / 2) + p] = pair_of(x[r * stride_x + 2 * p] * scale, x[r * stride_x + 2 * p + 1] * scale);
}

CK_CLONES static void across_rows_plain(uint32_t *restrict y, const float *restrict x, size_t rows, size_t n, size_t stride_x,
                                        size_t stride_y, float scale) {
  for (size_t r = 0; r + 2 <= rows; r += 2)
    for (size_t j = 0; j < n; j++) y[r / 2 * stride_y + j] = pair_of(x[r * stride_x + j] * scale, x[(r + 1) * stride_x + j] * scale);
}

static void turned_plain(uint32_t *restrict y, const float *restrict x, size_t rows, size_t n, size_t stride_x, size_t stride_y) {
  for (size_t p = 0; p < n / 2; p++)
    for (size_t r = 0; r < rows; r++) y[p * stride_y + r] = pair_of(x[r * stride_x + 2 * p], x[r * stride_x + 2 * p + 1]);
}

#if defined(__x86_64__) && !defined(CK_THREAD_SANITIZER)
static int has_instructions(void) { return ck_cpu_has(CK_CPU_AVX512_BF16); }

// R rows and V times 16 columns, both known where this is compiled into its caller, so that the sums are registers.
CK_BF16 CK_INLINE void tile(const ck_pair_operands *o, size_t i, size_t j, size_t from, size_t to, int R, int V, int is_first) {
  __m512 sum[24];
  float *restrict c = o->c + i * o->stride_c + j;
  for (int r = 0; r < R; r++)
    for (int v = 0; v < V; v++)
      sum[r * V + v] = is_first ? _mm512_setzero_ps() : _mm512_loadu_ps(c + (size_t)r * o->stride_c + 16 * (size_t)v);
  const uint32_t *restrict a = o->a + i * o->row_a, *restrict b = o->b + j;
  for (size_t p = from; p < to; p++) {
    __m512i right[4];
    for (int v = 0; v < V; v++) right[v] = _mm512_loadu_si512(b + p * o->stride_b + 16 * (size_t)v);
    for (int r = 0; r < R; r++) {
      __m512i left = _mm512_set1_epi32((int)a[(size_t)r * o->row_a + p * o->pair_a]);
      for (int v = 0; v < V; v++) sum[r * V + v] = _mm512_dpbf16_ps(sum[r * V + v], (__m512bh)left, (__m512bh)right[v]);
    }
  }
  for (int r = 0; r < R; r++)
    for (int v = 0; v < V; v++) _mm512_storeu_ps(c + (size_t)r * o->stride_c + 16 * (size_t)v, sum[r * V + v]);
}

CK_BF16 CK_INLINE void strip(const ck_pair_operands *o, size_t m, size_t j, size_t from, size_t to, int V, int is_first) {
  size_t i = 0;
  for (; i + 6 <= m; i += 6) tile(o, i, j, from, to, 6, V, is_first);
  for (; i + 2 <= m; i += 2) tile(o, i, j, from, to, 2, V, is_first);
  if (i < m) tile(o, i, j, from, to, 1, V, is_first);
}

CK_BF16 static void product(const ck_pair_operands *o, size_t m, size_t n, size_t pairs, int accumulate) {
  for (size_t from = 0; from < pairs; from += NEAR_PAIRS) {
    size_t to = from + NEAR_PAIRS < pairs ? from + NEAR_PAIRS : pairs, j = 0;
    int is_first = from == 0 && !accumulate;
    for (; j + 64 <= n; j += 64) strip(o, m, j, from, to, 4, is_first);
    if (j + 32 <= n) strip(o, m, j, from, to, 2, is_first), j += 32;
    if (j < n) strip(o, m, j, from, to, 1, is_first);
  }
}

CK_BF16 static void along_rows(uint32_t *restrict y, const float *restrict x, size_t rows, size_t n, size_t stride_x, float scale) {
  __m512 factor = _mm512_set1_ps(scale);
  for (size_t r = 0; r < rows; r++)
    for (size_t j = 0; j < n; j += 16) {
      __m256bh rounded = _mm512_cvtneps_pbh(_mm512_mul_ps(_mm512_loadu_ps(x + r * stride_x + j), factor));
      _mm256_storeu_si256((__m256i *)(y + (r * n + j) / 2), (__m256i)rounded);
    }
}

CK_BF16 static void across_rows(uint32_t *restrict y, const float *restrict x, size_t rows, size_t n, size_t stride_x, size_t stride_y,
                                float scale) {
  __m512 factor = _mm512_set1_ps(scale);
  for (size_t r = 0; r + 2 <= rows; r += 2)
    for (size_t j = 0; j < n; j += 16) {
      __m256bh low = _mm512_cvtneps_pbh(_mm512_mul_ps(_mm512_loadu_ps(x + r * stride_x + j), factor));
      __m256bh high = _mm512_cvtneps_pbh(_mm512_mul_ps(_mm512_loadu_ps(x + (r + 1) * stride_x + j), factor));
      __m512i pairs = _mm512_or_si512(_mm512_cvtepu16_epi32((__m256i)low), _mm512_slli_epi32(_mm512_cvtepu16_epi32((__m256i)high), 16));
      _mm512_storeu_si512(y + r / 2 * stride_y + j, pairs);
    }
}

CK_BF16 static void turned(uint32_t *restrict y, const float *restrict x, size_t rows, size_t n, size_t stride_x, size_t stride_y) {
  for (size_t r = 0; r < rows; r += 16) {
    size_t count = rows - r < 16 ? rows - r : 16;
    for (size_t j = 0; j < n; j += 32) {
      __m512i square[16];
      size_t width = n - j < 32 ? 16 : 32;
      for (size_t i = 0; i < 16; i++) {
        const float *from = x + (r + (i < count ? i : count - 1)) * stride_x + j;
        __m512 low = _mm512_loadu_ps(from), high = width == 32 ? _mm512_loadu_ps(from + 16) : _mm512_setzero_ps();
        square[i] = (__m512i)_mm512_cvtne2ps_pbh(high, low);
      }
      ck_turn(square);
      for (size_t p = 0; p < width / 2; p++)
        _mm512_mask_storeu_epi32(y + (j / 2 + p) * stride_y + r, (__mmask16)((1u << count) - 1), square[p]);
    }
  }
}
#else
static int has_instructions(void) { return 0; }
#define product product_plain
#define along_rows along_rows_plain
#define across_rows across_rows_plain
#define turned turned_plain
#endif

// What tiles take of it, and the rest: the last rows, and the last pairs added to what the tiles left.
static void product_in_tiles(const ck_pair_operands *o, size_t m, size_t n, size_t pairs, int accumulate) {
  size_t rows = m / 16 * 16, whole = pairs / 16 * 16;
  if (rows == 0 || whole == 0) return product(o, m, n, pairs, accumulate);
  ck_tile_product(o, rows, n, whole, accumulate);
  if (whole < pairs) {
    ck_pair_operands rest = *o;
    rest.a += whole * o->pair_a, rest.b += whole * o->stride_b;
    product(&rest, rows, n, pairs - whole, 1);
  }
  if (rows < m) {
    ck_pair_operands rest = *o;
    rest.c += rows * o->stride_c, rest.a += rows * o->row_a;
    product(&rest, m - rows, n, pairs, accumulate);
  }
}

void ck_pair_product(float *c, const uint32_t *a, const uint32_t *b, size_t m, size_t n, size_t pairs, size_t stride_c, size_t row_a,
                     size_t pair_a, size_t stride_b, int accumulate) {
  ck_pair_operands o = {c, a, b, stride_c, row_a, pair_a, stride_b};
  (ck_has_tiles() ? product_in_tiles : has_instructions() ? product : product_plain)(&o, m, n, pairs, accumulate);
}

void ck_pairs_along_rows(uint32_t *y, const float *x, size_t rows, size_t n, size_t stride_x, float scale) {
  (has_instructions() ? along_rows : along_rows_plain)(y, x, rows, n, stride_x, scale);
}

void ck_pairs_across_rows(uint32_t *y, const float *x, size_t rows, size_t n, size_t stride_x, size_t stride_y, float scale) {
  (has_instructions() ? across_rows : across_rows_plain)(y, x, rows, n, stride_x, stride_y, scale);
  if (rows % 2 == 0) return;
  for (size_t j = 0; j < n; j++) y[rows / 2 * stride_y + j] = ck_round_bf16(x[(rows - 1) * stride_x + j] * scale);
}

void ck_pairs_turned(uint32_t *y, const float *x, size_t rows, size_t n, size_t stride_x, size_t stride_y) {
  (has_instructions() ? turned : turned_plain)(y, x, rows, n, stride_x, stride_y);
}
