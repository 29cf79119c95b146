"""`FrustumTraining`: what the frustum's network is trained by."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from os import PathLike
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity

from ...data.batch import Batch, known
from ...metrics.measure import Measure
from ...metrics.voxel_iou import voxel_iou
from ...nn.dynamic import Gate, budget_loss, set_gumbel
from ...nn.dynamic.mask_unit import noise_is_on
from ...structures.voxels import coarser
from ...training.module import TrainingModule, Update
from ...training.voxel_sheet import voxel_sheet
from ..weights_file import write_weights
from .about import ABOUT
from .config import THRESHOLD
from .loss import frustum_loss
from .network import FrustumNetwork, Told
from .rays import Rays, agreed, filled, taken
from .recipes import FrustumConfig
from .targets import NEEDS, Targets, object_grid, targets_of

IOU = Measure("iou", "IoU")
_TEMPERATURE = 1.0  # of masks that are drawn


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
        set_gumbel(self.network, _TEMPERATURE, noise_is_on(self.share_done))
        loss, terms = self._loss(self._see(self.network, batch))
        update("network", loss)
        return {"loss": loss.detach(), **{name: term.detach() for name, term in terms.items()}}

    def judge(self, network: nn.Module, batch: Batch) -> Mapping[str, Float[Tensor, " sample"]]:
        """The batch's mean loss, for each of its objects; each one's IoU, and error of the vertical in degrees."""
        seen = self._see(network, batch)
        loss, _ = self._loss(seen)
        made = _grids(seen, batch)
        iou = voxel_iou(made, coarser(batch.voxels, made.shape[-1]), THRESHOLD)
        views = batch.images.shape[1]
        cosine = cosine_similarity(seen.up.float(), seen.targets.pose.up)[::views]
        return {"loss": loss.expand(len(iou)), "iou": iou, "tilt": cosine.clamp(-1, 1).acos().rad2deg()}

    def show(self, network: nn.Module, batch: Batch) -> Float[Tensor, "3 height width"]:
        """A row an object: its first picture, what was made of it, and the truth."""
        made = _grids(self._see(network, batch), batch)
        return voxel_sheet(batch.to("cpu"), made.cpu() >= THRESHOLD)

    def _see(self, network: nn.Module, batch: Batch) -> "_Seen":
        resolution = self.config.network.resolution
        targets = targets_of(batch, resolution)
        told: Told = network(targets.images, targets.masks)
        rays = Rays.of_output(taken(told.rays, targets.on), resolution)
        return _Seen(targets, rays, told.up, told.gates)

    def _loss(self, seen: "_Seen") -> tuple[Tensor, Mapping[str, Tensor]]:
        targets, config = seen.targets, self.config
        images = len(targets.images)
        cells = images * config.network.resolution**3
        total, terms = frustum_loss(
            seen.rays, targets.solid, targets.front, targets.image, images, cells, config.loss
        )
        up = (seen.up.float() - targets.pose.up).square().sum(1).mean()
        total, terms = total + config.loss.up * up, {**terms, "up": up}
        if not seen.gates:
            return total, terms
        budget = budget_loss(seen.gates, config.loss.target, self.share_done)
        active = torch.stack([gate.share.detach() for gate in seen.gates]).mean()
        return total + config.loss.budget * budget, {**terms, "budget": budget, "active": active}

    def save_weights(self, path: str | PathLike[str], network: nn.Module, about: Mapping[str, Any]) -> None:
        """Write the weights file that `Frustum.load` reads (`TrainingModule.save_weights`)."""
        kept = FrustumNetwork(self.config.network)
        kept.load_state_dict({name: tensor.cpu() for name, tensor in network.state_dict().items()})
        training = {**about, **asdict(self.config.training), "loss": asdict(self.config.loss)}
        config, views = self.config.network, self.config.views
        write_weights(path, ABOUT.name, kept, config, views, THRESHOLD, training, "float32")


@dataclass(frozen=True)
class _Seen:
    """What is true of pictures, and what the network says of them."""

    targets: Targets
    rays: Rays
    up: Float[Tensor, "image 3"]
    gates: list[Gate]


def _grids(seen: _Seen, batch: Batch) -> Float[Tensor, "sample x y z"]:
    """Probability of the cells in the object's own grid, through the true camera, from the first pictures."""
    first = slice(None, None, batch.images.shape[1])
    targets = seen.targets
    field = filled(agreed(seen.rays, targets.on).solid(), targets.on)[first]
    return object_grid(field, known(batch.truth.sides), targets.frustum[first], targets.pose[first])
