"""The shapes of known models, which their memory follows from: read from the `config.json` of each model's card.

Source: https://huggingface.co/<id>/blob/main/config.json and the parameter counts of the cards, by `SHAPES`' ids.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ModelShape:
    """What a decoder is made of. `parameters`: in billions (10^9), all experts of a mixture included.

    `tied`: the output layer shares the weights of the embedding, which quantisation leaves in 16 bits.
    """

    parameters: float
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    vocabulary: int
    context: int
    tied: bool = False

    @property
    def embedding_parameters(self) -> float:
        """Return the parameters of embedding and output layer."""
        return self.vocabulary * self.hidden * (1 if self.tied else 2)


def _shape(
    parameters: float, layers: int, hidden: int, heads: int, kv_heads: int, head_dim: int, vocabulary: int,
    context: int, tied: bool = False,
) -> ModelShape:  # fmt: skip
    return ModelShape(
        parameters=parameters, layers=layers, hidden=hidden, heads=heads, kv_heads=kv_heads, head_dim=head_dim,
        vocabulary=vocabulary, context=context, tied=tied,
    )  # fmt: skip


SHAPES = {
    "meta-llama/Llama-2-7b": _shape(6.738, 32, 4096, 32, 32, 128, 32_000, 4_096),
    "meta-llama/Llama-2-13b": _shape(13.016, 40, 5120, 40, 40, 128, 32_000, 4_096),
    "meta-llama/Llama-2-70b": _shape(68.977, 80, 8192, 64, 8, 128, 32_000, 4_096),
    "meta-llama/Llama-3.1-8B": _shape(8.030, 32, 4096, 32, 8, 128, 128_256, 131_072),
    "meta-llama/Llama-3.1-70B": _shape(70.554, 80, 8192, 64, 8, 128, 128_256, 131_072),
    "meta-llama/Llama-3.1-405B": _shape(405.853, 126, 16384, 128, 8, 128, 128_256, 131_072),
    "meta-llama/Llama-3.2-1B": _shape(1.236, 16, 2048, 32, 8, 64, 128_256, 131_072, True),
    "meta-llama/Llama-3.2-3B": _shape(3.213, 28, 3072, 24, 8, 128, 128_256, 131_072, True),
    "mistralai/Mistral-7B": _shape(7.242, 32, 4096, 32, 8, 128, 32_000, 32_768),
    "mistralai/Codestral-22B": _shape(22.247, 56, 6144, 48, 8, 128, 32_768, 32_768),
    "mistralai/Mixtral-8x7B": _shape(46.703, 32, 4096, 32, 8, 128, 32_000, 32_768),
    "Qwen/Qwen2.5-0.5B": _shape(0.494, 24, 896, 14, 2, 64, 151_936, 32_768, True),
    "Qwen/Qwen2.5-7B": _shape(7.616, 28, 3584, 28, 4, 128, 152_064, 131_072),
    "Qwen/Qwen2.5-32B": _shape(32.764, 64, 5120, 40, 8, 128, 152_064, 131_072),
    "Qwen/Qwen2.5-72B": _shape(72.706, 80, 8192, 64, 8, 128, 152_064, 131_072),
    "tiiuae/falcon-40b": _shape(41.836, 60, 8192, 128, 8, 64, 65_024, 2_048, True),
    "EleutherAI/gpt-neox-20b": _shape(20.555, 44, 6144, 64, 64, 96, 50_432, 2_048),
    "microsoft/Phi-3-mini": _shape(3.821, 32, 3072, 32, 32, 96, 32_064, 4_096),
}
