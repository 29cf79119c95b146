"""One picture to how full its grid is, with the help of a ring of values that it has seen."""

import torch
from torch import nn

from maquette.metrics.measure import Measure
from maquette.structures.reconstruction import Reconstruction
from maquette.systems.pictures import as_views
from maquette.training.module import TrainingModule
from maquette.utils import ico_sphere

from ..base import SIZE, FakeSystem, NetworkConfig, ShapesConfig, write_network
from .about import ABOUT

SLOTS = 6


class Ring(nn.Module):
    """Keys, values and where the next is written: buffers of floats, bytes and whole numbers."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(4, 1)
        self.register_buffer("keys", torch.zeros(SLOTS, 3))
        self.register_buffer("values", torch.zeros(SLOTS, dtype=torch.uint8))
        self.register_buffer("written", torch.zeros((), dtype=torch.long))

    def forward(self, images):
        colours = images.mean((1, 3, 4))
        nearest = torch.cdist(colours, self.keys).argmin(1)
        return self.dense(torch.cat([colours, self.values[nearest, None] / 255], dim=1))[:, 0]

    def write(self, keys, values):
        for key, value in zip(keys, values, strict=True):
            slot = int(self.written) % SLOTS
            self.keys[slot], self.values[slot] = key, value
            self.written += 1


class Training(TrainingModule):
    needs = frozenset({"voxels"})
    goal = Measure("fill", "fill", higher=False)

    def __init__(self, config: ShapesConfig) -> None:
        super().__init__(Ring(config.network), config.training)
        self.config, self._pairs = config, []

    def step(self, batch, update):
        full = batch.voxels.flatten(1).float().mean(1)
        loss = (self.network(batch.images) - full).square().mean()
        update("network", loss)
        self._pairs.append((batch.images.mean((1, 3, 4)), (full * 255).to(torch.uint8)))
        return {"loss": loss.detach()}

    def after_step(self, gather):
        keys, values = (gather(torch.cat(parts)) for parts in zip(*self._pairs, strict=True))
        self.network.write(keys, values)
        self._pairs = []

    def judge(self, network, batch):
        return {"fill": (network(batch.images) - batch.voxels.flatten(1).float().mean(1)).abs()}

    def save_weights(self, path, network, about):
        write_network(Fake, path, network, self.config, about)


class Fake(FakeSystem):
    about, make, module, config = ABOUT, Ring, Training, ShapesConfig

    def reconstruct(self, pictures, options=None):
        views = as_views(pictures)
        image = nn.functional.interpolate(views.images[0][None], (SIZE, SIZE), mode="area")
        with torch.no_grad():
            size = float(self.network(image[None]).sigmoid())
        return [Reconstruction(ico_sphere(0).scale_verts(size), "object", info={"system": self.about.name})]
