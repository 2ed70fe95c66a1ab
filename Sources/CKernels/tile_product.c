#include "pairs.h"

// The same products by the tiles of AMX, which multiply 16 rows of 16 pairs with 16 columns at once: eight registers of 16 rows of 64
// bytes, four of which hold sums here, two rows and two columns of the operands. bf16 in pairs is what they read.

#if defined(__x86_64__) && !defined(CK_THREAD_SANITIZER)
#define CK_TILES __attribute__((target("arch=x86-64-v4,avx512bf16,amx-tile,amx-bf16")))

// Rows of a left operand that lies in columns are turned in passing, so many pairs at a time, which stay in the nearest cache.
#define TURNED_PAIRS 64

int ck_has_tiles(void) { return ck_cpu_has(CK_CPU_AMX_TILE | CK_CPU_AMX_BF16 | CK_CPU_AVX512_BF16); }

// Intel SDM volume 1, 18.3: what LDTILECFG reads. All eight tiles are of full size.
typedef struct {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
} tile_configuration;

static const tile_configuration full_tiles = {
    .palette = 1, .row_bytes = {64, 64, 64, 64, 64, 64, 64, 64}, .rows = {16, 16, 16, 16, 16, 16, 16, 16}};

// 16 R rows and 16 V columns, both 1 or 2 and known where this is compiled into its caller: a tile's number is part of its instruction.
CK_TILES CK_INLINE void corner(float *c, size_t stride_c, const uint32_t *a, size_t row_a, const uint32_t *b, size_t stride_b, size_t pairs,
                               int R, int V, int is_first) {
  float *below = c + 16 * stride_c;
  if (is_first) {
    _tile_zero(0);
    if (V == 2) _tile_zero(1);
    if (R == 2) _tile_zero(2);
    if (R == 2 && V == 2) _tile_zero(3);
  } else {
    _tile_loadd(0, c, 4 * stride_c);
    if (V == 2) _tile_loadd(1, c + 16, 4 * stride_c);
    if (R == 2) _tile_loadd(2, below, 4 * stride_c);
    if (R == 2 && V == 2) _tile_loadd(3, below + 16, 4 * stride_c);
  }
  for (size_t p = 0; p < pairs; p += 16) {
    _tile_loadd(4, a + p, 4 * row_a);
    _tile_loadd(6, b + p * stride_b, 4 * stride_b);
    _tile_dpbf16ps(0, 4, 6);
    if (V == 2) {
      _tile_loadd(7, b + p * stride_b + 16, 4 * stride_b);
      _tile_dpbf16ps(1, 4, 7);
    }
    if (R == 2) {
      _tile_loadd(5, a + 16 * row_a + p, 4 * row_a);
      _tile_dpbf16ps(2, 5, 6);
      if (V == 2) _tile_dpbf16ps(3, 5, 7);
    }
  }
  _tile_stored(0, c, 4 * stride_c);
  if (V == 2) _tile_stored(1, c + 16, 4 * stride_c);
  if (R == 2) _tile_stored(2, below, 4 * stride_c);
  if (R == 2 && V == 2) _tile_stored(3, below + 16, 4 * stride_c);
}

CK_TILES CK_INLINE void band(float *c, size_t stride_c, const uint32_t *a, size_t row_a, const uint32_t *b, size_t stride_b, size_t n,
                             size_t pairs, int R, int is_first) {
  size_t j = 0;
  for (; j + 32 <= n; j += 32) corner(c + j, stride_c, a, row_a, b + j, stride_b, pairs, R, 2, is_first);
  if (j < n) corner(c + j, stride_c, a, row_a, b + j, stride_b, pairs, R, 1, is_first);
}

// (pairs, rows) as they lie to (rows, TURNED_PAIRS); rows and pairs are multiples of 16.
CK_TILES CK_INLINE void turn_left(uint32_t *y, const uint32_t *x, size_t rows, size_t pairs, size_t stride) {
  for (size_t p = 0; p < pairs; p += 16)
    for (size_t r = 0; r < rows; r += 16) {
      __m512i square[16];
      for (size_t i = 0; i < 16; i++) square[i] = _mm512_loadu_si512(x + (p + i) * stride + r);
      ck_turn(square);
      for (size_t i = 0; i < 16; i++) _mm512_storeu_si512(y + (r + i) * TURNED_PAIRS + p, square[i]);
    }
}

CK_TILES void ck_tile_product(const ck_pair_operands *o, size_t m, size_t n, size_t pairs, int accumulate) {
  uint32_t rows_of_a[32 * TURNED_PAIRS];
  int is_turned = o->pair_a != 1;
  size_t most = is_turned ? TURNED_PAIRS : pairs;
  _tile_loadconfig(&full_tiles);
  for (size_t i = 0; i < m; i += 32) {
    size_t rows = m - i < 32 ? 16 : 32;
    for (size_t from = 0; from < pairs; from += most) {
      size_t count = pairs - from < most ? pairs - from : most, row_a = is_turned ? TURNED_PAIRS : o->row_a;
      const uint32_t *a = o->a + i * o->row_a + from * o->pair_a, *b = o->b + from * o->stride_b;
      float *c = o->c + i * o->stride_c;
      int is_first = from == 0 && !accumulate;
      if (is_turned) turn_left(rows_of_a, a, rows, count, o->pair_a), a = rows_of_a;
      if (rows == 32)
        band(c, o->stride_c, a, row_a, b, o->stride_b, n, count, 2, is_first);
      else
        band(c, o->stride_c, a, row_a, b, o->stride_b, n, count, 1, is_first);
    }
  }
  _tile_release();
}
#else
int ck_has_tiles(void) { return 0; }
void ck_tile_product(const ck_pair_operands *o, size_t m, size_t n, size_t pairs, int accumulate) {
  (void)o, (void)m, (void)n, (void)pairs, (void)accumulate;
}
#endif
