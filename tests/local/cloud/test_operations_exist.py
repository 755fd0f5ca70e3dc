"""Each operation that the table of live types names is there: in moto, or among our own services.

Source: https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract.html
"""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.capability("O14")
# In a process of its own: putting our parts into moto lasts as long as the process.
MISSING = """
import sys
from importlib import import_module
from pathlib import Path

from slipway_local.aws import Place
from slipway_local.deploy.providers import PROVIDERS
from slipway_local.deploy.providers.api import Api
from slipway_local.emulator import Emulator

folder = Path(sys.argv[1])
emulator = Emulator(folder, folder, Place(endpoint_url="http://127.0.0.1:9"))
emulator.start()
MODULES = {"lambda": "awslambda", "application-autoscaling": "applicationautoscaling", "cognito-idp": "cognitoidp"}
MODULES["emr-serverless"] = "emrserverless"
OURS = {"s3vectors", "kendra", "opensearchserverless", "bedrock", "bedrock-agent"}
for kind, provider in PROVIDERS.items():
    if not isinstance(provider, Api) or provider.service in OURS:
        continue
    name = MODULES.get(provider.service, provider.service)
    module = import_module(f"moto.{name}.responses")
    classes = [one for one in vars(module).values() if isinstance(one, type) and one.__module__.startswith("moto.")]
    lookup = provider.lookup.operation if provider.lookup else None
    for operation in {provider.create_call, provider.update_call, provider.delete_call, lookup} - {None}:
        if not any(hasattr(one, operation) for one in classes):
            print(kind, provider.service, operation)
"""


def test_moto_and_our_parts_of_it_have_each_operation(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", MISSING, str(tmp_path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()) == (0, []), done.stderr[-2000:]
