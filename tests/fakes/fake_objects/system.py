"""Two boxes in a picture, and a sphere for each."""

import torch
from torch import nn

from maquette.data.batch import known
from maquette.metrics.measure import Measure
from maquette.structures.reconstruction import Reconstruction
from maquette.systems.pictures import as_views
from maquette.training.module import TrainingModule
from maquette.utils import ico_sphere

from ..base import SIZE, FakeSystem, NetworkConfig, SinglesConfig, write_network
from .about import ABOUT

LABELS = ("", "chair", "chair")


class Boxes(nn.Module):
    """Corners of two boxes, in pixels."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(3 * SIZE * SIZE, 8)

    def forward(self, images):
        low, size = self.dense(images.flatten(1)).view(-1, 2, 2, 2).unbind(2)
        return torch.cat([low, low + size.abs() + 0.1], dim=2)


class Training(TrainingModule):
    needs = frozenset({"objects"})
    goal = Measure("offset", "offset", higher=False)

    def __init__(self, config: SinglesConfig) -> None:
        super().__init__(Boxes(config.network), config.training)
        self.config = config

    def step(self, batch, update):
        loss = self._offset(self.network, batch).mean()
        update("network", loss)
        return {"loss": loss.detach()}

    def judge(self, network, batch):
        return {"offset": self._offset(network, batch)}

    def _offset(self, network, batch):
        true = torch.stack([found.boxes for found in known(batch.truth.objects)])
        return (network(batch.images) - true).abs().mean((1, 2))

    def save_weights(self, path, network, about):
        write_network(Fake, path, network, self.config, about)


class Fake(FakeSystem):
    about, make, module, config = ABOUT, Boxes, Training, SinglesConfig

    def reconstruct(self, pictures, options=None):
        views = as_views(pictures)
        image = nn.functional.interpolate(views.images[0][None], (SIZE, SIZE), mode="area")
        with torch.no_grad():
            boxes = self.network(image[None])[0]
        return [
            Reconstruction(
                ico_sphere(0).offset_verts(torch.tensor([3.0 * k, 0.0, 6.0])),
                "camera",
                box=box,
                label=LABELS[k + 1],
                score=0.9 - 0.2 * k,
                info={
                    "system": self.about.name,
                    "seconds": {"find": 1e4, "find_boxes": 9e3, "find_first_look": 9e3, "shape_all": 2e4},
                },
                facts={"rank": k},
                remarks=("it may be none",) if k else (),
            )
            for k, box in enumerate(boxes)
        ]
