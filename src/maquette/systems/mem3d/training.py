"""`Mem3DTraining`: what Mem3D is trained by, and when its memory is written."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from os import PathLike
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ...data.batch import Batch, Entry
from ...metrics.measure import Measure
from ...metrics.voxel_iou import voxel_iou
from ...nn.backbones.backbone import start_backbone
from ...nn.memory import EMPTY, Recalled, ShapeMemory
from ...training.module import Gather, Taken, TrainingModule, Update
from ...training.voxel_sheet import voxel_sheet
from .config import THRESHOLD
from .files import write_mem3d
from .loss import mem3d_loss
from .network import Mem3DNetwork, Seen
from .recipes import Mem3DConfig

IOU = Measure("iou", "IoU")


class Mem3DTraining(TrainingModule):
    """Mem3D with its loss. Behind each step the keys of its objects are written into the memory, with their shapes.

    Args:
        config: a recipe's. The first weights follow from its seed, or are a backbone's of ImageNet.

    Attributes:
        written: shares of the last step's pairs whose shape was known already, and that replaced another one.
    """

    goal = IOU
    needs = frozenset({"voxels"})
    written: Float[Tensor, " 2"]

    def __init__(self, config: Mem3DConfig) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.training.seed)
            network = Mem3DNetwork(config.network)
        start_backbone(network.encoder.backbone, config.first_weights)
        super().__init__(network, config.training)
        self.config = config
        self.register_buffer("written", torch.zeros(2))
        self._pairs: list[tuple[Tensor, Tensor, Tensor]] = []  # keys, voxels, numbers of shapes

    def meet(self, entries: Sequence[Entry]) -> None:
        """Know what the remembered shapes are called."""
        for memory in self._memories():
            memory.ids = tuple(entry.id for entry in entries)

    def start_from(self, tensors: Mapping[str, Tensor]) -> Taken:
        """As `TrainingModule.start_from`; what remembered shapes are called in other data is forgotten."""
        taken = super().start_from(tensors)
        for memory in self._memories():
            memory.shapes.fill_(EMPTY)
        return taken

    def step(self, batch: Batch, update: Update) -> Mapping[str, Float[Tensor, ""]]:
        """Mean loss and its terms; the IoU, and that of the most similar remembered shape; how the memory fares."""
        network = _mem3d(self.network)
        without = batch.index if self.config.unseen else None
        seen = _see(network, batch, without)
        loss, terms = mem3d_loss(network, seen, batch.voxels, self.config.loss, without)
        update("network", loss)
        iou = voxel_iou(seen.logits.detach().float().sigmoid(), batch.voxels, THRESHOLD)
        told = {
            "loss": loss.detach(),
            **{name: term.detach() for name, term in terms.items()},
            "iou": iou.mean(),
        }
        if seen.recalled is None:
            return told
        of_shapes = network.config.has_shape_keys
        keys = network.shape_keys(batch.voxels) if of_shapes else seen.key.detach().float()
        self._pairs.append((keys, batch.voxels, batch.index))
        return {**told, **self._memory_told(seen.recalled, batch)}

    def after_step(self, gather: Gather) -> None:
        """Write the pairs of the whole batch, in its order."""
        memory = _mem3d(self.network).memory
        if memory is None:
            return
        keys, voxels, shapes = (gather(torch.cat(parts)) for parts in zip(*self._pairs, strict=True))
        self._pairs = []
        written = memory.write(keys, voxels.bool(), shapes)
        self.written = torch.stack([written.matched.float().mean(), written.replaced.float().mean()])

    def judge(self, network: nn.Module, batch: Batch) -> Mapping[str, Float[Tensor, " sample"]]:
        """The batch's mean loss, for each of its objects, and each one's IoU."""
        seen = _see(_mem3d(network), batch)
        loss, _ = mem3d_loss(_mem3d(network), seen, batch.voxels, self.config.loss)
        iou = voxel_iou(seen.logits.float().sigmoid(), batch.voxels, THRESHOLD)
        told = {"loss": loss.expand(len(iou)), "iou": iou}
        if seen.recalled is not None:
            told["recalled"] = voxel_iou(seen.recalled.grids[:, 0], batch.voxels, 0.5)
        return told

    def show(self, network: nn.Module, batch: Batch) -> Float[Tensor, "3 height width"]:
        """A row an object: its first picture, what was made of it, and the truth."""
        solid = _see(_mem3d(network), batch).logits.float().sigmoid().cpu() >= THRESHOLD
        return voxel_sheet(batch.to("cpu"), solid)

    def save_weights(self, path: str | PathLike[str], network: nn.Module, about: Mapping[str, Any]) -> None:
        """Write the weights file that `Mem3DSystem.load` reads (`TrainingModule.save_weights`)."""
        training = {**about, **asdict(self.config.training), "loss": asdict(self.config.loss)}
        write_mem3d(path, _mem3d(network), self.config.views, THRESHOLD, training, "float32")

    def _memories(self) -> list[ShapeMemory]:
        """That of the network, and its copy beside the averaged weights."""
        networks = [_mem3d(network) for network in (self.kept, self.averaged) if network is not None]
        return [network.memory for network in networks if network.memory is not None]

    def _memory_told(self, recalled: Recalled, batch: Batch) -> dict[str, Tensor]:
        """Filled share and mean age of the slots; hits, IoU of the most similar shape, and the last step's writes."""
        memory = _mem3d(self.network).memory
        assert memory is not None
        ages = memory.ages
        matched, replaced = self.written
        return {
            "filled": (ages >= 0).float().mean(),
            "age": ages.clamp(min=0).float().mean(),
            "hits": recalled.found[:, 0].float().mean(),
            "recalled": voxel_iou(recalled.grids[:, 0], batch.voxels, 0.5).mean(),
            "matched": matched,
            "replaced": replaced,
        }


def _mem3d(network: nn.Module) -> Mem3DNetwork:
    assert isinstance(network, Mem3DNetwork)
    return network


def _see(network: Mem3DNetwork, batch: Batch, without: Tensor | None = None) -> Seen:
    return network.decode(network.encode(batch.images).mean(1), without)
