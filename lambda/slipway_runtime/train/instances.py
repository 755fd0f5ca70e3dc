"""Instances that train: devices, memory, arithmetic and price.

Dense BF16 TFLOP/s of one device, without sparsity. Prices in USD an hour are SageMaker training's on demand in
us-east-1, for estimates: a plan says from when they are, and takes another price where one is given.
Source: https://aws.amazon.com/sagemaker/pricing/
Source: https://www.nvidia.com/en-us/data-center/a100/ and the pages of A10G, L4 and H100
Source: https://awsdocs-neuron.readthedocs-hosted.com/en/latest/about-neuron/arch/neuron-hardware/trainium.html
"""

from dataclasses import dataclass

PRICES_AS_OF = "2025-06"


@dataclass(frozen=True)
class Instance:
    """One instance type. `memory_gib` and `tflops` are of one of its `devices`."""

    devices: int
    memory_gib: float
    tflops: float
    dollars_per_hour: float


INSTANCES = {
    "ml.g5.xlarge": Instance(1, 24, 70.0, 1.408),
    "ml.g5.12xlarge": Instance(4, 24, 70.0, 7.09),
    "ml.g5.48xlarge": Instance(8, 24, 70.0, 20.36),
    "ml.g6.xlarge": Instance(1, 24, 121.0, 1.1267),
    "ml.g6.12xlarge": Instance(4, 24, 121.0, 5.752),
    "ml.p4d.24xlarge": Instance(8, 40, 312.0, 25.251),
    "ml.p5.48xlarge": Instance(8, 80, 989.0, 63.296),
    "ml.trn1.2xlarge": Instance(1, 32, 190.0, 1.5438),
    "ml.trn1.32xlarge": Instance(16, 32, 190.0, 24.725),
}
