#include "clones.h"
#include <math.h>
#include <string.h>

typedef struct {
  float score;
  uint32_t place;
} candidate;

// Greater first; equals in the order of their places.
CK_INLINE int before(candidate a, candidate b) { return a.score > b.score || (a.score == b.score && a.place < b.place); }

/// The k first of n candidates to the front, in order.
static void take_first(candidate *c, size_t n, size_t k) {
  for (size_t i = 1; i < n; i++) {
    candidate value = c[i];
    size_t at;
    if (i < k) {
      at = i;
    } else {
      if (!before(value, c[k - 1])) continue;
      at = k - 1;
    }
    for (; at > 0 && before(value, c[at - 1]); at--) c[at] = c[at - 1];
    c[at] = value;
  }
}

void ck_experts_choose(int32_t *restrict experts, float *restrict weights, const float *restrict x_scores, const float *restrict y_scores,
                       size_t n, size_t k, void *restrict scratch) {
  candidate *xs = scratch, *ys = xs + n, *sums = ys + n;
  size_t keep = k < n ? k : n, count = 0;
  for (size_t i = 0; i < n; i++) {
    xs[i] = (candidate){x_scores[i], (uint32_t)i};
    ys[i] = (candidate){y_scores[i], (uint32_t)i};
  }
  take_first(xs, n, keep);
  take_first(ys, n, keep);
  // A sum of the i-th and the j-th greatest has (i + 1)(j + 1) - 1 sums before it.
  for (size_t i = 0; i < keep; i++)
    for (size_t j = 0; j < keep && (i + 1) * (j + 1) <= k; j++)
      sums[count++] = (candidate){xs[i].score + ys[j].score, xs[i].place * (uint32_t)n + ys[j].place};
  take_first(sums, count, k);
  float sum = 0;
  for (size_t j = 0; j < k; j++) {
    experts[j] = (int32_t)sums[j].place;
    weights[j] = expf(sums[j].score - sums[0].score);
    sum += weights[j];
  }
  for (size_t j = 0; j < k; j++) weights[j] /= sum;
}

CK_CLONES void ck_experts_forward(float *restrict out, float *restrict inner, const float *restrict x, const int32_t *restrict experts,
                                  const float *restrict weights, const float *restrict down, const float *restrict up, size_t k, size_t d) {
  for (size_t j = 0; j < k; j++) {
    const float *restrict dj = down + (size_t)experts[j] * d, *restrict uj = up + (size_t)experts[j] * d;
    float a = 0;
    for (size_t i = 0; i < d; i++) a += dj[i] * x[i];
    inner[j] = a;
    float e = a / (1.0f + ck_expf(-a)) * weights[j];
    for (size_t i = 0; i < d; i++) out[i] += e * uj[i];
  }
}

CK_CLONES void ck_experts_backward(float *restrict dx, float *restrict dinner, float *restrict active, float *restrict dx_scores,
                                   float *restrict dy_scores, const float *restrict dout, const float *restrict inner,
                                   const int32_t *restrict experts, const float *restrict weights, const float *restrict down,
                                   const float *restrict up, size_t n, size_t k, size_t d) {
  float sum = 0;  // over experts, of weight times gradient of the weight
  for (size_t j = 0; j < k; j++) {
    const float *restrict dj = down + (size_t)experts[j] * d, *restrict uj = up + (size_t)experts[j] * d;
    float de = 0, a = inner[j], s = 1.0f / (1.0f + ck_expf(-a));
    for (size_t i = 0; i < d; i++) de += dout[i] * uj[i];
    active[j] = a * s * weights[j];
    float da = de * weights[j] * s * (1.0f + a * (1.0f - s));
    dinner[j] = da;
    for (size_t i = 0; i < d; i++) dx[i] += da * dj[i];
    sum += de * active[j];
    dx_scores[(size_t)experts[j] / n] += de * active[j];
    dy_scores[(size_t)experts[j] % n] += de * active[j];
  }
  for (size_t j = 0; j < k; j++) {
    dx_scores[(size_t)experts[j] / n] -= weights[j] * sum;
    dy_scores[(size_t)experts[j] % n] -= weights[j] * sum;
  }
}

CK_CLONES void ck_softmax(float *restrict p, const float *restrict x, size_t n) {
  float greatest = ck_max(x, n), sum = 0;
  for (size_t i = 0; i < n; i++) {
    p[i] = ck_expf(x[i] - greatest);
    sum += p[i];
  }
  float inverse = 1.0f / sum;
  for (size_t i = 0; i < n; i++) p[i] *= inverse;
}

CK_CLONES void ck_softmax_backward(float *restrict dx, const float *restrict p, const float *restrict dp, float scale, size_t n) {
  float dot = 0;
  for (size_t i = 0; i < n; i++) dot += p[i] * dp[i];
  for (size_t i = 0; i < n; i++) dx[i] += scale * p[i] * (dp[i] - dot);
}

CK_CLONES void ck_accumulate_scaled(float *restrict y, const float *restrict x, float s, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] += s * x[i];
}
