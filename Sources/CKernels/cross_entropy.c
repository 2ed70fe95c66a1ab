#include "clones.h"
#include <math.h>
#include <string.h>

/// 1 where the target is the first of the greatest logits: with ties (all logits equal) no row hits by luck but that of index 0.
CK_INLINE uint8_t is_first_greatest(const float *x, size_t target, float greatest) {
  if (x[target] < greatest) return 0;
  for (size_t i = 0; i < target; i++)
    if (x[i] == greatest) return 0;
  return 1;
}

/// Puts exp(x - greatest) in the place of x; returns the sum.
CK_INLINE float exponentials(float *restrict x, size_t V, float greatest) {
  float sum = 0;
  for (size_t i = 0; i < V; i++) {
    float e = ck_expf(x[i] - greatest);
    x[i] = e;
    sum += e;
  }
  return sum;
}

// nll = log(sum exp(x - max)) - (x_t - max); d nll / dx = softmax(x) - onehot(t).
CK_CLONES void ck_cross_entropy_gradient(float *restrict logits, float *restrict nll, uint8_t *restrict hit,
                                         const int32_t *restrict targets, const float *restrict weights, float scale, size_t rows,
                                         size_t V, size_t stride) {
  for (size_t row = 0; row < rows; row++) {
    float *restrict x = logits + row * stride;
    size_t target = (size_t)targets[row];
    float greatest = ck_max(x, V), at_target = x[target];
    hit[row] = is_first_greatest(x, target, greatest);
    float sum = exponentials(x, V, greatest);
    nll[row] = logf(sum) - (at_target - greatest);
    float weight = weights ? weights[row] * scale : scale, k = weight / sum;
    for (size_t i = 0; i < V; i++) x[i] *= k;
    x[target] -= weight;
  }
}

#define PIECE 64
/// The first half of x's bytes becomes x * k in bf16. What is written lies before what is still to be read: a piece is read whole first.
CK_INLINE void round_in_place(float *x, size_t n, float k) {
  char *to = (char *)x;
  float from[PIECE];
  uint16_t rounded[PIECE];
  size_t i = 0;
  for (; i + PIECE <= n; i += PIECE) {
    memcpy(from, x + i, sizeof from);
    for (size_t j = 0; j < PIECE; j++) rounded[j] = ck_round_bf16(from[j] * k);
    memcpy(to + 2 * i, rounded, sizeof rounded);
  }
  for (; i < n; i++) {
    uint16_t one = ck_round_bf16(x[i] * k);
    memcpy(to + 2 * i, &one, 2);
  }
}

// The gradient goes to bf16, which the products after it take.
CK_CLONES void ck_cross_entropy_gradient_bf16(float *logits, float *restrict nll, uint8_t *restrict hit, const int32_t *restrict targets,
                                              const float *restrict weights, float scale, size_t rows, size_t V, size_t stride) {
  for (size_t row = 0; row < rows; row++) {
    float *x = logits + row * stride;
    size_t target = (size_t)targets[row];
    float greatest = ck_max(x, V), at_target = x[target];
    hit[row] = is_first_greatest(x, target, greatest);
    float sum = exponentials(x, V, greatest);
    nll[row] = logf(sum) - (at_target - greatest);
    float weight = weights ? weights[row] * scale : scale, k = weight / sum;
    uint16_t own = ck_round_bf16(x[target] * k - weight);
    round_in_place(x, V, k);
    memcpy((char *)x + 2 * target, &own, 2);
  }
}

CK_CLONES void ck_cross_entropy(float *restrict nll, uint8_t *restrict hit, const float *restrict logits,
                                const int32_t *restrict targets, size_t rows, size_t V, size_t stride) {
  for (size_t row = 0; row < rows; row++) {
    const float *restrict x = logits + row * stride;
    size_t target = (size_t)targets[row];
    float greatest = ck_max(x, V), sum = 0;
    hit[row] = is_first_greatest(x, target, greatest);
    for (size_t i = 0; i < V; i++) sum += ck_expf(x[i] - greatest);
    nll[row] = logf(sum) - (x[target] - greatest);
  }
}

// As above, and of each row the mean of its logits and the entropy of its distribution: log(sum) - sum e^(x - max) (x - max) / sum.
CK_CLONES void ck_logit_statistics(float *restrict nll, uint8_t *restrict hit, float *restrict mean, float *restrict entropy,
                                   const float *restrict logits, const int32_t *restrict targets, size_t rows, size_t V,
                                   size_t stride) {
  for (size_t row = 0; row < rows; row++) {
    const float *restrict x = logits + row * stride;
    size_t target = (size_t)targets[row];
    float greatest = ck_max(x, V), sum = 0, weighted = 0, total = 0;
    hit[row] = is_first_greatest(x, target, greatest);
    for (size_t i = 0; i < V; i++) {
      float d = x[i] - greatest, e = ck_expf(d);
      sum += e;
      weighted += e * d;
      total += d;
    }
    nll[row] = logf(sum) - (x[target] - greatest);
    mean[row] = total / (float)V + greatest;
    entropy[row] = logf(sum) - weighted / sum;
  }
}
