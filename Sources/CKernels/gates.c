#include "clones.h"

CK_CLONES void ck_gate_forward(float *restrict y, const float *restrict x, const float *restrict gate, size_t rows, size_t d) {
  for (size_t row = 0; row < rows; row++) {
    float *restrict yr = y + row * d;
    const float *restrict xr = x + row * d;
    for (size_t i = 0; i < d; i++) yr[i] += gate[i] * xr[i];
  }
}

CK_CLONES void ck_gate_backward(float *restrict dy_dx, float *restrict dgate, const float *restrict x, const float *restrict gate,
                                size_t rows, size_t d) {
  for (size_t row = 0; row < rows; row++) {
    float *restrict dr = dy_dx + row * d;
    const float *restrict xr = x + row * d;
    for (size_t i = 0; i < d; i++) {
      dgate[i] += dr[i] * xr[i];
      dr[i] *= gate[i];
    }
  }
}
