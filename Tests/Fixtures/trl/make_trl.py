"""Makes the vectors in this folder with TRL's own trainers: python make_trl.py, in this folder. See SOURCE.md."""
import json, os, shutil, sys, tempfile
import torch
from datasets import Dataset
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM, set_seed
from transformers.optimization import Adafactor
from trl import DPOConfig, DPOTrainer, GRPOConfig, GRPOTrainer, SFTConfig, SFTTrainer
from trl.experimental.orpo import ORPOConfig, ORPOTrainer

os.environ["TRACKIO"] = "0"
here = os.path.dirname(os.path.abspath(__file__))
base = os.path.join(here, "base")
scratch = tempfile.mkdtemp()

tokenizer = AutoTokenizer.from_pretrained(os.path.join(here, "../tokenizers/bpe400"))
set_seed(3)
model = LlamaForCausalLM(LlamaConfig(
    vocab_size=len(tokenizer), hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1,
    head_dim=8, max_position_embeddings=128, initializer_range=0.2, tie_word_embeddings=True, bos_token_id=tokenizer.bos_token_id,
    eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id))
shutil.rmtree(base, ignore_errors=True)
model.save_pretrained(base)
for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
    path = os.path.join(here, "../tokenizers/bpe400", name)
    if os.path.exists(path):
        shutil.copy(path, base)

words = ["one", "two", "three", "four", "five", "six", "seven", "eight"]
rows = [{"prompt": f"After {words[i % 7]} comes", "chosen": f" {words[i % 7 + 1]}", "rejected": f" {words[(3 * i + 5) % 8]} or so, who knows"}
        for i in range(12)]
with open(os.path.join(here, "preferences.jsonl"), "w") as file:
    for row in rows:
        file.write(json.dumps(row) + "\n")

common = dict(output_dir=scratch, max_steps=6, per_device_train_batch_size=2, learning_rate=2e-2, lr_scheduler_type="constant",
              logging_steps=1, report_to=[], save_strategy="no", use_cpu=True, bf16=False, seed=3, max_grad_norm=1.0, weight_decay=0.0,
              train_sampling_strategy="sequential", gradient_checkpointing=False)


def fresh():
    return LlamaForCausalLM.from_pretrained(base, dtype=torch.float32, attn_implementation="eager")


def history(trainer):
    trainer.train()
    return [row for row in trainer.state.log_history if "loss" in row]


result = {}
for kind, more in {"sigmoid": {}, "hinge": {}, "ipo": {}, "robust": {"label_smoothing": 0.1}, "long": {"max_length": 12},
                   "accumulated": {"per_device_train_batch_size": 1, "gradient_accumulation_steps": 2}}.items():
    loss = kind if kind in ("sigmoid", "hinge", "ipo", "robust") else "sigmoid"
    config = DPOConfig(**{**common, "loss_type": [loss], "beta": 0.2, "max_length": 64, **more})
    result["dpo_" + kind] = history(DPOTrainer(
        model=fresh(), args=config, train_dataset=Dataset.from_list(rows), processing_class=tokenizer))

orpo = ORPOConfig(**{**common, "beta": 0.3, "max_length": 64})
result["orpo"] = history(ORPOTrainer(model=fresh(), args=orpo, train_dataset=Dataset.from_list(rows), processing_class=tokenizer))

json.dump(result, open(os.path.join(here, "preference_runs.json"), "w"), indent=1)

# GRPO: TRL's own loss on answers that are given.
prompts = Dataset.from_list([{"prompt": row["prompt"]} for row in rows])
answers = [tokenizer(text)["input_ids"] for text in
           [" two", " three or so", " one one one one", " seven", " five, who knows", " eight", " six six", " four"]]
ended = [True, True, False, True, True, True, False, True]
advantages = [1.2, -0.4, -0.9, 0.1, 0.8, -1.1, 0.0, 0.6]
result = {"prompt": tokenizer(rows[0]["prompt"])["input_ids"], "answers": [], "advantages": advantages, "cases": {}}
length = max(len(answer) + 1 for answer in answers)
ids, mask = [], []
for answer, done in zip(answers, ended):
    answer = answer + ([tokenizer.eos_token_id] if done else [])
    result["answers"].append({"tokens": answer, "ended": done})
    ids.append(answer + [tokenizer.pad_token_id or 0] * (length - len(answer)))
    mask.append([1] * len(answer) + [0] * (length - len(answer)))
completion_ids, completion_mask = torch.tensor(ids), torch.tensor(mask)
prompt_ids = torch.tensor([result["prompt"]] * len(answers))
generator = torch.Generator().manual_seed(5)
for name, more in {
    "dapo": {}, "grpo": {"loss_type": "grpo"}, "bnpo": {"loss_type": "bnpo"}, "dr_grpo": {"loss_type": "dr_grpo"},
    "kl": {"beta": 0.04}, "kl_plain": {"beta": 0.04, "use_bias_correction_kl": False}, "old": {"epsilon": 0.1, "epsilon_high": 0.15},
    "old_kl": {"beta": 0.3, "loss_type": "grpo"}, "warm": {"temperature": 0.7},
}.items():
    config = GRPOConfig(**{**common, "per_device_train_batch_size": 8, "num_generations": 8, "max_completion_length": 16,
                           "loss_type": "dapo", **more})
    trainer = GRPOTrainer(model=fresh(), args=config, reward_funcs=[lambda completions, **_: [0.0] * len(completions)],
                          train_dataset=prompts, processing_class=tokenizer)
    trainer.current_gradient_accumulation_steps = 1
    inputs = dict(prompt_ids=prompt_ids, prompt_mask=torch.ones_like(prompt_ids), completion_ids=completion_ids,
                  completion_mask=completion_mask, advantages=torch.tensor(advantages),
                  num_items_in_batch=completion_mask.sum())
    trainer.model.train()
    with torch.no_grad():
        logps = trainer._get_per_token_logps_and_entropies(
            trainer.model, torch.cat([prompt_ids, completion_ids], 1),
            torch.cat([torch.ones_like(prompt_ids), completion_mask], 1), completion_ids.size(1))[0]
    case = {"config": {k: v for k, v in more.items()}}
    if name.startswith("old"):
        inputs["old_per_token_logps"] = logps + 0.3 * torch.randn(logps.shape, generator=generator)
        case["old"] = [row[:sum(m)] for row, m in zip(inputs["old_per_token_logps"].tolist(), mask)]
    if more.get("beta"):
        inputs["ref_per_token_logps"] = logps + 0.2 * torch.randn(logps.shape, generator=generator)
        case["reference"] = [row[:sum(m)] for row, m in zip(inputs["ref_per_token_logps"].tolist(), mask)]
    loss = trainer._compute_loss(trainer.model, inputs)
    loss.backward()
    case["loss"] = loss.item()
    case["grad_norm"] = torch.sqrt(sum((p.grad ** 2).sum() for p in trainer.model.parameters() if p.grad is not None)).item()
    case["metrics"] = {k: v[-1] for k, v in trainer._metrics["train"].items()}
    result["cases"][name] = case
json.dump(result, open(os.path.join(here, "group_losses.json"), "w"), indent=1)


# Optimizers: transformers' Adafactor as its Trainer sets it, and Lion by its formula (lion-pytorch's update_fn).
def lion(p, grad, exp_avg, lr, wd, beta1, beta2):
    p.data.mul_(1.0 - lr * wd)
    update = exp_avg.clone().mul_(beta1).add(grad, alpha=1.0 - beta1).sign_()
    p.add_(update, alpha=-lr)
    exp_avg.mul_(beta2).add_(grad, alpha=1.0 - beta2)


result = {}
tokens = torch.tensor([tokenizer("".join(row["prompt"] + row["chosen"] for row in rows[:2]))["input_ids"][:16]])
for kind in ("adafactor", "lion"):
    net = fresh()
    decayed = [p for n, p in net.named_parameters() if "norm" not in n]
    plain = [p for n, p in net.named_parameters() if "norm" in n]
    groups = [{"params": decayed, "weight_decay": 0.1}, {"params": plain, "weight_decay": 0.0}]
    steps = []
    optimizer = Adafactor(groups, lr=1e-2, scale_parameter=False, relative_step=False) if kind == "adafactor" else None
    moments = {p: torch.zeros_like(p) for p in net.parameters()}
    for step in range(6):
        loss = net(input_ids=tokens, labels=tokens).loss
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        steps.append({"loss": loss.item(), "grad_norm": norm.item()})
        with torch.no_grad():
            if optimizer:
                optimizer.step()
            else:
                for group in groups:
                    for p in group["params"]:
                        lion(p, p.grad, moments[p], 1e-3, group["weight_decay"], 0.9, 0.99)
        net.zero_grad()
    result[kind] = {"steps": steps, "sums": {n: [p.double().sum().item(), p.double().pow(2).sum().item()] for n, p in net.named_parameters()}}
result["tokens"] = tokens[0].tolist()
json.dump(result, open(os.path.join(here, "optimizers.json"), "w"), indent=1)
