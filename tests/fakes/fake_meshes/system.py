"""One picture to a sphere whose vertices move; with batch normalisation."""

import torch
from torch import nn

from maquette.data.batch import known
from maquette.loss import chamfer_distance
from maquette.metrics.measure import Measure
from maquette.ops import sample_points_from_meshes
from maquette.structures.reconstruction import Reconstruction
from maquette.systems.pictures import as_views
from maquette.training.module import TrainingModule
from maquette.utils import ico_sphere

from ..base import SIZE, FakeSystem, NetworkConfig, ShapesConfig, write_network
from .about import ABOUT


class Mover(nn.Module):
    """A picture's colours to the size of a sphere along each axis."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(3, config.width)
        self.norm = nn.BatchNorm1d(config.width)
        self.size = nn.Linear(config.width, 3)

    def forward(self, images):
        return self.size(torch.relu(self.norm(self.dense(images.mean((1, 3, 4))))))


class Training(TrainingModule):
    """Chamfer distance of points that are drawn at random on both surfaces."""

    needs = frozenset({"meshes"})
    goal = Measure("distance", "distance", higher=False)

    def __init__(self, config: ShapesConfig) -> None:
        super().__init__(Mover(config.network), config.training)
        self.config = config

    def step(self, batch, update):
        loss = self._distance(self.network, batch).mean()
        update("network", loss)
        return {"loss": loss.detach()}

    def judge(self, network, batch):
        return {"distance": self._distance(network, batch)}

    def _distance(self, network, batch):
        made = spheres(network(batch.images))
        points = [sample_points_from_meshes(meshes, 16) for meshes in (made, known(batch.truth.meshes))]
        return chamfer_distance(*points, batch_reduction=None)[0]

    def save_weights(self, path, network, about):
        write_network(Fake, path, network, self.config, about)


def spheres(sizes):
    """A sphere a row, scaled by it."""
    ball = ico_sphere(0).to(sizes.device).extend(len(sizes))
    return ball.update_padded(ball.verts_padded() * sizes[:, None])


class Fake(FakeSystem):
    about, make, module, config = ABOUT, Mover, Training, ShapesConfig

    def reconstruct(self, pictures, options=None):
        views = as_views(pictures)
        image = nn.functional.interpolate(views.images[0][None], (SIZE, SIZE), mode="area")
        with torch.no_grad():
            mesh = spheres(self.network(image[None]).abs() + 0.1)
        return [Reconstruction(mesh, "object", info={"system": self.about.name})]
