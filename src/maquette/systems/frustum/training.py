"""`FrustumTraining`: what the frustum's network is trained by."""

from collections.abc import Mapping
from dataclasses import asdict
from os import PathLike
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ...data.batch import Batch, known
from ...metrics.measure import Measure
from ...metrics.voxel_iou import voxel_iou
from ...structures.voxels import coarser
from ...training.module import TrainingModule, Update
from ...training.voxel_sheet import voxel_sheet
from ..weights_file import write_weights
from .about import ABOUT
from .config import THRESHOLD
from .loss import frustum_loss
from .network import FrustumNetwork
from .rays import Rays, filled, taken
from .recipes import FrustumConfig
from .targets import NEEDS, Targets, object_grid, targets_of

IOU = Measure("iou", "IoU")


class FrustumTraining(TrainingModule):
    """The network with its loss, a picture a sample.

    Args:
        config: a recipe's. The first weights follow from its seed.
    """

    goal = IOU
    needs = NEEDS
    side = 64

    def __init__(self, config: FrustumConfig) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.training.seed)
            network = FrustumNetwork(config.network)
        super().__init__(network, config.training)
        self.config = config

    def step(self, batch: Batch, update: Update) -> Mapping[str, Float[Tensor, ""]]:
        """Mean loss and its terms."""
        targets = targets_of(batch, self.config.network.resolution)
        loss, terms = self._loss(self.network, targets)
        update("network", loss)
        return {"loss": loss.detach(), **{name: term.detach() for name, term in terms.items()}}

    def judge(self, network: nn.Module, batch: Batch) -> Mapping[str, Float[Tensor, " sample"]]:
        """The batch's mean loss, for each of its objects, and each one's IoU from its first picture."""
        targets = targets_of(batch, self.config.network.resolution)
        loss, _ = self._loss(network, targets)
        made = self._grids(network, batch)
        iou = voxel_iou(made, coarser(batch.voxels, made.shape[-1]), THRESHOLD)
        return {"loss": loss.expand(len(iou)), "iou": iou}

    def show(self, network: nn.Module, batch: Batch) -> Float[Tensor, "3 height width"]:
        """A row an object: its first picture, what was made of it, and the truth."""
        return voxel_sheet(batch.to("cpu"), self._grids(network, batch).cpu() >= THRESHOLD)

    def _rays(self, network: nn.Module, targets: Targets) -> Rays:
        return Rays.of_output(
            taken(network(targets.images, targets.masks), targets.on), self.config.network.resolution
        )

    def _loss(self, network: nn.Module, targets: Targets) -> tuple[Tensor, Mapping[str, Tensor]]:
        images, resolution = len(targets.images), self.config.network.resolution
        return frustum_loss(
            self._rays(network, targets),
            targets.solid,
            targets.front,
            targets.image,
            images,
            images * resolution**3,
            self.config.loss,
        )

    def _grids(self, network: nn.Module, batch: Batch) -> Float[Tensor, "sample x y z"]:
        """Probability of the cells in the object's own grid, through the true camera, from the first pictures."""
        targets = targets_of(batch, self.config.network.resolution)
        field = filled(self._rays(network, targets).solid(), targets.on)[:: batch.images.shape[1]]
        first = slice(None, None, batch.images.shape[1])
        frustum, pose = targets.frustum[first], targets.pose[first]
        return object_grid(field, known(batch.truth.sides), frustum, pose)

    def save_weights(self, path: str | PathLike[str], network: nn.Module, about: Mapping[str, Any]) -> None:
        """Write the weights file that `Frustum.load` reads (`TrainingModule.save_weights`)."""
        kept = FrustumNetwork(self.config.network)
        kept.load_state_dict({name: tensor.cpu() for name, tensor in network.state_dict().items()})
        training = {**about, **asdict(self.config.training), "loss": asdict(self.config.loss)}
        config, views = self.config.network, self.config.views
        write_weights(path, ABOUT.name, kept, config, views, THRESHOLD, training, "float32")
