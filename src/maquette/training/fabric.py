"""Device, precision and processes of a run, kept by Lightning's Fabric."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar, cast

import torch
import torch.distributed as dist
from lightning_fabric import Fabric
from torch import Tensor

from .config import TrainConfig, check_precision
from .place import process_counts

Own = TypeVar("Own")


def make_fabric(device: torch.device, config: TrainConfig) -> Fabric:
    """Fabric, launched: this process knows its place among those that share each batch.

    Args:
        device: of this process, where it is alone; else its kind counts. Under torchrun's agent, which `--processes`
            has too, there are as many processes as that says.
        config: precision of the run.

    Raises:
        ValueError: a precision that the device lacks.
    """
    check_precision(config, device.type)
    for name in ("lightning_fabric", "lightning_utilities.core.rank_zero"):
        logging.getLogger(name).setLevel(logging.ERROR)  # leaves out remarks and advice
    on_gpu = device.type == "cuda"
    bits = {"auto": "bf16-mixed" if on_gpu else "32-true", "32": "32-true"}
    world, here = process_counts()
    one = [device.index or 0] if on_gpu else 1
    fabric = Fabric(
        accelerator="gpu" if on_gpu else device.type,
        devices=here if world > 1 else one,
        num_nodes=world // here,
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


def all_objects(fabric: Fabric, own: Own) -> list[Own]:
    """What every process gives, in their order."""
    found = [own] * fabric.world_size
    if fabric.world_size > 1:
        dist.all_gather_object(found, own)
    return found


@contextmanager
def repeatable(fabric: Fabric, config: TrainConfig) -> Iterator[None]:
    """Same bits in every run: always on a CPU, on CUDA where the settings ask for it."""
    on_gpu = fabric.device.type == "cuda"
    wanted = not on_gpu or config.deterministic
    before, warns = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    benchmark = torch.backends.cudnn.benchmark
    if wanted:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what cuBLAS needs for it
    torch.use_deterministic_algorithms(wanted)
    torch.backends.cudnn.benchmark = on_gpu and not wanted
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before, warn_only=warns)
        torch.backends.cudnn.benchmark = benchmark
