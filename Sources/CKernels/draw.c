#include "clones.h"

CK_CLONES size_t ck_first_greatest(const float *restrict x, size_t n) {
  float greatest = ck_max(x, n);
  for (size_t i = 0; i < n; i++)
    if (x[i] >= greatest) return i;
  return 0;  // no number is greater than NaN
}

CK_CLONES void ck_draw_weights(float *restrict weights, double *restrict sums, const float *restrict x, float greatest, float scale,
                               size_t n, size_t block) {
  for (size_t start = 0; start < n; start += block) {
    size_t count = n - start < block ? n - start : block;
    const float *restrict xs = x + start;
    float *restrict ws = weights + start;
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
      float e = ck_expf((xs[i] - greatest) * scale);
      ws[i] = e;
      sum += (double)e;
    }
    sums[start / block] = sum;
  }
}
