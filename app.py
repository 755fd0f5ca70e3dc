"""Slipway as a CDK application: `cdk synth`, `cdk synth -c env=dev`, `cdk deploy 'Dev/*' -c env=dev`."""

import gc
from importlib import import_module
from threading import Thread

# A synthesis allocates and then ends: looking for garbage among the library's classes is a tenth of its time.
gc.disable()
# The models of the settings are built while the CDK library waits for its Node to start.
Thread(target=import_module, args=("stacks.settings_file",)).start()

from stacks.application import main  # noqa: E402

if __name__ == "__main__":
    main()
