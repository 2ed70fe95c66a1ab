"""The baseline of bench-generate: transformers' generate with its cache, sampling from the whole distribution. One JSON line."""

import argparse
import json
import os
import time

options = argparse.ArgumentParser()
options.add_argument("--batch", type=int, default=1)
options.add_argument("--prompt", type=int, default=32)
options.add_argument("--new", type=int, default=128)
options.add_argument("--threads", type=int, default=2)
options.add_argument("--seconds", type=float, default=8)
options = options.parse_args()
os.environ["OMP_NUM_THREADS"] = str(options.threads)
os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import transformers

transformers.logging.set_verbosity_error()
torch.set_num_threads(options.threads)
torch.manual_seed(0)
config = transformers.Qwen3Config(
    vocab_size=32768, hidden_size=384, intermediate_size=1024, num_hidden_layers=8, num_attention_heads=6,
    num_key_value_heads=2, head_dim=64, max_position_embeddings=2048, tie_word_embeddings=True)
model = transformers.Qwen3ForCausalLM(config).eval()
ids = torch.randint(0, 32768, (options.batch, options.prompt))
times = []
with torch.inference_mode():
    while len(times) < 3 or sum(times) < options.seconds:
        start = time.perf_counter()
        model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=options.new, min_new_tokens=options.new, do_sample=True, top_k=0,
            pad_token_id=0)
        times.append(time.perf_counter() - start)
print(json.dumps(dict(tokens_per_s=options.batch * options.new / min(times))))
