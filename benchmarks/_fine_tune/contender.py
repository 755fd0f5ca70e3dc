"""One training by one contender, in a process of its own; prints a line of JSON.

    python -m _fine_tune.contender ours|trl BASE EXAMPLES STEPS

Both learn the same chats, packed into rows of the same length with the same batch, optimizer and schedule, on as many
threads. Units: tokens of real text per second of CPU time (user and system), over the steps alone.
"""

import json
import os
import random
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

LENGTH, BATCH = 512, 4


def chats(count: int) -> list[dict[str, Any]]:
    """Chats with the long tail of lengths that instructions have (log-normal, about 40 to 500 tokens)."""
    draw = random.Random(0)
    letters = "abcdefghij klmno pqrst"
    made = []
    for _ in range(count):
        asked, answered = (min(int(draw.lognormvariate(4.2, 0.7)) + 4, 240) for _ in range(2))
        texts = ["".join(draw.choices(letters, k=length)) for length in (asked, answered)]
        made.append(
            {
                "messages": [
                    {"role": role, "content": text} for role, text in zip(("user", "assistant"), texts, strict=True)
                ]
            }
        )
    return made


def ours(base: str, examples: list[dict[str, Any]], options: dict[str, Any]) -> tuple[Any, float, float]:
    from fine_tune import base as loading
    from fine_tune import trainers
    from fine_tune.inputs import Inputs, table
    from fine_tune.ranks import device
    from slipway_runtime.train import dataset, hyperparameters

    settings = hyperparameters.read({"strategy": "full", "max_length": LENGTH, "completion_only": "false"})
    with TemporaryDirectory() as folder:
        Path(folder, "train.jsonl").write_text("".join(json.dumps(each) + "\n" for each in examples))
        given = Inputs(dataset.read(Path(folder)), None)
    tokenizer = loading.load_tokenizer(base, settings)
    rows = table(given, tokenizer, settings)
    model = loading.load_model(base, settings, device())
    trainer = trainers.trainer(model, tokenizer, settings, options | {"remove_unused_columns": False}, given, rows)
    return trainer, rows.figures["packing_efficiency"], rows.figures["tokens"] / rows.figures["rows"]


def trl(base: str, examples: list[dict[str, Any]], options: dict[str, Any]) -> tuple[Any, float, float]:
    import pyarrow as pa
    from datasets import Dataset
    from datasets.table import InMemoryTable
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    table = Dataset(InMemoryTable(pa.Table.from_pylist(examples)), fingerprint="benchmark")
    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(base),
        args=SFTConfig(**options, packing=True, max_length=LENGTH),
        train_dataset=table,
        processing_class=AutoTokenizer.from_pretrained(base),
    )
    lengths = [len(row["input_ids"]) for row in trainer.train_dataset]
    return trainer, sum(lengths) / (len(lengths) * LENGTH), sum(lengths) / len(lengths)


def main() -> None:
    import torch
    from transformers import TrainerCallback

    name, base, count, steps = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    torch.manual_seed(0)

    class Clock(TrainerCallback):  # type: ignore[misc]
        """CPU time from the end of the first step, which also warms up."""

        began = 0.0

        def on_step_end(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
            if state.global_step == 1:
                self.began = time.process_time()

    with TemporaryDirectory() as folder:
        options = {
            "output_dir": folder,
            "max_steps": steps + 1,
            "per_device_train_batch_size": BATCH,
            "learning_rate": 1e-3,
            "logging_steps": 10,
            "save_strategy": "no",
            "report_to": "none",
            "disable_tqdm": True,
            "use_cpu": True,
            "gradient_checkpointing": False,
            "bf16": False,
            "dataloader_pin_memory": False,
        }
        make = {"ours": ours, "trl": trl}[name]
        quiet = os.dup(1)
        os.dup2(2, 1)
        trainer, efficiency, tokens_in_a_row = make(base, chats(count), options)
        clock = Clock()
        trainer.add_callback(clock)
        trainer.train()
        seconds = time.process_time() - clock.began
        os.dup2(quiet, 1)
    speed = steps * BATCH * tokens_in_a_row / seconds
    print(json.dumps({"efficiency": efficiency, "tokens_per_cpu_second": speed}))


if __name__ == "__main__":
    main()
