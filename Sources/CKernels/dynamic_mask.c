#include "clones.h"
#include "span.h"
#include <float.h>
#include <math.h>
#include <string.h>

// log(1 + e^x), with torch's linear branch above 20.
CK_INLINE float softplus(float x) { return x > 20.0f ? x : log1pf(expf(x)); }

void ck_dynamic_mask(float *restrict m, const float *restrict dt, float a, size_t n, size_t stride) {
  for (size_t t = 0; t < n; t++) m[t] = expf(a * softplus(dt[t * stride]));
}

float ck_dynamic_mask_backward(float *restrict ddt, const float *restrict dm, const float *restrict m, const float *restrict dt, float a,
                               size_t n, size_t stride) {
  double da = 0;
  for (size_t t = 0; t < n; t++) {
    float x = dt[t * stride], dexponent = dm[t] * m[t];
    da += (double)dexponent * softplus(x);
    ddt[t * stride] = dexponent * a * (x > 20.0f ? 1.0f : 1.0f / (1.0f + expf(-x)));
  }
  return (float)da;
}

// The order of keys: by value, then by place. Values are positive, so that their bits are ordered as they are.
CK_INLINE uint64_t rank_of(const float *m, size_t key) {
  uint32_t bits;
  memcpy(&bits, m + key, sizeof bits);
  return (uint64_t)bits << 32 | (uint32_t)key;
}

static void sift_down(uint64_t *heap, size_t n, size_t at) {
  uint64_t value = heap[at];
  for (size_t child; (child = 2 * at + 1) < n; at = child) {
    if (child + 1 < n && heap[child + 1] < heap[child]) child++;
    if (heap[child] >= value) break;
    heap[at] = heap[child];
  }
  heap[at] = value;
}

void ck_dynamic_mask_keep(float *restrict least, int32_t *restrict least_key, uint64_t *restrict heap, const float *restrict m,
                          const int32_t *restrict first, size_t past, size_t queries, size_t window) {
  size_t begin = 0, next = 0, count = 0;  // the heap holds the greatest `window` of the keys begin ..< next, the least on top
  for (size_t q = 0; q < queries; q++) {
    size_t from = first ? (size_t)first[q] : 0, end = past + q + 1;
    if (from != begin) {
      // A key that leaves may let another back in: count anew.
      begin = next = from;
      count = 0;
    }
    for (; next < end; next++) {
      uint64_t rank = rank_of(m, next);
      if (count < window) {
        size_t at = count++;
        for (; at > 0 && heap[(at - 1) / 2] > rank; at = (at - 1) / 2) heap[at] = heap[(at - 1) / 2];
        heap[at] = rank;
      } else if (rank > heap[0]) {
        heap[0] = rank;
        sift_down(heap, count, 0);
      }
    }
    if (count < window) {
      least[q] = -FLT_MAX;
      least_key[q] = 0;
    } else {
      least_key[q] = (int32_t)(uint32_t)heap[0];
      least[q] = m[least_key[q]];
    }
  }
}

/// s * scale + bias, -FLT_MAX where the key is not kept.
CK_INLINE void add_bias(float *restrict s, const float *restrict bias, size_t n, size_t key, float scale, float least, int32_t least_key) {
  for (size_t i = 0; i < n; i++) {
    int kept = bias[i] > least || (bias[i] == least && (int32_t)(key + i) >= least_key);
    s[i] = kept ? s[i] * scale + bias[i] : -FLT_MAX;
  }
}

CK_CLONES void ck_masked_softmax(float *restrict s, float *restrict lse, float *restrict inverse, const int32_t *restrict first, size_t last,
                                 const float *restrict bias, const float *restrict least, const int32_t *restrict least_key, float scale,
                                 size_t rows, size_t columns, size_t key) {
  for (size_t row = 0; row < rows; row++) {
    float *restrict sr = s + row * columns;
    ck_span v = ck_visible(first, last, row, columns, key);
    add_bias(sr + v.from, bias + key + v.from, v.to - v.from, key + v.from, scale, least ? least[row] : -FLT_MAX,
             least ? least_key[row] : 0);
    float greatest = ck_max(sr + v.from, v.to - v.from), sum = ck_exp_span(sr, v, columns, 1, greatest);
    lse[row] = greatest + logf(sum);
    inverse[row] = 1.0f / sum;
  }
}

CK_CLONES void ck_masked_probabilities(float *restrict s, const float *restrict lse, const int32_t *restrict first, size_t last,
                                       const float *restrict bias, const float *restrict least, const int32_t *restrict least_key,
                                       float scale, size_t rows, size_t columns, size_t key) {
  for (size_t row = 0; row < rows; row++) {
    float *restrict sr = s + row * columns;
    ck_span v = ck_visible(first, last, row, columns, key);
    add_bias(sr + v.from, bias + key + v.from, v.to - v.from, key + v.from, scale, least ? least[row] : -FLT_MAX,
             least ? least_key[row] : 0);
    ck_exp_span(sr, v, columns, 1, lse[row]);
  }
}
