"""The baseline of bench-train: a step of PyTorch and transformers on the same shapes. Prints one JSON line.

A step is forward, loss over the whole vocabulary, backward, clipping, AdamW; bf16 is autocast over f32 weights. The best step
counts, as it does for dropforge-bench. Peak memory is the process's.
"""

import argparse
import json
import os
import resource
import time

options = argparse.ArgumentParser()
options.add_argument("case")
options.add_argument("--dtype", choices=["f32", "bf16"], default="f32")
options.add_argument("--compile", action="store_true")
options.add_argument("--threads", type=int, default=2)
options.add_argument("--seconds", type=float, default=8)
options = options.parse_args()
os.environ["OMP_NUM_THREADS"] = str(options.threads)
os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import torch.nn as nn
import torch.nn.functional as F
import transformers

transformers.logging.set_verbosity_error()
torch.set_num_threads(options.threads)
torch.manual_seed(0)


class CharacterModel(nn.Module):
    """The shape of nanoGPT's character model, written for this benchmark: pre-norm blocks with biases, a tied head."""

    def __init__(self, vocabulary=65, length=256, layers=6, heads=6, width=384):
        super().__init__()
        self.heads = heads
        self.tokens, self.positions = nn.Embedding(vocabulary, width), nn.Embedding(length, width)
        self.blocks = nn.ModuleList(
            nn.ModuleDict(
                dict(
                    before=nn.LayerNorm(width), qkv=nn.Linear(width, 3 * width), out=nn.Linear(width, width),
                    between=nn.LayerNorm(width), up=nn.Linear(width, 4 * width), down=nn.Linear(4 * width, width),
                ))
            for _ in range(layers))
        self.last = nn.LayerNorm(width)
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, 0, 0.02)

    def forward(self, ids):
        batch, length = ids.shape
        x = self.tokens(ids) + self.positions(torch.arange(length))
        for block in self.blocks:
            parts = block["qkv"](block["before"](x)).chunk(3, -1)
            q, k, v = (part.view(batch, length, self.heads, -1).transpose(1, 2) for part in parts)
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(batch, length, -1)
            x = x + block["out"](y)
            x = x + block["down"](F.gelu(block["up"](block["between"](x)), approximate="tanh"))
        logits = F.linear(self.last(x), self.tokens.weight)[:, :-1]
        return F.cross_entropy(logits.reshape(-1, logits.size(-1)).float(), ids[:, 1:].reshape(-1))


def built(case):
    """The model, its vocabulary, batch and length."""
    name = case.removesuffix("-lora")
    if name == "nanogpt-char":
        return CharacterModel(), 65, 64, 256
    if name == "gpt2-small":
        return transformers.GPT2LMHeadModel(transformers.GPT2Config(resid_pdrop=0, embd_pdrop=0, attn_pdrop=0)), 50257, 4, 512
    if name == "qwen3-25m":
        config = transformers.Qwen3Config(
            vocab_size=32768, hidden_size=384, intermediate_size=1024, num_hidden_layers=8, num_attention_heads=6,
            num_key_value_heads=2, head_dim=64, max_position_embeddings=2048, tie_word_embeddings=True)
        return transformers.Qwen3ForCausalLM(config), 32768, 8, 512
    if name == "doge-20m":
        config = transformers.DogeConfig(
            vocab_size=32768, hidden_size=256, intermediate_size=512, num_hidden_layers=8, num_attention_heads=2,
            num_key_value_heads=1, max_position_embeddings=2048, keep_window_size=2048, tie_word_embeddings=True)
        return transformers.DogeForCausalLM(config), 32768, 8, 512
    raise SystemExit(f"no such case: {case}")


model, vocabulary, batch, length = built(options.case)
if options.case.endswith("-lora"):
    from peft import LoraConfig, get_peft_model

    model = get_peft_model(model, LoraConfig(r=8, lora_alpha=16, target_modules="all-linear", task_type="CAUSAL_LM"))
trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
optimizer = torch.optim.AdamW(trained, lr=1e-4, weight_decay=0.1)
runnable = torch.compile(model) if options.compile else model
generator = torch.Generator().manual_seed(1)


def step():
    ids = torch.randint(0, vocabulary, (batch, length), generator=generator)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=options.dtype == "bf16"):
        loss = runnable(ids) if isinstance(model, CharacterModel) else runnable(input_ids=ids, labels=ids, use_cache=False).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(trained, 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return loss.item()


model.train()
step()
times = []
while len(times) < 3 or sum(times) < options.seconds:
    start = time.perf_counter()
    step()
    times.append(time.perf_counter() - start)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps(dict(tokens_per_s=batch * length / min(times), peak_mb=peak, torch=torch.__version__, transformers=transformers.__version__)))
