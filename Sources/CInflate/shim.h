#pragma once
// ISA-L's inflate state is a struct of 80 KiB with arrays that Swift does not import: it is handled here as so many bytes.
#include <isa-l/igzip_lib.h>
#include <stddef.h>

struct inflate_step {
  /// ISAL_DECOMP_OK, or a negative ISAL_… code.
  int code;
  const uint8_t *input;
  uint32_t input_left;
  uint32_t output_left;
  /// The member's trailer was read, and its checksum fits.
  int is_finished;
};

static inline size_t inflate_state_size(void) { return sizeof(struct inflate_state); }

/// Ready for a gzip member (RFC 1952): header, data, trailer.
static inline void inflate_begin(void *state) {
  isal_inflate_init(state);
  ((struct inflate_state *)state)->crc_flag = ISAL_GZIP;
}

static inline struct inflate_step inflate_some(
    void *memory, const uint8_t *input, uint32_t input_left, uint8_t *output, uint32_t output_left) {
  struct inflate_state *state = memory;
  state->next_in = (uint8_t *)input;
  state->avail_in = input_left;
  state->next_out = output;
  state->avail_out = output_left;
  struct inflate_step step;
  step.code = isal_inflate(state);
  step.input = state->next_in;
  step.input_left = state->avail_in;
  step.output_left = state->avail_out;
  step.is_finished = state->block_state == ISAL_BLOCK_FINISH;
  return step;
}
