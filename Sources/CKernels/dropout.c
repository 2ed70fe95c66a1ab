#include "clones.h"

// Salmon, Moraes, Dror, Shaw: Parallel Random Numbers: As Easy as 1, 2, 3 (SC11). Seven rounds are their fastest form of
// Philox4x32 that passes BigCrush. A counter holds no state: the same key, step, site and element give the same decision, so that
// backward repeats forward's mask without storing it, and a resumed run repeats an undisturbed one.
CK_INLINE void philox(uint64_t *c0, uint64_t *c1, uint64_t *c2, uint64_t *c3, uint32_t k0, uint32_t k1) {
  for (int round = 0; round < 7; round++) {
    uint64_t a = (*c0 & 0xffffffffu) * 0xD2511F53u, b = (*c2 & 0xffffffffu) * 0xCD9E8D57u;
    uint64_t n0 = (b >> 32) ^ *c1 ^ k0, n2 = (a >> 32) ^ *c3 ^ k1;
    *c1 = b & 0xffffffffu;
    *c3 = a & 0xffffffffu;
    *c0 = n0 & 0xffffffffu;
    *c2 = n2 & 0xffffffffu;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
}

void ck_philox(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2]) {
  uint64_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  philox(&c0, &c1, &c2, &c3, key[0], key[1]);
  out[0] = (uint32_t)c0;
  out[1] = (uint32_t)c1;
  out[2] = (uint32_t)c2;
  out[3] = (uint32_t)c3;
}

#define BLOCKS (CK_DROPOUT_RUN / 8)
CK_CLONES void ck_dropout_apply(float *y, const float *x, size_t n, uint64_t first, const ck_dropout *dropout) {
  uint32_t k0 = (uint32_t)dropout->key, k1 = (uint32_t)(dropout->key >> 32), threshold = dropout->threshold;
  float scale = dropout->scale;
  uint64_t block = first / 8;
  for (size_t start = 0; start < n; start += CK_DROPOUT_RUN, block += BLOCKS) {
    uint16_t decision[CK_DROPOUT_RUN];
    for (int i = 0; i < BLOCKS; i++) {
      uint64_t number = block + (uint64_t)i;
      uint64_t c0 = number & 0xffffffffu, c1 = number >> 32, c2 = dropout->site, c3 = dropout->step;
      philox(&c0, &c1, &c2, &c3, k0, k1);
      decision[i] = (uint16_t)c0;
      decision[BLOCKS + i] = (uint16_t)(c0 >> 16);
      decision[2 * BLOCKS + i] = (uint16_t)c1;
      decision[3 * BLOCKS + i] = (uint16_t)(c1 >> 16);
      decision[4 * BLOCKS + i] = (uint16_t)c2;
      decision[5 * BLOCKS + i] = (uint16_t)(c2 >> 16);
      decision[6 * BLOCKS + i] = (uint16_t)c3;
      decision[7 * BLOCKS + i] = (uint16_t)(c3 >> 16);
    }
    // A run takes its decisions word by word (first the low halves of all blocks' word 0), which keeps the stores whole vectors.
    size_t count = n - start < CK_DROPOUT_RUN ? n - start : CK_DROPOUT_RUN;
    for (size_t i = 0; i < count; i++) y[start + i] = decision[i] < threshold ? 0.0f : x[start + i] * scale;
  }
}
