"""`R2N2Training`: what Lightning trains."""

from collections.abc import Mapping
from dataclasses import asdict
from os import PathLike
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ...data.batch import Batch
from ...loss import voxel_cross_entropy, voxel_dice, voxel_focal
from ...metrics.voxel_iou import voxel_iou
from ...structures.voxel_log_odds import solid_log_odds
from ...training.module import TrainingModule
from .config import THRESHOLD
from .network import R2N2Network
from .recipes import LossConfig, R2N2Config
from .viewpoint import azimuth_loss
from .weights_file import write_weights

_TERMS = {"cross_entropy": voxel_cross_entropy, "dice": voxel_dice, "focal": voxel_focal}


class R2N2Training(TrainingModule):
    """3D-R2N2 with its loss, taken behind the last view, and that of the azimuths of all views.

    Args:
        config: a recipe's. The first weights follow from its seed.
    """

    threshold = THRESHOLD

    def __init__(self, config: R2N2Config) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.training.seed)
            network = R2N2Network(config.network)
        super().__init__(network, config.training)
        self.config = config

    def score(
        self, network: nn.Module, batch: Batch
    ) -> tuple[Float[Tensor, ""], Float[Tensor, ""], Float[Tensor, "batch x y z"]]:
        """Mean loss, mean IoU at the threshold, and probabilities of solid cells."""
        assert isinstance(network, R2N2Network)
        features = network.encode(batch.images)
        logits = network.decode(features).float()
        with torch.no_grad():
            probability = solid_log_odds(logits).sigmoid()
            iou = voxel_iou(probability, batch.voxels, self.threshold).mean()
        loss = voxel_loss(logits, batch.voxels, self.config.loss)
        if network.viewpoint is not None:
            azimuths = network.viewpoint(features).flatten(0, 1)
            loss = loss + self.config.loss.azimuth * azimuth_loss(azimuths, batch.cameras[..., 0].flatten())
        return loss, iou, probability

    def save_weights(self, path: str | PathLike, network: nn.Module, about: Mapping[str, Any]) -> None:
        """Write the weights file that `R2N2.load` reads (`TrainingModule.save_weights`)."""
        kept = R2N2Network(self.config.network)
        kept.load_state_dict({name: tensor.cpu() for name, tensor in network.state_dict().items()})
        training = {**about, **asdict(self.config.training), "loss": asdict(self.config.loss)}
        write_weights(path, kept, self.config.views, self.threshold, training, "float32")


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
