"""Slipway as a CDK application: `cdk synth`, `cdk synth -c env=dev`, `cdk deploy 'Dev/*' -c env=dev`."""

import gc

# A synthesis allocates and then ends: looking for garbage among the library's classes is a tenth of its time.
gc.disable()

from stacks.application import main  # noqa: E402

if __name__ == "__main__":
    main()
