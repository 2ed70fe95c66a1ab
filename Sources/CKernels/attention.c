#include "clones.h"
#include "span.h"
#include "totals.h"
#include <math.h>
#include <string.h>

CK_CLONES void ck_attention_softmax(float *restrict s, float *restrict lse, float *restrict inverse, const int32_t *restrict first,
                                    size_t last, float scale, size_t rows, size_t columns, size_t key) {
  for (size_t row = 0; row < rows; row++) {
    float *restrict sr = s + row * columns;
    ck_span span = ck_visible(first, last, row, columns, key);
    float greatest = ck_max(sr + span.from, span.to - span.from) * scale;
    float sum = ck_exp_span(sr, span, columns, scale, greatest);
    lse[row] = greatest + logf(sum);
    inverse[row] = 1.0f / sum;
  }
}

CK_CLONES void ck_attention_probabilities(float *restrict s, const float *restrict lse, const int32_t *restrict first, size_t last,
                                          float scale, size_t rows, size_t columns, size_t key) {
  for (size_t row = 0; row < rows; row++)
    ck_exp_span(s + row * columns, ck_visible(first, last, row, columns, key), columns, scale, lse[row]);
}

CK_CLONES void ck_attention_softmax_backward(float *restrict dp, const float *restrict p, const float *restrict delta, float scale,
                                             size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++) {
    float *restrict dpr = dp + row * columns;
    const float *restrict pr = p + row * columns;
    float d = delta[row];
    for (size_t i = 0; i < columns; i++) dpr[i] = pr[i] * (dpr[i] - d) * scale;
  }
}

CK_CLONES void ck_scale_rows(float *restrict out, const float *restrict inverse, size_t rows, size_t d, size_t stride) {
  for (size_t row = 0; row < rows; row++) {
    float *restrict o = out + row * stride, k = inverse[row];
    for (size_t i = 0; i < d; i++) o[i] *= k;
  }
}

CK_CLONES void ck_row_dots(float *restrict delta, const float *restrict a, const float *restrict b, size_t rows, size_t d,
                           size_t stride_a, size_t stride_b) {
  for (size_t row = 0; row < rows; row++) {
    const float *restrict ar = a + row * stride_a, *restrict br = b + row * stride_b;
    float sum = 0;
    for (size_t i = 0; i < d; i++) sum += ar[i] * br[i];
    delta[row] = sum;
  }
}

CK_CLONES void ck_attention_decode(float *restrict out, float *restrict lse, float *restrict scores, const float *restrict q,
                                   const float *restrict k, const float *restrict v, size_t stride, size_t first, size_t last, size_t d,
                                   float scale) {
  size_t n = last - first + 1;
  const float *restrict kr = k + first * stride, *restrict vr = v + first * stride;
  size_t done = 0;
  if (d % 16 == 0)  // sixteen keys side by side: their sums are folded together
    for (; done + 16 <= n; done += 16) {
      ck_v16 sums[16];
      for (int s = 0; s < 16; s++) sums[s] = (ck_v16)0.0f;
      for (size_t i = 0; i < d; i += 16) {
        ck_v16 part = *(const ck_v16 *)(q + i);
        for (int s = 0; s < 16; s++) sums[s] += part * *(const ck_v16 *)(kr + (done + (size_t)s) * stride + i);
      }
      ck_totals(scores + done, sums);
    }
  for (; done < n; done++) {
    float sum = 0;
    for (size_t i = 0; i < d; i++) sum += q[i] * kr[done * stride + i];
    scores[done] = sum;
  }
  for (size_t t = 0; t < n; t++) scores[t] *= scale;
  float greatest = ck_max(scores, n), sum = 0;
  for (size_t t = 0; t < n; t++) {
    float e = ck_expf(scores[t] - greatest);
    scores[t] = e;
    sum += e;
  }
  for (size_t i = 0; i < d; i++) out[i] = 0;
  size_t added = 0;
  for (; added + 4 <= n; added += 4) {
    const float *restrict v0 = vr + added * stride, *restrict v1 = v0 + stride, *restrict v2 = v1 + stride, *restrict v3 = v2 + stride;
    float p0 = scores[added], p1 = scores[added + 1], p2 = scores[added + 2], p3 = scores[added + 3];
    for (size_t i = 0; i < d; i++) out[i] += (p0 * v0[i] + p1 * v1[i]) + (p2 * v2[i] + p3 * v3[i]);
  }
  for (; added < n; added++) {
    float p = scores[added];
    for (size_t i = 0; i < d; i++) out[i] += p * vr[added * stride + i];
  }
  *lse = greatest + logf(sum);
  float inverse = 1.0f / sum;
  for (size_t i = 0; i < d; i++) out[i] *= inverse;
}
