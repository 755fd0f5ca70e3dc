"""The command `slipway`: what a person or a script does with an environment, on this machine or in AWS."""
