"""`maquette bench mesh-rcnn`: what dynamic blocks cost and save, as a share of the plain network's time.

result = run(torch.device("cpu"), threads=1, repeats=5)
print(table(result))

Every network gets the same pictures and refines the same meshes: those of the true voxels, as cubes that a network
that has not learned makes of its own have nothing of an object's size.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from ..data.drawn_views import DrawnViews
from ..data.open import pack_families
from ..nn.dynamic import Gate, budget_loss
from ..nn.dynamic.blocks import executing
from ..nn.dynamic.mask_unit import MaskUnit, force_share
from ..structures import Meshes
from ..structures.device import make_device
from ..systems.mesh_rcnn.config import THRESHOLD, LossConfig, NetworkConfig
from ..systems.mesh_rcnn.cubes import cubes_of
from ..systems.mesh_rcnn.loss import mesh_loss, voxel_loss
from ..systems.mesh_rcnn.network import MeshRCNN
from ..systems.mesh_rcnn.recipes import MeshRCNNConfig, best, pretty, small, tiny
from ..systems.mesh_rcnn.targets import NEEDS, Targets, targets_of
from .machine import describe_machine
from .timing import seconds_in_turns, summary

PLAIN = "light"
NETWORKS = (
    PLAIN,
    "dynamic-3",
    "dynamic-4",
    "dynamic-5",
    "dynamic-6",
    "control",
    "shared-map",
    "light-folded",
)
RECIPES = {"best": best, "pretty": pretty, "small": small, "tiny": tiny}
BATCHES = (1, 16)
DOCUMENT = {
    "dynamic-3": (0.82, 0.93),
    "dynamic-4": (0.87, 0.95),
    "dynamic-5": (0.92, 0.97),
    "dynamic-6": (0.97, 0.98),
}
"""Shares of Mesh R-CNN's time that the document of the dynamic module tells, of a step and of an inference."""
_FOLDED = "-folded"
_FAMILIES, _SIDE = 16, 64
_SURE = 10.0  # logit of a cell that is known


@dataclass(frozen=True)
class _Sample:
    """What all networks are given.

    Attributes:
        targets: pictures and what is true of them.
        meshes: that are refined.
    """

    targets: Targets
    meshes: Meshes

    @property
    def images(self) -> Tensor:
        """The pictures."""
        return self.targets.images


def run(
    device: torch.device | str = "auto",
    threads: int | None = None,
    repeats: int = 15,
    recipe: str = "best",
    batches: Sequence[int] = BATCHES,
    networks: Sequence[str] = NETWORKS,
    share: float = 0.5,
    patience: float = 300.0,
) -> dict[str, Any]:
    """Measure a training step and an inference of some networks, in turns.

    A step is forward pass, the recipe's losses (of dynamic networks the budget, too), backward pass and Adam; an
    inference is maps, voxels, cubes of voxels and all stages of the refinement. Adam is PyTorch's fused one.

    Args:
        device: CPU or CUDA device.
        threads: torch's threads meanwhile; as they are by default. With a single one on a CPU the process's own
            seconds are told, which other work on the machine does not lengthen.
        repeats: rounds; when they take long, fewer.
        recipe: whose network, pictures and losses.
        batches: numbers of pictures.
        networks: variants, behind some of them "-folded" (`NetworkConfig.folded`); the first is what the others are
            compared with.
        share: of the positions that are active in every dynamic block.
        patience: seconds after which no further round of a batch's steps, or of its inferences, begins.

    Returns:
        what JSON can hold: facts about the machine, and for each batch and network seconds with their spread, their
        share of the first network's in the same round (the median), and multiply-accumulates of all pictures: `macs`
        at all positions, of which a step does about three times as many, and `executed` of an inference.

    Raises:
        ValueError: an unknown recipe or network.
    """
    device = make_device(device)
    configs = {name: config_of(recipe, name) for name in networks}
    threads_before = torch.get_num_threads()
    torch.set_num_threads(threads or threads_before)
    try:
        found = [_measure(configs, batch, device, repeats, share, patience) for batch in batches]
        facts = {**describe_machine(device), "own_seconds": _counts_own(device)}
    finally:
        torch.set_num_threads(threads_before)
    return {
        "benchmark": "mesh-rcnn",
        **facts,
        "recipe": recipe,
        "network": _said(configs[networks[0]].network),
        "share": share,
        "batches": found,
    }


def config_of(recipe: str, name: str) -> MeshRCNNConfig:
    """Settings of a network by its name in the table; errors as of `run`."""
    if recipe not in RECIPES:
        raise ValueError(f"there is no recipe {recipe!r}; known are {', '.join(RECIPES)}")
    config: MeshRCNNConfig = RECIPES[recipe](name.removesuffix(_FOLDED))
    folded = name.endswith(_FOLDED)
    return replace(config, network=replace(config.network, folded=folded), first_weights="none")


def _counts_own(device: torch.device) -> bool:
    return device.type == "cpu" and torch.get_num_threads() == 1


def _said(network: NetworkConfig) -> dict[str, Any]:
    return {
        name: getattr(network, name) for name in ("backbone", "size", "voxels", "width", "hidden", "channels")
    }


def _measure(
    configs: dict[str, MeshRCNNConfig],
    batch: int,
    device: torch.device,
    repeats: int,
    share: float,
    patience: float,
) -> dict[str, Any]:
    first = next(iter(configs.values()))
    sample = sample_of(first, batch, device)
    clock = time.process_time if _counts_own(device) else time.perf_counter
    made, inferences, steps, rows = {}, {}, {}, {}
    for name, config in configs.items():
        network = made[name] = _network(config, device)
        network.eval()
        force_shares(network, partial(network.see, sample.images), share)
        inferences[name], steps[name] = _inference(network, sample), _step(network, config.loss, sample)
        rows[name] = {
            "network": name,
            "parameters": sum(parameter.numel() for parameter in network.parameters()),
            **_counted(network, sample),
        }
    told = {
        what: seconds_in_turns(calls, device, repeats, patience, clock)
        for what, calls in (("inference", inferences), ("training", steps))
    }
    plain = next(iter(configs))
    for what, seconds in told.items():
        for name, runs in seconds.items():
            ratios = [own / its for own, its in zip(runs, seconds[plain], strict=True)]
            rows[name][what] = {**summary(runs).as_dict(), "ratio": statistics.median(ratios)}
    for row in rows.values():
        for name in ("macs", "executed"):
            row[f"{name}_ratio"] = row[name] / rows[plain][name]
    verts = len(sample.meshes.verts_packed()) / batch
    return {"batch": batch, "verts": verts, "rows": list(rows.values())}


def sample_of(config: MeshRCNNConfig, batch: int, device: torch.device | str = "cpu") -> _Sample:
    """Pictures of sixteen shapes of the built-in families, and the cubes of their true voxels.

    The shapes whose cubes have about as many vertices as those of all on average come first.
    """
    source = DrawnViews(pack_families(_FAMILIES, 0, _SIDE), config.views, truth=NEEDS, side=_SIDE)

    def drawn(places: Sequence[int], points: int) -> _Sample:
        targets = targets_of(source.held_batch(places, 1, device), config.network.voxels, points)
        return _Sample(targets, _cubes(targets))

    counts = drawn(range(_FAMILIES), 1).meshes.num_verts_per_mesh().float()
    order = (counts - counts.mean()).abs().argsort().tolist()
    return drawn([order[i % _FAMILIES] for i in range(batch)], config.loss.points)


def _cubes(targets: Targets) -> Meshes:
    """Of the true voxels, made as those of a network are."""
    logits = (targets.solid.float() - 0.5) * (2 * _SURE)
    return cubes_of(logits, THRESHOLD, original=False).meshes


def _network(config: MeshRCNNConfig, device: torch.device) -> MeshRCNN:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return MeshRCNN(config.network).to(device)


@torch.no_grad()
def force_shares(network: nn.Module, look: Callable[[], object], share: float) -> None:
    """Let this share of the positions of every dynamic block be active in a call, `look`."""
    units = [module for module in network.modules() if isinstance(module, MaskUnit)]
    handles = [
        unit.register_forward_pre_hook(lambda unit, given: force_share(unit, given[0], share))
        for unit in units
    ]
    try:
        look()
    finally:
        for handle in handles:
            handle.remove()


def _inference(network: MeshRCNN, sample: _Sample) -> Callable[[], list[Gate]]:
    @torch.inference_mode()
    def infer() -> list[Gate]:
        network.eval()
        seen = network.see(sample.images)
        if seen.logits is not None:
            _cubes(sample.targets)
        network.refine(seen.maps, sample.meshes)
        return seen.gates

    return infer


def _step(network: MeshRCNN, loss: LossConfig, sample: _Sample) -> Callable[[], None]:
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-6, fused=True)

    def step() -> None:
        network.train()
        optimiser.zero_grad()
        seen = network.see(sample.images)
        total, _ = mesh_loss(network.refine(seen.maps, sample.meshes), sample.targets.surface, loss)
        if seen.logits is not None:
            total = total + loss.voxel * voxel_loss(seen.logits, sample.targets.solid)
        if seen.gates:
            total = total + loss.budget * budget_loss(seen.gates, loss.target, 0.5)
        total.backward()
        optimiser.step()

    return step


def _macs(call: Callable[[], object]) -> int:
    """Multiply-accumulates of the matrix products and convolutions of a call."""
    with FlopCounterMode(display=False) as counter:
        call()
    flops: int = counter.get_total_flops()
    return flops // 2


def _counted(network: MeshRCNN, sample: _Sample) -> dict[str, Any]:
    infer, gates = _inference(network, sample), []
    with executing(network, "layers"):
        macs = _macs(infer)
    gates = infer()
    dense = sum(gate.total for gate in gates)
    executed = macs - round(dense) + sum(gate.executed for gate in gates)
    active = statistics.mean(float(gate.share) for gate in gates) if gates else None
    return {"macs": macs, "executed": executed, "active": active}


def table(result: dict[str, Any]) -> str:
    """The numbers of `run` as Markdown: products of a picture, seconds, and their shares of the first network's."""
    head = [
        *("batch", "network", "GMAC", "share", "step, s", "share"),
        *("executed", "share", "inference, s", "share", "document: step, inference"),
    ]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for found in result["batches"]:
        for row in found["rows"]:
            cells = [str(found["batch"]), row["network"]]
            for macs, what in (("macs", "training"), ("executed", "inference")):
                cells += [f"{row[macs] / found['batch'] / 1e9:.2f}", f"{row[f'{macs}_ratio']:.2f}"]
                cells += [f"{row[what]['median']:.3g}", f"{row[what]['ratio']:.2f}"]
            cells += [
                ", ".join(f"{told:.2f}" for told in DOCUMENT.get(row["network"], ())),
            ]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
