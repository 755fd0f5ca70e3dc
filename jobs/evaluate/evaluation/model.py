"""The model under evaluation: answers by greedy decoding or sampling, and how likely it finds the references."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.items import Item
from evaluation.refused import EvaluationRefusedError

ADAPTER = "adapter_config.json"


def folder_of(path: Path) -> Path:
    """Return the folder of the model in an input: unpacked, or the model.tar.gz of a training job, which is unpacked.

    Raises: EvaluationRefusedError if there is none.
    """
    archive = next(iter(sorted(path.rglob("model.tar.gz"))), None)
    if archive:
        import tarfile
        import tempfile

        target = Path(tempfile.mkdtemp(prefix="model-"))
        with tarfile.open(archive) as packed:
            packed.extractall(target, filter="data")
        path = target
    for name in (ADAPTER, "config.json"):
        found = sorted(path.rglob(name), key=lambda each: len(each.parts))
        if found:
            return found[0].parent
    cause = f"{path} holds neither config.json nor {ADAPTER}"
    raise EvaluationRefusedError(cause, "Give the folder of a Hugging Face model, or a training job's model.tar.gz")


@dataclass(frozen=True, kw_only=True)
class Model:
    """A causal language model with its tokenizer."""

    network: Any
    tokenizer: Any

    @classmethod
    def load(cls, folder: Path, base: Path | None, device: str) -> "Model":
        """Load a model, or an adapter on its base. Raises: EvaluationRefusedError if it cannot be loaded."""
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        is_adapter = (folder / ADAPTER).is_file()
        beside = folder.parent / "base"
        if is_adapter and base is None and beside.is_dir():
            base = beside  # as fine_tune leaves an adapter
        if is_adapter and base is None:
            named = json.loads((folder / ADAPTER).read_text(encoding="utf-8")).get("base_model_name_or_path")
            base = Path(str(named)) if named and Path(str(named)).is_dir() else None
            if base is None:
                raise EvaluationRefusedError(f"{folder} is an adapter without its base model", "Give --base-model")
        whole = folder if not is_adapter or base is None else folder_of(base)
        dtype = torch.float32 if device == "cpu" else "auto"
        try:
            named = folder if (folder / "tokenizer_config.json").is_file() else whole
            tokenizer = AutoTokenizer.from_pretrained(named, local_files_only=True, padding_side="left")
            network = AutoModelForCausalLM.from_pretrained(whole, local_files_only=True, dtype=dtype)
            if is_adapter:
                from peft import PeftModel

                network = PeftModel.from_pretrained(network, folder)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            cause = f"The model in {folder} cannot be loaded: {str(error).splitlines()[0]}"
            raise EvaluationRefusedError(cause, "Check that config, tokenizer and safetensors are there") from error
        if tokenizer.pad_token_id is None:
            tokenizer.pad_token = tokenizer.eos_token
        return cls(network=network.to(device).eval(), tokenizer=tokenizer)

    def prompt(self, item: Item) -> str:
        """Return what the model reads: the chat template's text of messages, or the prompt as it is."""
        if not item.messages:
            return item.prompt
        if not self.tokenizer.chat_template:
            cause = f"Item {item.id!r} has messages, and the model's tokenizer has no chat template"
            raise EvaluationRefusedError(cause, "Give prompts, or a tokenizer with a chat template")
        turns = [{"role": each.role, "content": each.content} for each in item.messages]
        return str(self.tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True))

    def answer(self, items: Sequence[Item], *, count: int, new_tokens: int, batch: int, seed: int) -> list[list[str]]:
        """Return `count` answers to each item: one is greedy, several are sampled at temperature 0.8, top-p 0.95."""
        import torch

        torch.manual_seed(seed)
        how = {"do_sample": True, "temperature": 0.8, "top_p": 0.95} if count > 1 else {"do_sample": False}
        answers: list[list[str]] = []
        for some in _batches(items, batch):
            given = self._encoded([self.prompt(item) for item in some])
            with torch.inference_mode():
                made = self.network.generate(
                    **given,
                    max_new_tokens=new_tokens,
                    num_return_sequences=count,
                    pad_token_id=self.tokenizer.pad_token_id,
                    **how,
                )
            new = made[:, given["input_ids"].shape[1] :]
            texts = [each.strip() for each in self.tokenizer.batch_decode(new, skip_special_tokens=True)]
            answers += [texts[begin : begin + count] for begin in range(0, len(texts), count)]
        return answers

    def likelihoods(self, items: Sequence[Item], batch: int) -> list[tuple[float, int]]:
        """Return of each item's first reference its negative log-likelihood in nats, and its tokens."""
        import torch

        found: list[tuple[float, int]] = []
        for some in _batches(items, batch):
            prompts = [self._ids(self.prompt(item)) for item in some]
            rights = [self._ids(item.references[0], special=False) for item in some]
            whole = [one + other for one, other in zip(prompts, rights, strict=True)]
            longest = max(map(len, whole))
            pad = self.tokenizer.pad_token_id
            ids = torch.tensor([each + [pad] * (longest - len(each)) for each in whole], device=self.network.device)
            mask = torch.tensor([[1] * len(each) + [0] * (longest - len(each)) for each in whole], device=ids.device)
            with torch.inference_mode():
                # A tuned prompt stands before the text, and has logits of its own.
                logits = self.network(input_ids=ids, attention_mask=mask).logits[:, -longest:].float()
            told = torch.log_softmax(logits[:, :-1], dim=-1).gather(-1, ids[:, 1:, None])[..., 0]
            for row, one, other in zip(told.tolist(), prompts, rights, strict=True):
                begin = max(len(one) - 1, 0)
                kept = row[begin : len(one) + len(other) - 1]
                found.append((-math.fsum(kept), len(kept)))
        return found

    def _encoded(self, prompts: Sequence[str]) -> Any:
        # A chat template writes the beginning token itself: twice would be another text than in training.
        special = not (self.tokenizer.bos_token and prompts[0].startswith(self.tokenizer.bos_token))
        return self.tokenizer(
            list(prompts), return_tensors="pt", padding=True, add_special_tokens=special, return_token_type_ids=False
        ).to(self.network.device)

    def _ids(self, text: str, *, special: bool = True) -> list[int]:
        begins = bool(self.tokenizer.bos_token) and text.startswith(self.tokenizer.bos_token)
        return list(self.tokenizer(text, add_special_tokens=special and not begins)["input_ids"])


def _batches(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    return (items[begin : begin + size] for begin in range(0, len(items), size))
