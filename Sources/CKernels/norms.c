#include "clones.h"

CK_CLONES void ck_rmsnorm_forward(float *restrict y, uint16_t *restrict rounded, float *restrict rstd, float *restrict x,
                                  const float *restrict r, const float *restrict w, float eps, size_t rows, size_t d) {
  for (size_t row = 0; row < rows; row++) {
    float *restrict xr = x + row * d;
    float sum = 0;
    if (r) {
      const float *restrict rr = r + row * d;
      for (size_t i = 0; i < d; i++) {
        float value = xr[i] + rr[i];
        xr[i] = value;
        sum += value * value;
      }
    } else {
      for (size_t i = 0; i < d; i++) sum += xr[i] * xr[i];
    }
    float k = 1.0f / __builtin_sqrtf(sum / (float)d + eps);
    rstd[row] = k;
    if (rounded) {
      uint16_t *restrict yr = rounded + row * d;
      for (size_t i = 0; i < d; i++) yr[i] = ck_round_bf16(xr[i] * k * w[i]);
    } else {
      float *restrict yr = y + row * d;
      for (size_t i = 0; i < d; i++) yr[i] = xr[i] * k * w[i];
    }
  }
}

// y_i = x_i k w_i with k = (mean(x^2) + eps)^(-1/2):
// dx_i = k w_i dy_i - x_i k^3 / d * sum_j(dy_j w_j x_j), dw_i = sum over rows of dy_i x_i k.
CK_CLONES void ck_rmsnorm_backward(float *restrict dx, uint16_t *restrict rounded_dx, float *restrict dw, float *restrict dy_y,
                                   uint16_t *restrict rounded_y, const float *restrict x, const float *restrict w,
                                   const float *restrict rstd, size_t rows, size_t d) {
  for (size_t row = 0; row < rows; row++) {
    const float *restrict xr = x + row * d;
    float *restrict dyr = dy_y + row * d, *restrict dxr = dx + row * d;
    float k = rstd[row], dot = 0;
    for (size_t i = 0; i < d; i++) {
      dot += dyr[i] * w[i] * xr[i];
      dw[i] += dyr[i] * xr[i] * k;
    }
    float c = dot * k * k * k / (float)d;
    if (rounded_y) {
      uint16_t *restrict rdx = rounded_dx + row * d, *restrict ry = rounded_y + row * d;
      for (size_t i = 0; i < d; i++) {
        float sum = dxr[i] + (dyr[i] * w[i] * k - xr[i] * c);
        dxr[i] = sum;
        rdx[i] = ck_round_bf16(sum);
        ry[i] = ck_round_bf16(xr[i] * k * w[i]);
      }
    } else {
      for (size_t i = 0; i < d; i++) {
        dxr[i] += dyr[i] * w[i] * k - xr[i] * c;
        dyr[i] = xr[i] * k * w[i];
      }
    }
  }
}

CK_CLONES void ck_layernorm_forward(float *restrict y, uint16_t *restrict rounded, float *restrict statistics, float *restrict x,
                                    const float *restrict r, const float *restrict w, const float *restrict b, float eps, size_t rows,
                                    size_t d) {
  for (size_t row = 0; row < rows; row++) {
    float *restrict xr = x + row * d;
    float sum = 0, squares = 0;
    if (r) {
      const float *restrict rr = r + row * d;
      for (size_t i = 0; i < d; i++) {
        float value = xr[i] + rr[i];
        xr[i] = value;
        sum += value;
      }
    } else {
      for (size_t i = 0; i < d; i++) sum += xr[i];
    }
    float mean = sum / (float)d;
    for (size_t i = 0; i < d; i++) squares += (xr[i] - mean) * (xr[i] - mean);
    float k = 1.0f / __builtin_sqrtf(squares / (float)d + eps);
    statistics[2 * row] = mean;
    statistics[2 * row + 1] = k;
    if (rounded) {
      uint16_t *restrict yr = rounded + row * d;
      for (size_t i = 0; i < d; i++) yr[i] = ck_round_bf16((xr[i] - mean) * k * w[i] + b[i]);
    } else {
      float *restrict yr = y + row * d;
      for (size_t i = 0; i < d; i++) yr[i] = (xr[i] - mean) * k * w[i] + b[i];
    }
  }
}

// With n_i = (x_i - mean) k: dx_i = k (g_i - mean(g) - n_i mean(g n)) where g = dy w; dw_i = sum dy_i n_i, db_i = sum dy_i.
CK_CLONES void ck_layernorm_backward(float *restrict dx, uint16_t *restrict rounded_dx, float *restrict dw, float *restrict db,
                                     float *restrict dy_y, uint16_t *restrict rounded_y, const float *restrict x,
                                     const float *restrict w, const float *restrict b, const float *restrict statistics, size_t rows,
                                     size_t d) {
  for (size_t row = 0; row < rows; row++) {
    const float *restrict xr = x + row * d;
    float *restrict dyr = dy_y + row * d, *restrict dxr = dx + row * d;
    float mean = statistics[2 * row], k = statistics[2 * row + 1], g = 0, gn = 0;
    for (size_t i = 0; i < d; i++) {
      float n = (xr[i] - mean) * k, dy = dyr[i];
      g += dy * w[i];
      gn += dy * w[i] * n;
      dw[i] += dy * n;
      db[i] += dy;
    }
    g /= (float)d;
    gn /= (float)d;
    if (rounded_y) {
      uint16_t *restrict rdx = rounded_dx + row * d, *restrict ry = rounded_y + row * d;
      for (size_t i = 0; i < d; i++) {
        float n = (xr[i] - mean) * k, sum = dxr[i] + k * (dyr[i] * w[i] - g - n * gn);
        dxr[i] = sum;
        rdx[i] = ck_round_bf16(sum);
        ry[i] = ck_round_bf16(n * w[i] + b[i]);
      }
    } else {
      for (size_t i = 0; i < d; i++) {
        float n = (xr[i] - mean) * k;
        dxr[i] += k * (dyr[i] * w[i] - g - n * gn);
        dyr[i] = n * w[i] + b[i];
      }
    }
  }
}
