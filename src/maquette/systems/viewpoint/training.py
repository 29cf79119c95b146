"""`ViewpointTraining`: what the viewpoint network is trained by."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from os import PathLike
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ...data.batch import Batch
from ...metrics.measure import Measure
from ...metrics.protocols.viewpoint import above, angle_between, true_viewpoints
from ...training.module import TrainingModule, Update
from ..weights_file import write_weights
from .about import ABOUT
from .network import Told, ViewpointNetwork
from .recipes import ViewpointConfig
from .von_mises import likeliest, log_density

ERROR = Measure("error", "azimuth error", "mean azimuth error in degrees", higher=False, digits=1)
_SHOWN = 8
_TOLD, _TRUE = (0.85, 0.35, 0.0), (0.6, 0.6, 0.6)


class ViewpointTraining(TrainingModule):
    """The viewpoint network with its loss, over all pictures of the objects.

    Args:
        config: a recipe's. The first weights follow from its seed.
    """

    goal = ERROR
    needs = frozenset({"cameras"})

    def __init__(self, config: ViewpointConfig) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.training.seed)
            network = ViewpointNetwork(config.network)
        super().__init__(network, config.training)
        self.config = config

    def step(self, batch: Batch, update: Update) -> Mapping[str, Float[Tensor, ""]]:
        """The loss, its two terms in nats, and the mean azimuth error in degrees."""
        azimuth, elevation = true_viewpoints(batch)
        told = self.network(batch.images.flatten(0, 1))
        turn, rise = surprise(told, azimuth.flatten(), elevation.flatten())
        loss = (turn + self.config.loss.elevation * rise).mean()
        update("network", loss)
        terms = {"loss": loss, "azimuth": turn.mean(), "elevation": rise.mean()}
        error = azimuth_error(told, azimuth.flatten()).mean()
        return {name: term.detach() for name, term in terms.items()} | {"error": error}

    def judge(self, network: nn.Module, batch: Batch) -> Mapping[str, Float[Tensor, " sample"]]:
        """The terms and the error of each object's first picture."""
        azimuth, elevation = (truth[:, 0] for truth in true_viewpoints(batch))
        told = network(batch.images[:, 0])
        turn, rise = surprise(told, azimuth, elevation)
        return {"azimuth": turn, "elevation": rise, "error": azimuth_error(told, azimuth)}

    def show(self, network: nn.Module, batch: Batch) -> Float[Tensor, "3 height width"]:
        """Pictures, and below each where it was taken from, seen from above: grey the truth, orange what is told."""
        few = batch.first(_SHOWN)
        true, _ = true_viewpoints(few)
        told = network(few.images[:, 0])
        found = torch.rad2deg(likeliest(told.logits, told.directions))
        size = few.images.shape[-1]
        dials = [
            above(size, (float(right), _TRUE), (float(ours), _TOLD))
            for right, ours in zip(true[:, 0], found, strict=True)
        ]
        return torch.cat([torch.cat(list(few.images[:, 0].cpu()), dim=2), torch.cat(dials, dim=2)], dim=1)

    def save_weights(self, path: str | PathLike[str], network: nn.Module, about: Mapping[str, Any]) -> None:
        """Write the network, and what it was trained with (`TrainingModule.save_weights`)."""
        config = self.config
        training = {**about, **asdict(config.training), "loss": asdict(config.loss)}
        write_weights(path, ABOUT.name, network, config.network, config.views, None, training, "float32")


def surprise(
    told: Told, azimuth: Float[Tensor, " picture"], elevation: Float[Tensor, " picture"]
) -> tuple[Float[Tensor, " picture"], Float[Tensor, " picture"]]:
    """Negative logarithms of the densities that true azimuths and elevations have, in nats by radians.

    The azimuth's is that of `von_mises.log_density`; with mean m and standard deviation s the elevation's is
    (e - m)^2 / (2 s^2) + ln s + ln(2 pi) / 2.

    Args:
        told: of the network.
        azimuth: true ones, degrees.
        elevation: true ones, degrees.
    """
    turn = -log_density(told.logits, told.directions, torch.deg2rad(azimuth)[:, None])[:, 0]
    mean, spread = told.elevation.unbind(1)
    off = (torch.deg2rad(elevation) - mean) / spread
    return turn, off.square() / 2 + spread.log() + math.log(2 * math.pi) / 2


def azimuth_error(told: Told, azimuth: Float[Tensor, " picture"]) -> Float[Tensor, " picture"]:
    """Degrees between the likeliest azimuths and the true ones, in [0, 180]; without gradients."""
    found = likeliest(told.logits.detach(), told.directions.detach())
    return angle_between(torch.rad2deg(found), azimuth)
