"""What tests ask of torch, run in a process of support.training_fork."""

import json
import os
from pathlib import Path


def loss_of_written_model() -> None:
    """Load what the job wrote, as a server would, and write its loss on the validation set."""
    import peft
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from fine_tune.inputs import read, table
    from fine_tune.places import Places
    from fine_tune.rows import collator
    from slipway_runtime.train import hyperparameters

    places = Places()
    settings = hyperparameters.read({**places.hyperparameters(), "packing": "off"})
    folder = places.model
    tokenizer = AutoTokenizer.from_pretrained(folder)
    if (folder / "adapter").is_dir():
        model = peft.PeftModel.from_pretrained(
            AutoModelForCausalLM.from_pretrained(folder / "base"), folder / "adapter"
        )
    else:
        model = AutoModelForCausalLM.from_pretrained(folder)
    model.eval()
    rows = table(read(places, settings), tokenizer, settings).validation
    with torch.no_grad():
        batch = collator(padding_id=0, packed=False, flat=False)(rows)
        loss = float(model(**batch).loss)
    (places.root / "loss.json").write_text(json.dumps(loss))


def losses_packed_and_apart() -> None:
    """Write the gradients' norm and loss of the same examples, packed in rows and one in a row each."""
    import torch

    from fine_tune.base import load_model
    from fine_tune.rows import collator, rows_of
    from fine_tune.tokens import Sequence
    from slipway_runtime.train.settings import TrainingSettings

    root = Path(os.environ["SM_BASE_DIR"])
    base = str(root / "input" / "data" / "model")
    model = load_model(base, TrainingSettings(strategy="full"), torch.device("cpu"))
    torch.manual_seed(1)
    drawn = [torch.randint(10, 200, (length,)).tolist() for length in (30, 17, 9, 25, 12)]
    sequences = [Sequence(ids, list(ids)) for ids in drawn]
    found = []
    for packed in (True, False):
        rows = rows_of(sequences, max_length=64, packed=packed)
        batch = collator(padding_id=0, packed=packed, flat=False)(rows)
        model.zero_grad()
        loss = model(**batch).loss
        loss.backward()
        norm = sum(float(weight.grad.square().sum()) for weight in model.parameters())
        found.append({"rows": len(rows), "loss": float(loss), "norm": norm**0.5})
    (root / "losses.json").write_text(json.dumps(found))


def diverge() -> None:
    """Hold other weights in each process, and ask for the checksum on which all agree."""
    import torch
    import torch.distributed as dist

    from fine_tune import ranks
    from slipway_runtime.train.settings import TrainingSettings

    dist.init_process_group("gloo")
    model = torch.nn.Linear(2, 2)
    torch.nn.init.constant_(model.weight, float(os.environ["RANK"]))
    ranks.agreed_checksum(model, TrainingSettings())
