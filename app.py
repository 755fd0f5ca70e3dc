"""Slipway as a CDK application: `cdk synth`, `cdk synth -c env=dev`, `cdk deploy 'Dev/*' -c env=dev`."""

from stacks.application import main

if __name__ == "__main__":
    main()
