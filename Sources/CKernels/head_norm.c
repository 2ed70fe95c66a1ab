#include "clones.h"

CK_CLONES void ck_head_norm_forward(float *restrict y, const float *restrict x, const float *restrict w, float eps, size_t rows,
                                    size_t row_stride, size_t heads, size_t d) {
  for (size_t row = 0; row < rows; row++) {
    for (size_t head = 0; head < heads; head++) {
      const float *restrict xr = x + row * row_stride + head * d;
      float *restrict yr = y + row * row_stride + head * d;
      float sum = 0;
      for (size_t i = 0; i < d; i++) sum += xr[i] * xr[i];
      float k = 1.0f / __builtin_sqrtf(sum / (float)d + eps);
      for (size_t i = 0; i < d; i++) yr[i] = xr[i] * k * w[i];
    }
  }
}

// The formula of ck_rmsnorm_backward, assigned.
CK_CLONES void ck_head_norm_backward(float *restrict dy_dx, float *restrict dw, const float *restrict x, const float *restrict w, float eps,
                                     size_t rows, size_t row_stride, size_t heads, size_t d) {
  for (size_t row = 0; row < rows; row++) {
    for (size_t head = 0; head < heads; head++) {
      const float *restrict xr = x + row * row_stride + head * d;
      float *restrict dr = dy_dx + row * row_stride + head * d;
      float sum = 0, dot = 0;
      for (size_t i = 0; i < d; i++) {
        sum += xr[i] * xr[i];
        dot += dr[i] * w[i] * xr[i];
      }
      float k = 1.0f / __builtin_sqrtf(sum / (float)d + eps), c = dot * k * k * k / (float)d;
      for (size_t i = 0; i < d; i++) {
        dw[i] += dr[i] * xr[i] * k;
        dr[i] = dr[i] * w[i] * k - xr[i] * c;
      }
    }
  }
}
