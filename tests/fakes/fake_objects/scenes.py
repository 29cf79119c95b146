"""A layout of data of its own: a file that says how many pictures of two boxes there are."""

import torch

from maquette.data.batch import Batch, Entry, PictureObjects, Truth, part_of
from maquette.data.open import Opened

from ..base import SIZE

SPLITS = ("train", "train", "val", "test")


class Scenes:
    """Pictures of two boxes."""

    provides = frozenset({"objects"})

    def __init__(self, count: int) -> None:
        self.entries = [Entry(f"scene{i}", "two", SPLITS[i % 4]) for i in range(count)]

    def view_count(self, index):
        return 1

    def training_batch(self, step, count, views, part=(0, 1), device="cpu"):
        there = [i for i, entry in enumerate(self.entries) if entry.split == "train"]
        return self._batch([there[(step * count + k) % len(there)] for k in part_of(count, part)]).to(device)

    def held_batch(self, indices, views, device="cpu"):
        return self._batch(list(indices)).to(device)

    def _batch(self, indices):
        images = torch.full((len(indices), 1, 3, SIZE, SIZE), 0.9)
        objects = []
        for image, index in zip(images, indices, strict=True):
            left = index % 3
            boxes = torch.tensor([[left, 1, left + 2, 4], [left + 3, 2, left + 5, 6]], dtype=torch.float32)
            for k, (a, b, c, d) in enumerate(boxes.long().tolist()):
                image[0, k, b:d, a:c] = 0.1
            objects.append(PictureObjects(boxes, torch.tensor([1, 2])))
        return Batch(images, torch.tensor(indices), Truth(objects=tuple(objects)))


def is_scenes(root):
    return (root / "scenes.txt").is_file()


def open_scenes(place, config, seed):
    return Opened(Scenes(int((place.data / "scenes.txt").read_text())), place.name, "stored")
