"""Write stacks/training_images.json, the tag and accounts of SageMaker's training images, from the SDK's data.

    pip download --no-deps sagemaker-core==2.27.0 && .venv/bin/python tools/training_images.py sagemaker_core-*.whl

Source: https://github.com/aws/sagemaker-python-sdk (sagemaker-core/src/sagemaker/core/image_uri_config)
"""

import argparse
import json
import zipfile
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[1] / "stacks" / "training_images.json"
CONFIG = "sagemaker/core/image_uri_config/huggingface.json"
VERSION, TORCH = "5.3.0", "pytorch2.9.0"


def table(found: dict[str, Any]) -> dict[str, Any]:
    """Return repository, tag and accounts of the GPU image of one version of Transformers."""
    one = found["training"]["versions"][VERSION][TORCH]
    python, system = one["py_versions"][-1], one["container_version"]["gpu"]
    tag = f"{TORCH.removeprefix('pytorch')}-transformers{VERSION}-gpu-{python}-{system}"
    return {"repository": one["repository"], "tag": tag, "accounts": dict(sorted(one["registries"].items()))}


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path, help="the wheel of sagemaker-core")
    with zipfile.ZipFile(parser.parse_args().wheel) as wheel:
        found = json.loads(wheel.read(CONFIG))
    FILE.write_text(json.dumps({"gpu": table(found)}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
