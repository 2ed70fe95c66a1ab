#include "clones.h"

CK_CLONES void ck_add(float *y, const float *a, const float *b, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] = a[i] + b[i];
}

CK_CLONES void ck_accumulate(float *restrict y, const float *restrict x, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] += x[i];
}

CK_CLONES void ck_scale(float *y, const float *x, float s, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] = x[i] * s;
}

CK_CLONES void ck_bias_add(float *restrict y, const float *restrict b, size_t rows, size_t n) {
  for (size_t row = 0; row < rows; row++) {
    float *restrict yr = y + row * n;
    for (size_t i = 0; i < n; i++) yr[i] += b[i];
  }
}

CK_CLONES void ck_column_sum(float *restrict db, const float *restrict dy, size_t rows, size_t n, size_t stride) {
  for (size_t row = 0; row < rows; row++) {
    const float *restrict dyr = dy + row * stride;
    for (size_t i = 0; i < n; i++) db[i] += dyr[i];
  }
}

CK_CLONES void ck_round_and_sum(uint16_t *restrict y, float *restrict sums, const float *restrict x, size_t rows, size_t n) {
  for (size_t row = 0; row < rows; row++) {
    const float *restrict xr = x + row * n;
    uint16_t *restrict yr = y + row * n;
    for (size_t i = 0; i < n; i++) {
      sums[i] += xr[i];
      yr[i] = ck_round_bf16(xr[i]);
    }
  }
}

CK_CLONES double ck_sum_of_squares(const float *restrict x, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
  return sum;
}
