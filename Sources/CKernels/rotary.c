#include "clones.h"

CK_CLONES void ck_rotary(float *restrict x, size_t rows, size_t row_stride, size_t heads, size_t d, const int32_t *restrict positions,
                         const float *restrict cosine, const float *restrict sine, float sign) {
  size_t half = d / 2;
  for (size_t row = 0; row < rows; row++) {
    const float *restrict c = cosine + (size_t)positions[row] * half, *restrict s = sine + (size_t)positions[row] * half;
    for (size_t head = 0; head < heads; head++) {
      float *restrict low = x + row * row_stride + head * d, *restrict high = low + half;
      for (size_t i = 0; i < half; i++) {
        float a = low[i], b = high[i], t = sign * s[i];
        low[i] = a * c[i] - b * t;
        high[i] = b * c[i] + a * t;
      }
    }
  }
}
