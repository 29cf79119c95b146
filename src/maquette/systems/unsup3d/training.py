"""`Unsup3DTraining`: what Unsup3D is trained by. It needs pictures alone."""

from collections.abc import Mapping
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ...data.batch import Batch
from ...metrics.depth_scores import eroded, mean_angle_deviation, scale_invariant_depth_error
from ...metrics.measure import Measure
from ...ops.depth_maps import normals_of_depth
from ...training.module import TrainingModule, Update
from ...training.weights import save_weights
from .about import ABOUT
from .features import perceptual_features
from .formation import Canonical, Reconstructed, canonical, reconstruct
from .loss import masked_mean, unsup3d_loss
from .network import Unsup3DNetwork
from .recipes import Unsup3DConfig
from .sheet import sheet

LOSS = Measure("loss", "loss", higher=False)
_PERCENT = 100


class Unsup3DTraining(TrainingModule):
    """Unsup3D with its loss.

    Args:
        config: a recipe's. The first weights follow from its seed.

    Attributes:
        features: the network whose features are compared, which is not trained; None for none.

    Raises:
        BadInput: weights of the features that cannot be had.
    """

    goal = LOSS

    def __init__(self, config: Unsup3DConfig) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.training.seed)
            network = Unsup3DNetwork(config.network)
            features = perceptual_features(config.loss)
        super().__init__(network, config.training)
        self.config, self.features = config, features

    def step(self, batch: Batch, update: Update) -> Mapping[str, Float[Tensor, ""]]:
        """The loss and its terms, and the share of pixels in which a surface is seen."""
        weights = self.config.loss
        flip = 1.0 if self.step_count < weights.flip_start else weights.flip
        loss, terms, _, made = self._make(self.network, batch.images.flatten(0, 1), flip)
        update("network", loss)
        told = {name: term.detach() for name, term in terms.items()}
        return {"loss": loss.detach(), **told, "seen": made.mask.mean()}

    def judge(self, network: nn.Module, batch: Batch) -> Mapping[str, Float[Tensor, " sample"]]:
        """The batch's loss, for each of its first pictures, and each one's mean difference of colours, in [0, 1].

        Where the true depth is known also `side`, the scale-invariant error of the seen depth times 100, and `mad`,
        the mean angle between normals in degrees; over pixels whose 3 x 3 neighbours are all known and seen.
        """
        images = batch.images[:, 0]
        loss, _, _, made = self._make(network, images)
        count = len(images)
        differences = (2 * images - 1 - made.image[:count]).abs().mean(1, keepdim=True) / 2
        pairs = zip(differences.split(1), made.mask[:count].split(1), strict=True)
        pixels = torch.stack([masked_mean(one, mask) for one, mask in pairs])
        told = {"loss": loss.expand(count), "pixels": pixels}
        if batch.truth.depth is not None:
            told |= self._scores(made, batch.truth.depth[:, 0, 0])
        return told

    def show(self, network: nn.Module, batch: Batch) -> Float[Tensor, "3 height width"]:
        """A row an object: its picture, the reconstruction, canonical picture, colours, shading and depth."""
        images = batch.images[:, 0]
        _, _, found, made = self._make(network, images)
        return sheet(images, found, made, self.config.network.formation.depth)

    def save_weights(self, path: str | PathLike[str], network: nn.Module, about: Mapping[str, Any]) -> None:
        """Write the five networks, and what they were trained with (`TrainingModule.save_weights`)."""
        config = self.config
        loss = asdict(config.loss) | {
            "first_weights": Path(config.loss.first_weights).name
        }  # not where it lay
        settings = {
            "network": asdict(config.network),
            "views": asdict(config.views),
            "training": {**about, **asdict(config.training), "loss": loss},
        }
        save_weights(path, network.state_dict(), ABOUT.name, config.network.variant, settings, "float32")

    def _make(
        self, network: nn.Module, images: Tensor, flip: float | None = None
    ) -> tuple[Tensor, Mapping[str, Tensor], Canonical, Reconstructed]:
        """Loss, terms, and what pictures were taken apart and put together to; `flip` as `unsup3d_loss` has it."""
        raw = network(images)
        formation = self.config.network.formation
        found = canonical(raw, formation)
        made = reconstruct(found, formation)
        loss, terms = unsup3d_loss(
            images, raw, found, made, self.config.loss, formation.depth, self.features, flip
        )
        return loss, terms, found, made

    def _scores(self, made: Reconstructed, true: Tensor) -> dict[str, Tensor]:
        count, fov = len(true), self.config.network.formation.fov
        depth = made.depth[:count]
        mask = eroded((true > 0).to(depth.dtype)) * eroded(made.seen[:count].to(depth.dtype))
        side = scale_invariant_depth_error(depth, true, mask)
        mad = mean_angle_deviation(normals_of_depth(depth, fov), normals_of_depth(true, fov), mask)
        return {"side": _PERCENT * side, "mad": mad}
