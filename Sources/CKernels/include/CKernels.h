#pragma once
#include <stddef.h>
#include <stdint.h>

// Elementwise and row-wise kernels in C, because they run three to twenty times faster than the same loops in Swift
// (no vector reductions there, no run-time choice of instruction set). Every function works on the rows or elements it is given
// and starts no thread: the Swift side cuts the work (ThreadTeam) and keeps the plain versions that prove these.
// Order of arguments: outputs, inputs, sizes. A gradient's name starts with d. (+=) accumulates, all else assigns.

// ---- parallel.c: one team of threads, the one that oneDNN's products use too.
/// Runs body(context, task, worker) for each task in 0..<tasks on `threads` threads; worker < threads. Returns when all are done.
void ck_parallel(int threads, size_t tasks, void (*body)(void *context, size_t task, int worker), void *context);
/// How many threads the next product of oneDNN on this thread may use. Ignored inside ck_parallel, where a product stays alone.
void ck_set_product_threads(int threads);
/// Processors that this process may run on.
int ck_available_processors(void);

// ---- cpu.c: what the processor offers and the operating system has enabled.
enum ck_cpu_feature {
  CK_CPU_AVX2 = 1, CK_CPU_FMA = 2, CK_CPU_AVX512F = 4, CK_CPU_AVX512BW = 8, CK_CPU_AVX512_VNNI = 16, CK_CPU_AVX512_BF16 = 32,
  CK_CPU_AMX_TILE = 64, CK_CPU_AMX_BF16 = 128, CK_CPU_AMX_INT8 = 256, CK_CPU_F16C = 512
};
uint32_t ck_cpu_features(void);
/// Whether all of these are there; quick, for use at every call.
int ck_cpu_has(uint32_t features);
/// The clone that run-time dispatch takes: "x86-64-v4", "x86-64-v3" or "default".
const char *ck_kernel_clone(void);

// ---- norms.c: rows of d.
/// x += r where r is given; rstd = 1/sqrt(mean(x^2) + eps); y = x * rstd * w, rounded to bf16 into `rounded` alone where that is given.
void ck_rmsnorm_forward(float *y, uint16_t *rounded, float *rstd, float *x, const float *r, const float *w, float eps, size_t rows,
                        size_t d);
/// dx (+=), dw (+=); dy_y holds dy on entry and y = x * rstd * w on return. Where rounded_dx and rounded_y are given, dx is put there too,
/// in bf16, and y there alone.
void ck_rmsnorm_backward(float *dx, uint16_t *rounded_dx, float *dw, float *dy_y, uint16_t *rounded_y, const float *x, const float *w,
                         const float *rstd, size_t rows, size_t d);
/// x += r where r is given; y = (x - mean) * rstd * w + b, rounded to bf16 into `rounded` alone where that is given. statistics: mean and
/// rstd of each row, interleaved.
void ck_layernorm_forward(float *y, uint16_t *rounded, float *statistics, float *x, const float *r, const float *w, const float *b,
                          float eps, size_t rows, size_t d);
/// dx (+=), dw (+=), db (+=); dy_y holds dy on entry and y on return. Where rounded_dx and rounded_y are given, dx is put there too, in
/// bf16, and y there alone.
void ck_layernorm_backward(float *dx, uint16_t *rounded_dx, float *dw, float *db, float *dy_y, uint16_t *rounded_y, const float *x,
                           const float *w, const float *b, const float *statistics, size_t rows, size_t d);

// ---- head_norm.c: `heads` heads of d close together in rows that lie row_stride apart.
/// y = x * w / sqrt(mean(x^2) + eps) of each head.
void ck_head_norm_forward(float *y, const float *x, const float *w, float eps, size_t rows, size_t row_stride, size_t heads, size_t d);
/// dy_dx holds dy on entry and dx on return; dw (+=).
void ck_head_norm_backward(float *dy_dx, float *dw, const float *x, const float *w, float eps, size_t rows, size_t row_stride,
                           size_t heads, size_t d);

// ---- activations.c
/// h[r, i] = silu(gu[r, i]) * gu[r, n + i]; gu is (rows, 2n), h is (rows, n).
void ck_swiglu_forward(float *h, const float *gu, size_t rows, size_t n);
/// dgu assigned; dh_h holds dh on entry and h on return.
void ck_swiglu_backward(float *dgu, float *dh_h, const float *gu, size_t rows, size_t n);
/// h and, as backward wants it, gu in bf16.
void ck_swiglu_forward_bf16(uint16_t *h, uint16_t *kept, const float *gu, size_t rows, size_t n);
/// dgu and h assigned, in bf16, from gu in bf16.
void ck_swiglu_backward_bf16(uint16_t *dgu, uint16_t *h, const float *dh, const uint16_t *gu, size_t rows, size_t n);
/// The tanh form, "gelu_new".
void ck_gelu_forward(float *y, const float *x, size_t n);
/// dx assigned; dy_y holds dy on entry and y on return.
void ck_gelu_backward(float *dx, float *dy_y, const float *x, size_t n);
/// Rows of n: y = gelu(x + b) and, as backward wants it, x + b in bf16.
void ck_gelu_forward_bf16(uint16_t *y, uint16_t *kept, const float *x, const float *b, size_t rows, size_t n);
/// dx and y assigned, in bf16, from x in bf16; db (+=) the sums over rows of dx before it is rounded.
void ck_gelu_backward_bf16(uint16_t *dx, uint16_t *y, float *db, const float *dy, const uint16_t *x, size_t rows, size_t n);
/// y = exp(x), |relative error| < 2e-7 on [-87, 88], clamped outside.
void ck_exp(float *y, const float *x, size_t n);

// ---- elementwise.c
/// y = a + b
void ck_add(float *y, const float *a, const float *b, size_t n);
/// y (+=) x
void ck_accumulate(float *y, const float *x, size_t n);
/// y = x * s
void ck_scale(float *y, const float *x, float s, size_t n);
/// y (+=) b in each row.
void ck_bias_add(float *y, const float *b, size_t rows, size_t n);
/// db (+=) the sum over rows of dy's n columns; rows lie `stride` apart.
void ck_column_sum(float *db, const float *dy, size_t rows, size_t n, size_t stride);
/// y = x in bf16, rows of n; sums (+=) those of x's columns.
void ck_round_and_sum(uint16_t *y, float *sums, const float *x, size_t rows, size_t n);
/// Sum of x^2, accumulated in double.
double ck_sum_of_squares(const float *x, size_t n);

// ---- skinny.c
/// y (m, n) = x (m, k) w (n, k)^T for few rows m; rows of y lie `stride_y` apart.
void ck_skinny_product(float *y, const float *x, const float *w, size_t m, size_t n, size_t k, size_t stride_y);

// ---- low_rank.c: products with a matrix of a few rows, those of an adapter; strides are distances of rows in numbers.
/// y (rows, rank) = scale * x (rows, k) a (rank, k)^T
void ck_low_rank_shrink(float *y, size_t stride_y, const float *x, size_t stride_x, const float *a, size_t rows, size_t k, size_t rank,
                        float scale);
void ck_low_rank_shrink_bf16(float *y, size_t stride_y, const uint16_t *x, size_t stride_x, const float *a, size_t rows, size_t k,
                             size_t rank, float scale);
/// y (rows, n) (+=) x (rows, rank) b (rank, n)
void ck_low_rank_expand(float *y, size_t stride_y, const float *x, size_t stride_x, const float *b, size_t rows, size_t n, size_t rank);
/// g[j * along_rank + i * along_columns] (+=) the sum over rows of x[r, j] y[r, i]; y (rows, n).
void ck_low_rank_gradient(float *g, size_t along_rank, size_t along_columns, const float *x, size_t stride_x, const float *y,
                          size_t stride_y, size_t rows, size_t n, size_t rank);
void ck_low_rank_gradient_bf16(float *g, size_t along_rank, size_t along_columns, const float *x, size_t stride_x, const uint16_t *y,
                               size_t stride_y, size_t rows, size_t n, size_t rank);
/// y (columns, rows) = x (rows, columns)^T
void ck_transpose(float *y, const float *x, size_t rows, size_t columns);

// ---- draw.c: choosing a token.
/// The place of the greatest element, the first among equals.
size_t ck_first_greatest(const float *x, size_t n);
/// weights = exp((x - greatest) * scale); sums: of each `block` of them, the last one shorter.
void ck_draw_weights(float *weights, double *sums, const float *x, float greatest, float scale, size_t n, size_t block);

// ---- rotary.c
/// Rotates pairs (i, i + d/2) of each of `heads` heads of each row, in place. cosine, sine: (positions, d/2). sign -1 is the inverse.
void ck_rotary(float *x, size_t rows, size_t row_stride, size_t heads, size_t d, const int32_t *positions, const float *cosine,
               const float *sine, float sign);

// ---- dropout.c: Philox4x32-7, eight decisions of 16 bits a block; decision i of a site is the same whoever asks.
#define CK_DROPOUT_RUN 256  // elements whose decisions are drawn together
typedef struct {
  uint64_t key;      // the seed
  uint32_t site;     // which dropout of the model
  uint32_t step;     // which micro-batch
  uint32_t threshold;  // dropped where the 16-bit decision is below; 0 drops nothing
  float scale;       // what kept elements are multiplied with
} ck_dropout;
/// y = x * scale or 0. `first` is the element index of x[0], a multiple of CK_DROPOUT_RUN. y may be x.
void ck_dropout_apply(float *y, const float *x, size_t n, uint64_t first, const ck_dropout *dropout);
/// One Philox4x32-7 block.
void ck_philox(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2]);

// ---- attention.c: a block of queries against the keys key ..< key + columns; rows of s lie `columns` apart.
// Query row r may attend to the keys first[r] ... last + r (both included; first may be NULL: 0); elements outside become 0.
/// s becomes exp(s * scale - max); lse = max + log(sum), inverse = 1 / sum.
void ck_attention_softmax(float *s, float *lse, float *inverse, const int32_t *first, size_t last, float scale, size_t rows,
                          size_t columns, size_t key);
/// s becomes p = exp(s * scale - lse).
void ck_attention_probabilities(float *s, const float *lse, const int32_t *first, size_t last, float scale, size_t rows,
                                size_t columns, size_t key);
/// dp becomes ds = p * (dp - delta) * scale; p is 0 where a query may not look.
void ck_attention_softmax_backward(float *dp, const float *p, const float *delta, float scale, size_t rows, size_t columns);
/// out[r, :] *= inverse[r], rows of d that lie `stride` apart.
void ck_scale_rows(float *out, const float *inverse, size_t rows, size_t d, size_t stride);
/// delta[r] = sum of a[r, :] * b[r, :].
void ck_row_dots(float *delta, const float *a, const float *b, size_t rows, size_t d, size_t stride_a, size_t stride_b);
/// One query against keys first ... last: out = softmax(q k^T * scale) v, lse as above. scores: room for last - first + 1.
void ck_attention_decode(float *out, float *lse, float *scores, const float *q, const float *k, const float *v, size_t stride,
                         size_t first, size_t last, size_t d, float scale);

// ---- pair_product.c: products of bf16 operands that lie in pairs along the sum, 32 bits a pair, the earlier element in the lower half.
/// C (m, n) = A B, or += A B. Pair p of A's row i is a[i * row_a + p * pair_a], of B's column j b[p * stride_b + j]. n: a multiple of 16.
void ck_pair_product(float *c, const uint32_t *a, const uint32_t *b, size_t m, size_t n, size_t pairs, size_t stride_c, size_t row_a,
                     size_t pair_a, size_t stride_b, int accumulate);
/// x (rows, n) * scale rounded, neighbours in a row as pairs: y (rows, n / 2). n: a multiple of 16, here and below.
void ck_pairs_along_rows(uint32_t *y, const float *x, size_t rows, size_t n, size_t stride_x, float scale);
/// The same with the elements of rows 2p and 2p + 1 as pairs: y[p * stride_y + j]; a last odd row is paired with zeros.
void ck_pairs_across_rows(uint32_t *y, const float *x, size_t rows, size_t n, size_t stride_x, size_t stride_y, float scale);
/// Neighbours in a row as pairs, turned: y[p * stride_y + r].
void ck_pairs_turned(uint32_t *y, const float *x, size_t rows, size_t n, size_t stride_x, size_t stride_y);

// ---- dynamic_mask.c: Doge's dynamic mask, one number a key, added to the scores.
/// m[t] = exp(a * softplus(dt[t * stride]))
void ck_dynamic_mask(float *m, const float *dt, float a, size_t n, size_t stride);
/// ddt[t * stride] assigned; returns da.
float ck_dynamic_mask_backward(float *ddt, const float *dm, const float *m, const float *dt, float a, size_t n, size_t stride);
/// For each query, the least of the `window` greatest mask values among the keys first[q] ... past + q, and its place: a key is kept
/// where its value is greater, or equal and its place not before. -FLT_MAX where all are kept. heap: room for `window`.
void ck_dynamic_mask_keep(float *least, int32_t *least_key, uint64_t *heap, const float *m, const int32_t *first, size_t past,
                          size_t queries, size_t window);
/// As ck_attention_softmax and ck_attention_probabilities, of s * scale + bias[key] over the kept keys; bias counts from key 0.
/// least, least_key: of each row, or NULL where all keys are kept.
void ck_masked_softmax(float *s, float *lse, float *inverse, const int32_t *first, size_t last, const float *bias, const float *least,
                       const int32_t *least_key, float scale, size_t rows, size_t columns, size_t key);
void ck_masked_probabilities(float *s, const float *lse, const int32_t *first, size_t last, const float *bias, const float *least,
                             const int32_t *least_key, float scale, size_t rows, size_t columns, size_t key);

// ---- experts.c: one token; n keys of the router, k chosen of n * n experts, tables in rows of d.
/// The k greatest sums of an x- and a y-score, the greatest first, equals by their place: expert i * n + j, and the softmax over them.
/// scratch: 2n + the sums with (i + 1)(j + 1) <= k, 8 bytes each.
void ck_experts_choose(int32_t *experts, float *weights, const float *x_scores, const float *y_scores, size_t n, size_t k, void *scratch);
/// inner[j] = down[e_j] . x; out (+=) sum over j of silu(inner[j]) * weights[j] * up[e_j].
void ck_experts_forward(float *out, float *inner, const float *x, const int32_t *experts, const float *weights, const float *down,
                        const float *up, size_t k, size_t d);
/// dx (+=), dx_scores (+=), dy_scores (+=); dinner, and active[j] = silu(inner[j]) * weights[j].
void ck_experts_backward(float *dx, float *dinner, float *active, float *dx_scores, float *dy_scores, const float *dout, const float *inner,
                         const int32_t *experts, const float *weights, const float *down, const float *up, size_t n, size_t k, size_t d);
void ck_softmax(float *p, const float *x, size_t n);
/// dx (+=) scale * the gradient of p = softmax(x), from dp.
void ck_softmax_backward(float *dx, const float *p, const float *dp, float scale, size_t n);
/// y (+=) x * s
void ck_accumulate_scaled(float *y, const float *x, float s, size_t n);

// ---- gates.c: rows of d times a vector.
/// y (+=) gate * x
void ck_gate_forward(float *y, const float *x, const float *gate, size_t rows, size_t d);
/// dy_dx holds dy on entry and dx = dy * gate on return; dgate (+=) the sum over rows of dy * x.
void ck_gate_backward(float *dy_dx, float *dgate, const float *x, const float *gate, size_t rows, size_t d);

// ---- cross_entropy.c: rows of V logits that lie `stride` apart.
/// nll, hit (1 where the first greatest logit is the target's); logits become softmax * weight, less weight at the target,
/// where weight = weights[r] * scale (weights may be NULL: 1).
void ck_cross_entropy_gradient(float *logits, float *nll, uint8_t *hit, const int32_t *targets, const float *weights, float scale,
                               size_t rows, size_t V, size_t stride);
/// The same with the gradient in bf16, in the first half of each row of logits: rows of the gradient lie 2 * stride numbers apart.
void ck_cross_entropy_gradient_bf16(float *logits, float *nll, uint8_t *hit, const int32_t *targets, const float *weights, float scale,
                                    size_t rows, size_t V, size_t stride);
/// nll and hit alone; logits stay.
void ck_cross_entropy(float *nll, uint8_t *hit, const float *logits, const int32_t *targets, size_t rows, size_t V, size_t stride);
/// The same with each row's mean logit and the entropy of its distribution, in nats.
void ck_logit_statistics(float *nll, uint8_t *hit, float *mean, float *entropy, const float *logits, const int32_t *targets,
                         size_t rows, size_t V, size_t stride);

// ---- optimiser.c
typedef struct {
  float learning_rate, beta1, beta2, epsilon, weight_decay;
  float correction1, correction2;  // 1 - beta1^t, 1 - beta2^t
  float gradient_scale;            // clipping: the gradient is multiplied with this first
} ck_adamw_step;
/// One step of torch.optim.AdamW; where clear is not 0 the gradient is set to 0 in the same pass.
void ck_adamw(float *p, float *g, float *m, float *v, size_t n, const ck_adamw_step *step, int clear);
typedef struct {
  float learning_rate, beta1, beta2, weight_decay, gradient_scale;
} ck_lion_step;
/// One step of Lion; the gradient is set to 0.
void ck_lion(float *p, float *g, float *m, size_t n, const ck_lion_step *step);
/// row_means (=) and column_sums (+=) of (g scale)^2 + epsilon of a matrix.
void ck_adafactor_squares(float *row_means, float *column_sums, const float *g, size_t rows, size_t columns, float scale,
                          float epsilon);
/// The sum of squares of g * scale * row_factors * column_factors.
double ck_adafactor_norm(const float *g, const float *row_factors, const float *column_factors, size_t rows, size_t columns,
                         float scale);
/// p = p decay - size * (g * scale * row_factors * column_factors); g is set to 0.
void ck_adafactor_apply(float *p, float *g, const float *row_factors, const float *column_factors, size_t rows, size_t columns,
                        float scale, float size, float decay);

// ---- conversions.c
void ck_bf16_to_f32(float *y, const uint16_t *x, size_t n);
void ck_f16_to_f32(float *y, const uint16_t *x, size_t n);
/// Round to nearest even; NaN stays NaN.
void ck_f32_to_bf16(uint16_t *y, const float *x, size_t n);
