#include "clones.h"
#include "span.h"
#include <math.h>
#include <string.h>

CK_CLONES void ck_attention_softmax(float *restrict s, float *restrict lse, float *restrict inverse, const int32_t *restrict first,
                                    size_t last, float scale, size_t rows, size_t columns, size_t key) {
  for (size_t row = 0; row < rows; row++) {
    float *restrict sr = s + row * columns;
    ck_span span = ck_visible(first, last, row, columns, key);
    memset(sr, 0, span.from * sizeof(float));
    memset(sr + span.to, 0, (columns - span.to) * sizeof(float));
    float greatest = ck_max(sr + span.from, span.to - span.from) * scale, sum = 0;
    for (size_t i = span.from; i < span.to; i++) {
      float e = ck_expf(sr[i] * scale - greatest);
      sr[i] = e;
      sum += e;
    }
    lse[row] = greatest + logf(sum);
    inverse[row] = 1.0f / sum;
  }
}

CK_CLONES void ck_attention_probabilities(float *restrict s, const float *restrict lse, const int32_t *restrict first, size_t last,
                                          float scale, size_t rows, size_t columns, size_t key) {
  for (size_t row = 0; row < rows; row++) {
    float *restrict sr = s + row * columns;
    ck_span span = ck_visible(first, last, row, columns, key);
    memset(sr, 0, span.from * sizeof(float));
    memset(sr + span.to, 0, (columns - span.to) * sizeof(float));
    float l = lse[row];
    for (size_t i = span.from; i < span.to; i++) sr[i] = ck_expf(sr[i] * scale - l);
  }
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
  for (size_t t = 0; t < n; t++) {
    float sum = 0;
    for (size_t i = 0; i < d; i++) sum += q[i] * kr[t * stride + i];
    scores[t] = sum * scale;
  }
  float greatest = ck_max(scores, n), sum = 0;
  for (size_t t = 0; t < n; t++) {
    float e = ck_expf(scores[t] - greatest);
    scores[t] = e;
    sum += e;
  }
  for (size_t i = 0; i < d; i++) out[i] = 0;
  for (size_t t = 0; t < n; t++) {
    float p = scores[t];
    for (size_t i = 0; i < d; i++) out[i] += p * vr[t * stride + i];
  }
  *lse = greatest + logf(sum);
  float inverse = 1.0f / sum;
  for (size_t i = 0; i < d; i++) out[i] *= inverse;
}
