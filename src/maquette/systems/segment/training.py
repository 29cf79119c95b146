"""`SegmentTraining`: what the mask network is trained by."""

from collections.abc import Mapping
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, interpolate

from ...data.batch import Batch, known
from ...data.before_grounds import before_grounds
from ...loss.soft_dice import soft_dice
from ...metrics.measure import Measure
from ...metrics.protocols.masks import mask_iou
from ...nn.backbones.backbone import start_backbone
from ...training.module import TrainingModule, Update
from ..weights_file import write_weights
from .about import ABOUT
from .network import THRESHOLD, made
from .recipes import SegmentConfig
from .shadows import softened, with_shadows

IOU = Measure("iou", "IoU", "IoU of masks before drawn grounds")
_SHOWN = 8


class SegmentTraining(TrainingModule):
    """The mask network with its loss.

    Args:
        config: a recipe's. The first weights follow from its seed, those of the backbone are what it says.

    Raises:
        BadInput: first weights that cannot be had.
    """

    goal = IOU
    needs = frozenset({"masks"})

    def __init__(self, config: SegmentConfig) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.training.seed)
            network = made(config.network)
        start_backbone(network.backbone, config.first_weights)
        super().__init__(network, config.training)
        self.config = config

    def step(self, batch: Batch, update: Update) -> Mapping[str, Float[Tensor, ""]]:
        """The loss, its terms, and the IoU."""
        config = self.config.loss
        masks = known(batch.truth.masks).flatten(0, 1)
        images = with_shadows(batch.images.flatten(0, 1), masks, config.shadow)
        logits = whole(self.network(softened(images, config.soft)), masks)
        pixels, dice = binary_cross_entropy_with_logits(logits, masks), soft_dice(logits, masks)
        loss = pixels + config.dice * dice
        update("network", loss)
        iou = mask_iou(logits.detach().sigmoid(), masks).mean()
        return {"loss": loss.detach(), "pixels": pixels.detach(), "dice": dice.detach(), "iou": iou}

    def judge(self, network: nn.Module, batch: Batch) -> Mapping[str, Float[Tensor, " sample"]]:
        """IoU of each object's first picture, before a drawn ground."""
        told, true = self._told(network, batch)
        return {"iou": mask_iou(told, true)}

    def show(self, network: nn.Module, batch: Batch) -> Float[Tensor, "3 height width"]:
        """Pictures above the masks that are found in them."""
        few = batch.first(_SHOWN)
        told, _ = self._told(network, few)
        images = self._pictures(few)
        return torch.cat([torch.cat(list(part), dim=2) for part in (images, told.expand_as(images))], dim=1)

    def save_weights(self, path: str | PathLike[str], network: nn.Module, about: Mapping[str, Any]) -> None:
        """Write the network, and what it was trained with (`TrainingModule.save_weights`)."""
        config = self.config
        first = Path(config.first_weights).name  # not where it lay
        training = {**about, **asdict(config.training), "loss": asdict(config.loss), "first_weights": first}
        write_weights(path, ABOUT.name, network, config.network, config.views, THRESHOLD, training, "float32")

    def _told(self, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        true = known(batch.truth.masks)[:, 0]
        return whole(network(self._pictures(batch)), true).sigmoid(), true

    def _pictures(self, batch: Batch) -> Tensor:
        return before_grounds(batch)


def whole(
    logits: Float[Tensor, "picture 1 h w"], masks: Float[Tensor, "picture 1 height width"]
) -> Float[Tensor, "picture 1 height width"]:
    """Logits at the resolution of masks, in float32."""
    size = (masks.shape[2], masks.shape[3])
    return interpolate(logits.float(), size, mode="bilinear", align_corners=False)
