"""Starts one process for each accelerator, on every instance of the job, by torchrun.

Source: https://docs.pytorch.org/docs/stable/elastic/run.html
Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa-start-nccl.html
"""

import os
import sys
from collections.abc import Mapping

from fine_tune.places import Places

PORT = 29_500
EFA_FAMILIES = ("p4d", "p4de", "p5", "p5e", "p5en", "p6", "g5.4", "g6e", "trn1.32", "trn1n", "trn2")


def environment(places: Places) -> dict[str, str]:
    """Return the variables that several instances need, on instances with EFA its own too."""
    if len(places.hosts) == 1:
        return {}
    interface = places.env.get("SM_NETWORK_INTERFACE_NAME", "eth0")
    found = {"NCCL_SOCKET_IFNAME": interface, "GLOO_SOCKET_IFNAME": interface}
    if places.instance_type.removeprefix("ml.").startswith(EFA_FAMILIES):
        found |= {"FI_PROVIDER": "efa", "FI_EFA_USE_DEVICE_RDMA": "1", "FI_EFA_FORK_SAFE": "1"}
    return found


def command(places: Places, script: str, arguments: list[str], processes: int) -> list[str]:
    """Return the torchrun command of this instance; `processes` is the number on each instance."""
    hosts = places.hosts
    single = ["--standalone"]
    several = [
        f"--nnodes={len(hosts)}",
        f"--node-rank={hosts.index(places.host)}",
        f"--master-addr={hosts[0]}",
        f"--master-port={PORT}",
    ]
    where = single if len(hosts) == 1 else several
    run = [sys.executable, "-m", "torch.distributed.run", *where, f"--nproc-per-node={processes}"]
    return [*run, script, *arguments]


def is_rank(env: Mapping[str, str]) -> bool:
    """Return whether this process was started by torchrun, ours or the container's."""
    return "LOCAL_RANK" in env and "WORLD_SIZE" in env


def become(places: Places, script: str, arguments: list[str], processes: int) -> None:
    """Replace this process by torchrun, so that SIGTERM reaches it; does not return."""
    line = command(places, script, arguments, processes)
    os.execve(line[0], line, {**places.env, **_missing(places), "OMP_NUM_THREADS": _threads(places, processes)})


def _missing(places: Places) -> dict[str, str]:
    return {name: value for name, value in environment(places).items() if name not in places.env}


def _threads(places: Places, processes: int) -> str:
    return places.env.get("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // processes)))
