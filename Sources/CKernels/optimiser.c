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
