"""Write stacks/serving_images.json from the data of SageMaker's SDK, and hold stacks/serving_instances.py to it.

    pip download --no-deps sagemaker-core==2.27.0 && .venv/bin/python tools/serving_tables.py sagemaker_core-*.whl

Source: https://github.com/aws/sagemaker-python-sdk (sagemaker-core/src/sagemaker/core/image_uri_config)
"""

import argparse
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import botocore.session

from stacks.serving_instances import INSTANCES

FILE = Path(__file__).parents[1] / "stacks" / "serving_images.json"
FOLDER = "sagemaker/core/image_uri_config"
# Of each container: the file of the SDK, the version, and what its tag says after the prefix.
IMAGES = {
    "lmi-vllm": ("djl-lmi", "0.38.0", ""),
    "tgi": ("huggingface-llm", "3.3.6", "-gpu-{py}-{gpu}"),
    "neuronx": ("huggingface-vllm-neuronx", "0.4.4", "-neuronx-{py}-{sdk}-{neuronx}"),
}


def image(found: dict[str, Any], version: str, rest: str) -> dict[str, Any]:
    """Return repository, tag and accounts by region of one version."""
    one = found.get("inference", found)["versions"][version]
    parts = {"py": one.get("py_versions", [""])[-1], "sdk": one.get("sdk_versions", [""])[-1]}
    tag = one["tag_prefix"] + rest.format(**parts, **one.get("container_version", {}))
    return {"repository": one["repository"], "tag": tag, "accounts": dict(sorted(one["registries"].items()))}


def differences(counts: dict[str, Any]) -> list[str]:
    """Return in what the table of instances differs from what SageMaker says."""
    model: Any = botocore.session.get_session().get_service_model("sagemaker")
    hosted = set(model.shape_for("ProductionVariantInstanceType").enum)
    told = {name: one["Count"] for region in counts.values() for name, one in region.items()}
    return [f"{name}: no type of endpoints" for name in sorted(set(INSTANCES) - hosted)] + [
        f"{name}: {INSTANCES[name].devices} devices, {told[name]} in the SDK"
        for name in sorted(INSTANCES.keys() & told.keys())
        if INSTANCES[name].devices != told[name]
    ]


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path, help="the wheel of sagemaker-core")
    with zipfile.ZipFile(parser.parse_args().wheel) as wheel:

        def read(name: str) -> dict[str, Any]:
            return dict(json.loads(wheel.read(f"{FOLDER}/{name}.json")))

        table = {name: image(read(file), version, rest) for name, (file, version, rest) in IMAGES.items()}
        wrong = differences(read("instance_gpu_info"))
    FILE.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    sys.exit("\n".join(wrong) or 0)


if __name__ == "__main__":
    main()
