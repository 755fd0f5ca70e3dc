"""Rows of tokens, and the batches that a model reads.

Examples that share a row are kept apart by their positions, which begin at 0 for each: transformers makes a
block-diagonal attention of them where there is no attention mask.
Source: `find_packed_sequence_indices` in https://github.com/huggingface/transformers/blob/v5.23.0/src/transformers/masking_utils.py
"""

from collections.abc import Callable
from typing import Any

from fine_tune.packing import pack
from fine_tune.tokens import IGNORED, Sequence

Row = dict[str, list[int]]


def rows_of(sequences: list[Sequence], *, max_length: int, packed: bool) -> list[Row]:
    """Return the rows, each of one example, or of as many as fit."""
    if not packed:
        return [_row([sequence]) for sequence in sequences]
    groups = pack([len(sequence.ids) for sequence in sequences], max_length)
    return [_row([sequences[index] for index in group]) for group in groups]


def _row(sequences: list[Sequence]) -> Row:
    row: Row = {"input_ids": [], "labels": [], "position_ids": []}
    for sequence in sequences:
        row["input_ids"] += sequence.ids
        # The first token of an example must not be learnt from the last of the one before it.
        row["labels"] += [IGNORED, *sequence.labels[1:]]
        row["position_ids"] += range(len(sequence.ids))
    return row


def collator(*, padding_id: int, packed: bool, flat: bool) -> Callable[[list[Row]], dict[str, Any]]:
    """Return the function that makes a batch: padded rows, or for FlashAttention one flat row without padding."""

    def collate(rows: list[Row]) -> dict[str, Any]:
        import torch

        if flat:
            joined = {name: [token for row in rows for token in row[name]] for name in rows[0]}
            return {name: torch.tensor([values]) for name, values in joined.items()}
        width = max(len(row["input_ids"]) for row in rows)
        gaps = [width - len(row["input_ids"]) for row in rows]
        pairs = list(zip(rows, gaps, strict=True))
        batch = {
            "input_ids": torch.tensor([row["input_ids"] + [padding_id] * gap for row, gap in pairs]),
            "labels": torch.tensor([row["labels"] + [IGNORED] * gap for row, gap in pairs]),
        }
        if packed:
            batch["position_ids"] = torch.tensor([row["position_ids"] + list(range(gap)) for row, gap in pairs])
        else:
            lengths = [(len(row["input_ids"]), gap) for row, gap in pairs]
            batch["attention_mask"] = torch.tensor([[1] * length + [0] * gap for length, gap in lengths])
        return batch

    return collate
