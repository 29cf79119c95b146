"""`R2N2Training`: what 3D-R2N2 is trained by."""

from collections.abc import Mapping
from dataclasses import asdict
from os import PathLike
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ...data.batch import Batch
from ...loss import voxel_cross_entropy, voxel_dice, voxel_focal
from ...metrics.measure import Measure
from ...metrics.voxel_iou import voxel_iou
from ...structures.voxel_log_odds import solid_log_odds
from ...training.module import TrainingModule, Update
from ...training.voxel_sheet import voxel_sheet
from ..weights_file import write_weights
from .about import ABOUT
from .config import THRESHOLD
from .network import R2N2Network
from .recipes import LossConfig, R2N2Config
from .viewpoint import azimuth_loss

IOU = Measure("iou", "IoU")
_TERMS = {"cross_entropy": voxel_cross_entropy, "dice": voxel_dice, "focal": voxel_focal}


class R2N2Training(TrainingModule):
    """3D-R2N2 with its loss, taken behind the last view, and that of the azimuths of all views.

    Args:
        config: a recipe's. The first weights follow from its seed.
    """

    goal = IOU
    threshold = THRESHOLD

    def __init__(self, config: R2N2Config) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.training.seed)
            network = R2N2Network(config.network)
        super().__init__(network, config.training)
        self.config = config
        self.needs = frozenset({"voxels", "cameras"} if config.network.view_bins else {"voxels"})

    def step(self, batch: Batch, update: Update) -> Mapping[str, Float[Tensor, ""]]:
        """Mean loss, and mean IoU at the threshold."""
        loss, iou, _ = self._score(self.network, batch)
        update("network", loss)
        return {"loss": loss.detach(), "iou": iou.mean()}

    def judge(self, network: nn.Module, batch: Batch) -> Mapping[str, Float[Tensor, " sample"]]:
        """The batch's mean loss, for each of its objects, and each one's IoU."""
        loss, iou, _ = self._score(network, batch)
        return {"loss": loss.expand(len(iou)), "iou": iou}

    def show(self, network: nn.Module, batch: Batch) -> Float[Tensor, "3 height width"]:
        """A row an object: its first picture, what was made of it, and the truth."""
        _, _, probability = self._score(network, batch)
        return voxel_sheet(batch.to("cpu"), probability.cpu() >= self.threshold)

    def _score(
        self, network: nn.Module, batch: Batch
    ) -> tuple[Float[Tensor, ""], Float[Tensor, " sample"], Float[Tensor, "sample x y z"]]:
        """Mean loss, each object's IoU, and the probability of its cells."""
        assert isinstance(network, R2N2Network)
        target = batch.voxels
        features = network.encode(batch.images)
        logits = network.decode(features).float()
        with torch.no_grad():
            probability = solid_log_odds(logits).sigmoid()
            iou = voxel_iou(probability, target, self.threshold)
        loss = voxel_loss(logits, target, self.config.loss)
        if network.viewpoint is not None:
            azimuths = network.viewpoint(features).flatten(0, 1)
            true = batch.cameras[..., 0].flatten()
            loss = loss + self.config.loss.azimuth * azimuth_loss(azimuths, true)
        return loss, iou, probability

    def save_weights(self, path: str | PathLike[str], network: nn.Module, about: Mapping[str, Any]) -> None:
        """Write the weights file that `R2N2.load` reads (`TrainingModule.save_weights`)."""
        kept = R2N2Network(self.config.network)
        kept.load_state_dict({name: tensor.cpu() for name, tensor in network.state_dict().items()})
        training = {**about, **asdict(self.config.training), "loss": asdict(self.config.loss)}
        config, views = self.config.network, self.config.views
        write_weights(path, ABOUT.name, kept, config, views, self.threshold, training, "float32")


def voxel_loss(
    logits: Float[Tensor, "batch 2 x y z"], target: Tensor, config: LossConfig
) -> Float[Tensor, ""]:
    """Weighted sum of the voxels' terms whose weight is not 0.

    Args:
        logits: of empty and solid.
        target: (batch, x, y, z) solid cells.
        config: the weights.
    """
    weights = asdict(config)
    terms = [weights[name] * term(logits, target) for name, term in _TERMS.items() if weights[name]]
    return torch.stack(terms).sum()
