#pragma once
#include "clones.h"

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
