"""Imports torch once and forks for each job that is asked for on standard input, a JSON object a line."""

import importlib
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any


def main() -> None:
    import bitsandbytes  # noqa: F401
    import peft  # noqa: F401
    import torch.distributed  # noqa: F401
    from transformers import LlamaForCausalLM, Trainer  # noqa: F401

    from fine_tune import tiny, watch  # noqa: F401

    answers = os.fdopen(os.dup(1), "w")
    tell(answers, _forked(tiny.make, Path(sys.argv[1])) and "ready")
    for line in sys.stdin:
        request = json.loads(line)
        if "wait" in request:
            tell(answers, os.waitstatus_to_exitcode(os.waitpid(request["wait"], 0)[1]))
        elif pid := os.fork():
            tell(answers, pid)
        else:
            _child(request)


def _forked(make: Any, folder: Path) -> bool:
    """Do in a child what may start threads: a process with threads must not fork."""
    if not (pid := os.fork()):
        os.dup2(2, 1)
        make(folder)
        os._exit(0)
    return os.waitpid(pid, 0)[1] == 0


def tell(answers: Any, value: object) -> None:
    answers.write(json.dumps(value) + "\n")
    answers.flush()


def _child(request: dict[str, Any]) -> None:
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.update(request["env"])
    sys.argv = ["train.py"]
    module, name = request["call"].split(":")
    code = 1
    try:
        getattr(importlib.import_module(module), name)()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
