"""`DrawnViews`: batches of pictures that are drawn as they are needed, from a pack of shapes."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch

from ..renderer.views import cameras_from_r2n2, render_views
from .batch import Batch, Entry
from .pack_data import ShapePack
from .views_config import ViewsConfig


class DrawnViews:
    """A `ViewSource` over a pack: cameras as in 3D-R2N2, plain backgrounds, random crop and flip.

    Args:
        pack: shapes of all splits.
        config: how pictures are taken.
        seed: of training samples.
    """

    def __init__(self, pack: ShapePack, config: ViewsConfig, seed: int = 0) -> None:
        self.pack, self.config, self.seed = pack, config, seed
        self._training = [i for i, entry in enumerate(pack.entries) if entry.split == "train"]

    @property
    def entries(self) -> Sequence[Entry]:
        return self.pack.entries

    def training_batch(
        self,
        step: int,
        count: int,
        views: int,
        part: tuple[int, int] = (0, 1),
        device: str | torch.device = "cpu",
    ) -> Batch:
        share = count // part[1]
        images, index, cameras = [], [], []
        for place in range(part[0] * share, (part[0] + 1) * share):
            epoch, position = divmod(step * count + place, len(self._training))
            chosen = self._training[int(_order(len(self._training), self.seed, epoch)[position])]
            rng = np.random.Generator(np.random.Philox(key=[self.seed, 2], counter=[0, 0, place, step]))
            taken, drawn = self._take(chosen, rng.random((views, 3)), rng.random((views, 6)))
            images.append(taken)
            index.append(chosen)
            cameras.append(drawn)
        return self._batch(images, index, cameras, device)

    def held_batch(self, indices: Sequence[int], views: int, device: str | torch.device = "cpu") -> Batch:
        images, cameras = [], []
        for index in indices:
            key = int.from_bytes(hashlib.sha256(self.pack.entries[index].id.encode()).digest()[:16])
            rng = np.random.Generator(np.random.Philox(key=key))
            taken, drawn = self._take(index, rng.random((views, 3)), None)
            images.append(taken)
            cameras.append(drawn)
        return self._batch(images, list(indices), cameras, device)

    def _batch(self, images: list, index: list, cameras: list, device: str | torch.device) -> Batch:
        rows = torch.tensor(index)
        return Batch(torch.stack(images), self.pack.solid(rows), rows, torch.stack(cameras)).to(device)

    def _take(self, index: int, place: np.ndarray, change: np.ndarray | None) -> tuple:
        c = self.config
        low, high = np.array([c.azimuth, c.elevation, c.ratio]).T
        drawn = torch.from_numpy(low + (high - low) * place)
        mesh = self.pack.shape(index).mesh
        pictures = render_views(mesh, cameras_from_r2n2(*drawn.unbind(1)), c.render_size)
        images = []
        for i, (image, mask) in enumerate(zip(pictures.images, pictures.masks, strict=True)):
            spare = c.render_size - c.size
            top, left, back = spare // 2, spare // 2, torch.full((3, 1, 1), 240 / 255)
            if change is not None:
                top, left = (change[i, :2] * (spare + 1)).astype(int).tolist()
                back = torch.from_numpy(c.plain[0] + (c.plain[1] - c.plain[0]) * change[i, 2:5]).float()[
                    :, None, None
                ]
            image = torch.where(mask, image, back)[:, top : top + c.size, left : left + c.size]
            images.append(image.flip(-1) if change is not None and change[i, 5] < c.flip else image)
        return torch.stack(images), drawn.float()


@lru_cache(maxsize=4)
def _order(count: int, seed: int, epoch: int) -> np.ndarray:
    """Order of the shapes in an epoch."""
    return np.random.Generator(np.random.Philox(key=[seed, 1], counter=epoch)).permutation(count)
