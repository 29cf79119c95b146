"""A stand-in for a generator and for a network that tells viewpoints: views that are drawn of a true shape."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from maquette.data import families
from maquette.metrics.protocols.viewpoint import Viewpoints
from maquette.renderer.views import cameras_from_r2n2, render_views
from maquette.structures import Meshes
from maquette.systems.orbit import Orbit

SIZE, GREY = 64, 240 / 255


class DrawnOrbits:
    """Draws a car; what its view codes say of a view is right to within some degrees.

    Args:
        broken: numbers of views that are of another side (`strange`), or of another car (`others`).
    """

    def __init__(self, strange: tuple[int, ...] = (), others: tuple[int, ...] = ()) -> None:
        self.strange, self.others = strange, others
        self.asked: list[int | Mapping[str, Tensor]] = []
        self.true = torch.zeros(0)

    def mesh(self, seed: int) -> Meshes:
        mesh = families.make("car", seed).mesh
        assert mesh is not None
        return mesh

    def orbit(self, objects, count: int, codes: Path, options=None) -> Orbit:
        draw = torch.Generator().manual_seed(0)
        self.asked.append(objects)
        seed = 0 if isinstance(objects, Mapping) else objects[0]
        azimuth = torch.arange(count) * 360.0 / count
        noise = torch.randn(3, count, generator=draw)
        self.true = (azimuth + 3 * noise[0]) % 360
        self.true[list(self.strange)] += 180
        cameras = cameras_from_r2n2((90 - self.true) % 360, 27.5 + noise[1], 0.8 + 0.05 * noise[2])
        images = render_views(self.mesh(seed), cameras, SIZE, antialias=4, background=GREY).images
        if self.others:
            other = render_views(self.mesh(seed + 7), cameras, SIZE, antialias=4, background=GREY).images
            images[list(self.others)] = other[list(self.others)]
        return Orbit(images[None], azimuth, torch.full((count,), 27.5))

    def viewpoints(self, images: Tensor) -> Viewpoints:
        """What a network says that is mostly right."""
        draw = torch.Generator().manual_seed(1)
        azimuth = (self.true + torch.randn(len(images), generator=draw)) % 360
        return Viewpoints(azimuth, torch.full_like(azimuth, 27.5), torch.full_like(azimuth, 0.95))
