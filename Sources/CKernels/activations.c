#include "clones.h"

CK_CLONES void ck_swiglu_forward(float *restrict h, const float *restrict gu, size_t rows, size_t n) {
  for (size_t row = 0; row < rows; row++) {
    const float *restrict g = gu + row * 2 * n, *restrict u = g + n;
    float *restrict hr = h + row * n;
    for (size_t i = 0; i < n; i++) hr[i] = g[i] / (1.0f + ck_expf(-g[i])) * u[i];
  }
}

// silu(g) = g s with s = sigmoid(g); silu'(g) = s + g s (1 - s).
CK_CLONES void ck_swiglu_backward(float *restrict dgu, float *restrict dh_h, const float *restrict gu, size_t rows, size_t n) {
  for (size_t row = 0; row < rows; row++) {
    const float *restrict g = gu + row * 2 * n, *restrict u = g + n;
    float *restrict dg = dgu + row * 2 * n, *restrict du = dg + n, *restrict dh = dh_h + row * n;
    for (size_t i = 0; i < n; i++) {
      float s = 1.0f / (1.0f + ck_expf(-g[i])), silu = g[i] * s, d = dh[i];
      du[i] = d * silu;
      dg[i] = d * u[i] * (s + silu * (1.0f - s));
      dh[i] = silu * u[i];
    }
  }
}

// The same where products take bf16: what goes into one is rounded here, what backward wants is put away rounded.
CK_CLONES void ck_swiglu_forward_bf16(uint16_t *restrict h, uint16_t *restrict kept, const float *restrict gu, size_t rows, size_t n) {
  for (size_t row = 0; row < rows; row++) {
    const float *restrict g = gu + row * 2 * n, *restrict u = g + n;
    uint16_t *restrict hr = h + row * n, *restrict kg = kept + row * 2 * n, *restrict ku = kg + n;
    for (size_t i = 0; i < n; i++) {
      hr[i] = ck_round_bf16(g[i] / (1.0f + ck_expf(-g[i])) * u[i]);
      kg[i] = ck_round_bf16(g[i]);
      ku[i] = ck_round_bf16(u[i]);
    }
  }
}

CK_CLONES void ck_swiglu_backward_bf16(uint16_t *restrict dgu, uint16_t *restrict h, const float *restrict dh, const uint16_t *restrict gu,
                                       size_t rows, size_t n) {
  for (size_t row = 0; row < rows; row++) {
    const uint16_t *restrict kg = gu + row * 2 * n, *restrict ku = kg + n;
    uint16_t *restrict dg = dgu + row * 2 * n, *restrict du = dg + n, *restrict hr = h + row * n;
    const float *restrict dhr = dh + row * n;
    for (size_t i = 0; i < n; i++) {
      float g = ck_widen_bf16(kg[i]), u = ck_widen_bf16(ku[i]), s = 1.0f / (1.0f + ck_expf(-g)), silu = g * s, d = dhr[i];
      du[i] = ck_round_bf16(d * silu);
      dg[i] = ck_round_bf16(d * u * (s + silu * (1.0f - s)));
      hr[i] = ck_round_bf16(silu * u);
    }
  }
}

// gelu_new(x) = x/2 (1 + tanh(a)) = x sigmoid(2a) with a = sqrt(2/pi) (x + 0.044715 x^3): Hendrycks and Gimpel, arXiv 1606.08415.
#define CK_GELU_TWICE_ROOT 1.5957691216057308f
CK_CLONES void ck_gelu_forward(float *restrict y, const float *restrict x, size_t n) {
  for (size_t i = 0; i < n; i++) {
    float v = x[i];
    y[i] = v / (1.0f + ck_expf(-CK_GELU_TWICE_ROOT * (v + 0.044715f * v * v * v)));
  }
}

// d/dx x sigmoid(z) = s + x s (1 - s) z' with z' = 2 sqrt(2/pi) (1 + 3 * 0.044715 x^2).
CK_CLONES void ck_gelu_backward(float *restrict dx, float *restrict dy_y, const float *restrict x, size_t n) {
  for (size_t i = 0; i < n; i++) {
    float v = x[i], s = 1.0f / (1.0f + ck_expf(-CK_GELU_TWICE_ROOT * (v + 0.044715f * v * v * v)));
    float slope = CK_GELU_TWICE_ROOT * (1.0f + 3.0f * 0.044715f * v * v);
    dx[i] = dy_y[i] * (s + v * s * (1.0f - s) * slope);
    dy_y[i] = v * s;
  }
}

// The same where products take bf16; the bias of the product before is added on the way, and its gradient summed.
CK_CLONES void ck_gelu_forward_bf16(uint16_t *restrict y, uint16_t *restrict kept, const float *restrict x, const float *restrict b,
                                    size_t rows, size_t n) {
  for (size_t row = 0; row < rows; row++) {
    const float *restrict xr = x + row * n;
    uint16_t *restrict yr = y + row * n, *restrict kr = kept + row * n;
    for (size_t i = 0; i < n; i++) {
      float v = xr[i] + b[i];
      yr[i] = ck_round_bf16(v / (1.0f + ck_expf(-CK_GELU_TWICE_ROOT * (v + 0.044715f * v * v * v))));
      kr[i] = ck_round_bf16(v);
    }
  }
}

CK_CLONES void ck_gelu_backward_bf16(uint16_t *restrict dx, uint16_t *restrict y, float *restrict db, const float *restrict dy,
                                     const uint16_t *restrict x, size_t rows, size_t n) {
  for (size_t row = 0; row < rows; row++) {
    const uint16_t *restrict xr = x + row * n;
    const float *restrict dyr = dy + row * n;
    uint16_t *restrict dxr = dx + row * n, *restrict yr = y + row * n;
    for (size_t i = 0; i < n; i++) {
      float v = ck_widen_bf16(xr[i]), s = 1.0f / (1.0f + ck_expf(-CK_GELU_TWICE_ROOT * (v + 0.044715f * v * v * v)));
      float slope = CK_GELU_TWICE_ROOT * (1.0f + 3.0f * 0.044715f * v * v);
      float d = dyr[i] * (s + v * s * (1.0f - s) * slope);
      dxr[i] = ck_round_bf16(d);
      db[i] += d;
      yr[i] = ck_round_bf16(v * s);
    }
  }
}

CK_CLONES void ck_exp(float *y, const float *x, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] = ck_expf(x[i]);
}
