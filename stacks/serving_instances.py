"""Instances that serve models: their accelerators, and the memory of each, vendored: no synthesis needs a call.

Memory is what one accelerator has for models in MiB, as its driver reports it: a little less than its name says. That
of a Neuron device belongs to its cores, which are what a model is split over; trn2 has logical cores (LNC 2).
`tools/serving_tables.py` holds the table to the types that SageMaker hosts and to the counts in its SDK.
Source: https://docs.aws.amazon.com/ec2/latest/instancetypes/ac.html (EC2 DescribeInstanceTypes, GpuInfo, NeuronInfo)
Source: https://awsdocs-neuron.readthedocs-hosted.com/en/latest/about-neuron/arch/neuron-hardware/index.html
"""

from __future__ import annotations

from dataclasses import dataclass

AS_OF = "2026-11"


@dataclass(frozen=True)
class Accelerator:
    """One device: its memory in MiB, in how many equal parts models see it, and whether it is one of Neuron's."""

    name: str
    memory_mib: int
    cores: int = 1
    neuron: bool = False


@dataclass(frozen=True)
class Instance:
    """One instance type: its accelerator and how many of them."""

    accelerator: Accelerator
    devices: int

    @property
    def ranks(self) -> int:
        """Return the largest tensor parallel degree: GPUs, or Neuron cores."""
        return self.devices * self.accelerator.cores

    @property
    def rank_mib(self) -> float:
        """Return the memory of one GPU or Neuron core in MiB."""
        return self.accelerator.memory_mib / self.accelerator.cores


T4 = Accelerator("T4", 15_360)
A10G = Accelerator("A10G", 22_888)
L4 = Accelerator("L4", 22_888)
L40S = Accelerator("L40S", 45_776)
A100_40 = Accelerator("A100 40 GB", 40_960)
A100_80 = Accelerator("A100 80 GB", 81_920)
H100 = Accelerator("H100", 81_559)
H200 = Accelerator("H200", 143_771)
INFERENTIA2 = Accelerator("Inferentia2", 32_768, cores=2, neuron=True)
TRAINIUM1 = Accelerator("Trainium", 32_768, cores=2, neuron=True)
TRAINIUM2 = Accelerator("Trainium2", 98_304, cores=4, neuron=True)

ONE_EACH = ("xlarge", "2xlarge", "4xlarge", "8xlarge", "16xlarge")
G_SIZES = {**dict.fromkeys(ONE_EACH, 1), "12xlarge": 4, "24xlarge": 4, "48xlarge": 8}
FAMILIES: dict[str, tuple[Accelerator, dict[str, int]]] = {
    "g4dn": (T4, {**dict.fromkeys(ONE_EACH, 1), "12xlarge": 4}),
    "g5": (A10G, G_SIZES),
    "g6": (L4, G_SIZES),
    "g6e": (L40S, G_SIZES),
    "p4d": (A100_40, {"24xlarge": 8}),
    "p4de": (A100_80, {"24xlarge": 8}),
    "p5": (H100, {"4xlarge": 1, "48xlarge": 8}),
    "p5e": (H200, {"48xlarge": 8}),
    "p5en": (H200, {"48xlarge": 8}),
    "inf2": (INFERENTIA2, {"xlarge": 1, "8xlarge": 1, "24xlarge": 6, "48xlarge": 12}),
    "trn1": (TRAINIUM1, {"2xlarge": 1, "32xlarge": 16}),
    "trn1n": (TRAINIUM1, {"32xlarge": 16}),
    "trn2": (TRAINIUM2, {"48xlarge": 16}),
}
INSTANCES = {
    f"ml.{family}.{size}": Instance(accelerator, devices)
    for family, (accelerator, sizes) in FAMILIES.items()
    for size, devices in sizes.items()
}
