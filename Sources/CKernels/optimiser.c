#include "clones.h"

// Loshchilov and Hutter, arXiv 1711.05101, in the order of operations of torch.optim.AdamW (single tensor):
// p *= 1 - lr wd; m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; p -= lr / c1 * m / (sqrt(v) / sqrt(c2) + eps).
CK_INLINE void adamw(float *restrict p, float *restrict g, float *restrict m, float *restrict v, size_t n, const ck_adamw_step *step,
                     int clear) {
  float b1 = step->beta1, b2 = step->beta2, epsilon = step->epsilon, scale = step->gradient_scale;
  float decay = 1.0f - step->learning_rate * step->weight_decay, size = step->learning_rate / step->correction1;
  float root = 1.0f / __builtin_sqrtf(step->correction2);
  for (size_t i = 0; i < n; i++) {
    float gi = g[i] * scale;
    float mi = b1 * m[i] + (1.0f - b1) * gi, vi = b2 * v[i] + (1.0f - b2) * gi * gi;
    m[i] = mi;
    v[i] = vi;
    p[i] = p[i] * decay - size * (mi / (__builtin_sqrtf(vi) * root + epsilon));
    if (clear) g[i] = 0.0f;
  }
}

CK_CLONES void ck_adamw(float *restrict p, float *restrict g, float *restrict m, float *restrict v, size_t n,
                        const ck_adamw_step *step, int clear) {
  if (clear) adamw(p, g, m, v, n, step, 1);
  else adamw(p, g, m, v, n, step, 0);
}

// Chen et al., arXiv 2302.06675, in the order of operations of lion-pytorch:
// p *= 1 - lr wd; p -= lr sign(b1 m + (1 - b1) g); m = b2 m + (1 - b2) g.
CK_CLONES void ck_lion(float *restrict p, float *restrict g, float *restrict m, size_t n, const ck_lion_step *step) {
  float b1 = step->beta1, b2 = step->beta2, rate = step->learning_rate, scale = step->gradient_scale;
  float decay = 1.0f - rate * step->weight_decay;
  for (size_t i = 0; i < n; i++) {
    float gi = g[i] * scale, mi = m[i];
    float c = b1 * mi + (1.0f - b1) * gi;
    float sign = (float)((c > 0.0f) - (c < 0.0f));
    p[i] = p[i] * decay - rate * sign;
    m[i] = b2 * mi + (1.0f - b2) * gi;
    g[i] = 0.0f;
  }
}

// Shazeer and Stern, arXiv 1804.04235, as transformers' Adafactor has it.
CK_CLONES void ck_adafactor_squares(float *restrict row_means, float *restrict column_sums, const float *restrict g, size_t rows,
                                    size_t columns, float scale, float epsilon) {
  for (size_t row = 0; row < rows; row++) {
    const float *restrict x = g + row * columns;
    float sum = 0;
    for (size_t i = 0; i < columns; i++) {
      float gi = x[i] * scale, square = gi * gi + epsilon;
      sum += square;
      column_sums[i] += square;
    }
    row_means[row] = sum / (float)columns;
  }
}

CK_CLONES double ck_adafactor_norm(const float *restrict g, const float *restrict row_factors, const float *restrict column_factors,
                                   size_t rows, size_t columns, float scale) {
  double total = 0;
  for (size_t row = 0; row < rows; row++) {
    const float *restrict x = g + row * columns;
    float factor = row_factors[row] * scale, sum = 0;
    for (size_t i = 0; i < columns; i++) {
      float u = x[i] * factor * column_factors[i];
      sum += u * u;
    }
    total += sum;
  }
  return total;
}

CK_CLONES void ck_adafactor_apply(float *restrict p, float *restrict g, const float *restrict row_factors,
                                  const float *restrict column_factors, size_t rows, size_t columns, float scale, float size, float decay) {
  for (size_t row = 0; row < rows; row++) {
    float *restrict x = g + row * columns, *restrict y = p + row * columns;
    float factor = row_factors[row] * scale;
    for (size_t i = 0; i < columns; i++) {
      y[i] = y[i] * decay - size * (x[i] * factor * column_factors[i]);
      x[i] = 0.0f;
    }
  }
}
