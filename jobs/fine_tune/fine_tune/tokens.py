"""Turns examples into token ids and says which of them are learnt.

A chat is rendered by the model's own template. What the assistant says is what the template adds to the chat without
it, so that no template needs marks for it; tokens are matched to it by their offsets.
Source: https://huggingface.co/docs/transformers/chat_templating
"""

from dataclasses import dataclass
from typing import Any

from slipway_runtime.train.dataset import Record, TrainingSet
from slipway_runtime.train.refused import TrainingRefusedError
from slipway_runtime.train.settings import TrainingSettings

IGNORED = -100
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] + '\\n' + m['content'] }}<|im_end|>\\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\\n{% endif %}"
)
TAKEN_INTO_A_REASON = 3
Span = tuple[int, int]


@dataclass(frozen=True)
class Sequence:
    """Token ids of one example; a label is IGNORED where nothing is learnt."""

    ids: list[int]
    labels: list[int]


def tokenise(data: TrainingSet, tokenizer: Any, settings: TrainingSettings) -> list[Sequence]:
    """Return the sequences of a training set, none longer than max_length.

    Raises: TrainingRefusedError if examples are too long, or if the model's chat template cannot render them.
    """
    sequences, too_long = [], []
    for record in data.records:
        sequence = _sequence(record, tokenizer, settings)
        if len(sequence.ids) > settings.max_length:
            too_long.append(f"{record.place} ({len(sequence.ids)} tokens)")
            if settings.too_long != "truncate":
                continue
            cut = slice(settings.max_length)
            sequence = Sequence(sequence.ids[cut], sequence.labels[cut])
        if any(label != IGNORED for label in sequence.labels[1:]):
            sequences.append(sequence)
    if too_long and settings.too_long == "refuse":
        raise TrainingRefusedError(
            f"{len(too_long)} of {len(data.records)} examples have more than max_length={settings.max_length} tokens: "
            + ", ".join(too_long[:TAKEN_INTO_A_REASON]),
            "Raise max_length, shorten them, or set too_long to 'truncate' or 'drop'.",
        )
    if not sequences:
        raise TrainingRefusedError("No example is left to learn from", "Raise max_length.")
    return sequences


def _sequence(record: Record, tokenizer: Any, settings: TrainingSettings) -> Sequence:
    columns = record.columns
    if isinstance(columns.get("prompt"), str) or "text" in columns:
        text, spans = _plain(columns, tokenizer)
    else:
        messages = columns.get("messages") or columns["prompt"] + columns["completion"]
        first = len(columns["prompt"]) if "prompt" in columns else 0
        text, spans = _chat(record.place, messages, first, tokenizer)
    found = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    ids = found["input_ids"]
    if not settings.completion_only or "text" in columns:
        return Sequence(ids, list(ids))
    learnt = [any(low <= begin < high for low, high in spans) for begin, _ in found["offset_mapping"]]
    return Sequence(ids, [token if keep else IGNORED for token, keep in zip(ids, learnt, strict=True)])


def _plain(columns: dict[str, Any], tokenizer: Any) -> tuple[str, list[Span]]:
    begin, end = tokenizer.bos_token or "", tokenizer.eos_token or ""
    prompt = begin + columns.get("prompt", "")
    completion = columns.get("completion", columns.get("text", ""))
    if not isinstance(completion, str):
        completion = completion[-1]["content"]
    text = prompt + completion + end
    return text, [(len(prompt), len(text))]


def _chat(place: str, messages: list[dict[str, str]], first: int, tokenizer: Any) -> tuple[str, list[Span]]:
    text = _render(place, messages, tokenizer)
    spans = []
    for index, message in enumerate(messages):
        if message["role"] != "assistant" or index < first:
            continue
        before = _render(place, messages[:index], tokenizer, opened=True) if index else ""
        after = _render(place, messages[: index + 1], tokenizer)
        if not (after.startswith(before) and text.startswith(after.rstrip())):
            raise TrainingRefusedError(
                f"{place}: the model's chat template rewrites earlier turns, so what the assistant said is not clear",
                "Make each turn an example of its own (kind prompt-completion), or set completion_only to false.",
            )
        spans.append((len(before), len(after)))
    return text, spans


def _render(place: str, messages: list[dict[str, str]], tokenizer: Any, *, opened: bool = False) -> str:
    if not tokenizer.chat_template:
        raise TrainingRefusedError(
            "The base model has no chat template, and the dataset holds messages",
            "Set chat_template to 'chatml', or take an instruction-tuned base model.",
        )
    try:
        return str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=opened))
    except Exception as error:  # templates raise what they like
        raise TrainingRefusedError(
            f"{place}: the model's chat template refuses these messages ({error})", "Reorder or rename their roles."
        ) from error
