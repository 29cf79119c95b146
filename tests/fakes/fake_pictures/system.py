"""A picture to a depth from which it is made again: nothing is known beside the picture."""

import torch
from torch import nn

from maquette.metrics.measure import Measure
from maquette.structures import Meshes
from maquette.structures.reconstruction import Reconstruction
from maquette.systems.pictures import as_views
from maquette.systems.portable import Portable
from maquette.training.module import TrainingModule

from ..base import SIZE, FakeSystem, NetworkConfig, SinglesConfig, write_network
from .about import ABOUT, Options


class Depth(nn.Module):
    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, config.width, 3, padding=1)
        self.norm = nn.BatchNorm2d(config.width)
        self.depth = nn.Conv2d(config.width, 1, 1)

    def forward(self, images):
        return self.depth(torch.relu(self.norm(self.conv(images[:, 0]))))


class Alone(nn.Module):
    """The network behind one picture instead of several of an object."""

    def __init__(self, network: Depth) -> None:
        super().__init__()
        self.network = network

    def forward(self, images):
        return (self.network(images[:, None]),)


class Training(TrainingModule):
    """Brightness from depth; dropout, so that steps draw random numbers."""

    goal = Measure("error", "error", higher=False)

    def __init__(self, config: SinglesConfig) -> None:
        super().__init__(Depth(config.network), config.training)
        self.config = config

    def step(self, batch, update):
        images = nn.functional.dropout(batch.images, 0.2)
        loss = (self.network(images) - batch.images[:, 0].mean(1, True)).abs().mean()
        update("network", loss)
        return {"loss": loss.detach(), "smoothness": loss.detach() / 2}

    def judge(self, network, batch):
        return {"error": (network(batch.images) - batch.images[:, 0].mean(1, True)).abs().mean((1, 2, 3))}

    def show(self, network, batch):
        return batch.images[0, 0]

    def save_weights(self, path, network, about):
        write_network(Fake, path, network, self.config, about)


class Fake(FakeSystem):
    about, make, module, config = ABOUT, Depth, Training, SinglesConfig

    @classmethod
    def claims(cls, views):
        return all(float(image[0].mean()) > 0.8 > float(image[1].mean()) for image in views.images)

    def portable(self):
        return Portable(Alone(self.network), {"images": ("batch", 3, SIZE, SIZE)}, ("depth",), {"size": SIZE})

    def reconstruct(self, pictures, options=None):
        """A surface in the camera frame, behind the picture."""
        relief = (options or Options()).relief
        views = as_views(pictures)
        image = nn.functional.interpolate(views.images[0][None], (SIZE, SIZE), mode="area")
        with torch.no_grad():
            depth = 5 + relief * self.network(image[None])[0, 0]
        y, x = torch.meshgrid(torch.linspace(1, -1, SIZE), torch.linspace(1, -1, SIZE), indexing="ij")
        verts = torch.stack([x * depth, y * depth, depth], dim=2).reshape(-1, 3)
        corner = (torch.arange(SIZE - 1)[:, None] * SIZE + torch.arange(SIZE - 1)).flatten()
        faces = torch.cat([
            torch.stack([corner, corner + SIZE, corner + 1], 1),
            torch.stack([corner + 1, corner + SIZE, corner + SIZE + 1], 1),
        ])  # fmt: skip
        return [
            Reconstruction(
                Meshes([verts], [faces]),
                "camera",
                depth=depth[None],
                info={"system": self.about.name},
                facts={"relief": relief},
                remarks=("it is almost flat",) if relief < 1 else (),
            )
        ]
