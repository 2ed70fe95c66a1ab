#pragma once
#include "clones.h"
#include "totals.h"
#include <float.h>
#include <string.h>

/// Columns of a block of keys, which begins at `key`, that a row may see: none after its own, none before its window or document.
typedef struct {
  size_t from, to;
} ck_span;

CK_INLINE ck_span ck_visible(const int32_t *first, size_t last, size_t row, size_t columns, size_t key) {
  size_t begin = first ? (size_t)first[row] : 0, end = last + row + 1;
  ck_span span = {begin > key ? begin - key : 0, end > key ? end - key : 0};
  if (span.to > columns) span.to = columns;
  if (span.from > span.to) span.from = span.to;
  return span;
}

/// Sixteen elements become exp(s * scale - shift), or 0 from -FLT_MAX, and are added to the sums.
CK_INLINE void ck_exp_lanes(ck_v16 *sum, float *s, float scale, float shift) {
  union {
    ck_v16 vector;
    float lane[16];
  } x = {.vector = *(const ck_v16 *)s};
  for (int t = 0; t < 16; t++) x.lane[t] = x.lane[t] == -FLT_MAX ? 0.0f : ck_expf(x.lane[t] * scale - shift);
  *(ck_v16 *)s = x.vector;
  *sum += x.vector;
}

/// The visible part of a row becomes exp(s * scale - shift), -FLT_MAX becomes 0, and so does the rest of the row; returns the sum. Whole
/// registers, also behind the last visible element where the row has room: up to fifteen elements one by one took as long as a hundred.
CK_INLINE float ck_exp_span(float *restrict s, ck_span span, size_t columns, float scale, float shift) {
  size_t padded = span.from + (span.to - span.from + 15) / 16 * 16, i = span.from;
  if (padded > columns) padded = span.from + (span.to - span.from) / 16 * 16;
  for (size_t t = span.to; t < padded; t++) s[t] = -FLT_MAX;
  ck_v16 sums[2] = {(ck_v16)0.0f, (ck_v16)0.0f};
  for (; i + 32 <= padded; i += 32)
    for (size_t half = 0; half < 2; half++) ck_exp_lanes(&sums[half], s + i + 16 * half, scale, shift);
  if (i < padded) ck_exp_lanes(&sums[0], s + i, scale, shift), i += 16;
  sums[0] += sums[1];
  float sum = ck_total(&sums[0]);
  for (; i < span.to; i++) {
    s[i] = s[i] == -FLT_MAX ? 0.0f : ck_expf(s[i] * scale - shift);
    sum += s[i];
  }
  memset(s, 0, span.from * sizeof(float));
  memset(s + span.to, 0, (columns - span.to) * sizeof(float));
  return sum;
}
