"""Device, precision and processes of a run, kept by Lightning's Fabric."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import torch
from lightning_fabric import Fabric
from torch import Tensor

from .config import TrainConfig

_LAUNCHER = "lightning_fabric.strategies.launchers.subprocess_script"


def make_fabric(device: torch.device, config: TrainConfig, processes: int = 1) -> Fabric:
    """Fabric, launched: this process knows its place among those that share each batch.

    Under torchrun the processes are those that it has started. Without, the first process starts the others, which
    run the command that it was started by once more.

    Args:
        device: of this process, where it is alone; else its kind counts.
        config: precision of the run.
        processes: on this machine.
    """
    logging.getLogger("lightning_fabric").setLevel(logging.ERROR)  # leaves out remarks and advice
    logging.getLogger(_LAUNCHER).setLevel(logging.INFO)  # but not that another process has died
    on_gpu = device.type == "cuda"
    bits = {"auto": "bf16-mixed" if on_gpu else "32-true", "32": "32-true"}
    started = int(os.environ.get("LOCAL_WORLD_SIZE", processes))
    world = int(os.environ.get("WORLD_SIZE", started))
    one = [device.index or 0] if on_gpu else 1
    fabric = Fabric(
        accelerator="gpu" if on_gpu else device.type,
        devices=started if world > 1 else one,
        num_nodes=max(1, world // started),
        strategy="ddp" if world > 1 else "auto",
        precision=bits.get(config.precision, f"{config.precision}-mixed"),  # type: ignore[arg-type]
    )
    fabric.launch()
    return fabric


def total(fabric: Fabric, tensor: Tensor) -> Tensor:
    """The sum of a tensor over all processes; itself where there is one."""
    if fabric.world_size == 1:
        return tensor
    return cast(Tensor, fabric.all_reduce(tensor.to(fabric.device), reduce_op="sum"))


def gathered(fabric: Fabric, tensor: Tensor) -> Tensor:
    """The tensors of all processes joined along their first axis, in the order of the processes."""
    if fabric.world_size == 1:
        return tensor
    return cast(Tensor, fabric.all_gather(tensor)).flatten(0, 1)


@contextmanager
def repeatable(fabric: Fabric, config: TrainConfig) -> Iterator[None]:
    """Same bits in every run: always on a CPU, on CUDA where the settings ask for it."""
    on_gpu = fabric.device.type == "cuda"
    wanted = not on_gpu or config.deterministic
    before = torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark
    if wanted:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what cuBLAS needs for it
    torch.use_deterministic_algorithms(wanted)
    torch.backends.cudnn.benchmark = on_gpu and not wanted
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0])
        torch.backends.cudnn.benchmark = before[1]
