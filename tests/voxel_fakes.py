"""A small source of boxes and systems that see them, for tests of evaluation without a network or drawing."""

from collections.abc import Sequence

import torch
from torch import Tensor

from maquette.data.batch import Batch, Entry, Truth
from maquette.data.views_config import ViewsConfig
from maquette.evaluate import Evaluation
from maquette.io.errors import BadInput

SIDE = 16


class BoxSource:
    """Boxes of two categories; the first pixel of every picture says which box it is.

    Args:
        splits: how many boxes each split has.
        broken: ids that cannot be read.
    """

    provides = frozenset({"voxels", "cameras"})

    def __init__(self, splits: dict[str, int], broken: Sequence[str] = ()) -> None:
        self.broken = set(broken)
        names = [(split, i) for split, count in splits.items() for i in range(count)]
        self.entries = [
            Entry(f"{split}{i}", ("low", "tall")[i % 2], split, source=("scans", "shapeassembly")[i % 3 == 0])
            for split, i in names
        ]
        self.grids = torch.stack([self._box(place, entry) for place, entry in enumerate(self.entries)])

    def _box(self, place: int, entry: Entry) -> Tensor:
        grid = torch.zeros(SIDE, SIDE, SIDE, dtype=torch.bool)
        low, height = 2 + place % 5, 3 if entry.category == "low" else 12
        grid[low : low + 6 + place % 3, 2 : 2 + height, 4 : 10 + place % 4] = True
        return grid

    def view_count(self, index: int) -> None:
        """Any number."""

    def training_batch(self, step, count, views, part=(0, 1), device="cpu") -> Batch:
        raise NotImplementedError

    def held_batch(self, indices: Sequence[int], views: int, device: str | torch.device = "cpu") -> Batch:
        for index in indices:
            if self.entries[index].id in self.broken:
                raise BadInput(f"{self.entries[index].id}.png", "the picture cannot be decoded")
        images = torch.zeros(len(indices), views, 3, 8, 8)
        images[:, :, 0, 0, 0] = torch.tensor(list(indices))[:, None] / 255
        cameras = torch.tensor([30.0, 25.0, 0.8]).expand(len(indices), views, 3)
        truth = Truth(voxels=self.grids[list(indices)], cameras=cameras)
        return Batch(images, torch.tensor(list(indices)), truth).to(device)


class _EachCount:
    """`occupancies` from an `occupancy` of all pictures."""

    def occupancies(self, images: Tensor, counts: Sequence[int]) -> Tensor:
        return torch.stack([self.occupancy(images[:, :count]) for count in counts])


class Seer(_EachCount):
    """Reads the box off the picture; its errors fall with the number of pictures.

    Args:
        source: where the boxes are.
        errors: share of the cells that are wrong with one picture.
    """

    views_config = ViewsConfig()

    def __init__(self, source: BoxSource, errors: float = 0.0) -> None:
        self.source, self.errors = source, errors

    def occupancy(self, images: Tensor) -> Tensor:
        places = (images[:, 0, 0, 0, 0] * 255).round().long().tolist()
        grids = []
        for place in places:
            noise = torch.rand(SIDE, SIDE, SIDE, generator=torch.Generator().manual_seed(place))
            grids.append(self.source.grids[place] ^ (noise < self.errors / images.shape[1]))
        return torch.stack(grids).float() * 0.8 + 0.1


class Blind(_EachCount):
    """Gives the mean of the training boxes of the category, whatever the picture shows."""

    views_config = ViewsConfig()

    def __init__(self, source: BoxSource) -> None:
        self.source = source

    def occupancy(self, images: Tensor) -> Tensor:
        entries = [self.source.entries[round(float(image[0, 0, 0, 0]) * 255)] for image in images]
        return torch.stack([self._mean(entry.category) for entry in entries])

    def _mean(self, category: str) -> Tensor:
        rows = [i for i, e in enumerate(self.source.entries) if (e.category, e.split) == (category, "train")]
        return self.source.grids[rows].float().mean(0)


def column(found: Evaluation, views: int, measure: str) -> Tensor:
    """A measure of all samples of an evaluation."""
    return torch.tensor(found.values(views, measure))
