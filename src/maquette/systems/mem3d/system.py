"""`Mem3DSystem`: Mem3D behind the common face of the systems."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from ...data.pack_data import ShapePack
from ...io.errors import BadInput
from ...nn.memory import ShapeMemory
from ...structures.reconstruction import Reconstruction
from ...structures.views import Views
from ...training.weights import Weights
from ...training.weights_header import Precision
from ..about import About
from ..info import Info
from ..object_voxels import ObjectVoxels
from ..pictures import Pictures, as_views
from ..portable import Portable
from ..remembered import Placed, Recollection, Remembered
from .about import ABOUT, Mem3DOptions
from .config import SIDE, NetworkConfig
from .files import fill_mem3d, write_mem3d
from .memory_edit import forget, held, place, recollect
from .network import Mem3DNetwork
from .portable import PortableMem3D
from .recipes import RECIPES

if TYPE_CHECKING:
    from ...training.module import TrainingModule
    from ..face import Exports, Reconstructs, Remembers


class Mem3DSystem(ObjectVoxels[Mem3DNetwork]):
    """Mem3D (Yang et al., CVPR 2021): pictures of an object to voxels, and from these to a mesh.

    Arguments are those of `OccupancySystem`.
    """

    about: ClassVar[About] = ABOUT
    name, variants, protocols = ABOUT.name, ABOUT.variants, ABOUT.protocols

    network_class, config_class = Mem3DNetwork, NetworkConfig

    def reconstruct(self, pictures: Pictures, options: Mem3DOptions | None = None) -> list[Reconstruction]:
        """One shape from the pictures of one object, in any order.

        Args:
            pictures: `Views`, or files, arrays or tensors as `systems.pictures.as_views` takes them; where no mask
                says where the object is, it is found.
            options: another threshold than that of the weights; whether what is read from memory is shown.

        Returns:
            a list of one reconstruction in the object frame; where the memory is shown, its fact `memory` says which
            shapes were read, and `aside` shows them.

        Raises:
            BadInput: a file that is not a picture, a picture in which no object is found, or a memory to be shown of
                a variant without any.
        """
        from ...segment import with_masks  # with OpenCV

        options = options or Mem3DOptions()
        if options.show_memory:
            self._memory()
        began = time.perf_counter()
        views = with_masks(as_views(pictures))
        made = self._lifted(
            views, lambda images: (self.occupancy(images)[0].cpu(), None), options.threshold, began
        )
        return [self._with_memory(made, views) if options.show_memory else made]

    def _with_memory(self, made: Reconstruction, views: Views) -> Reconstruction:
        """The same with the shapes that the pictures bring back."""
        from ..memory_sheet import memory_sheet  # with what draws

        shapes, grids, _ = self.recall(views)
        facts = {**made.facts, "memory": [shape.as_dict() for shape in shapes]}
        return replace(made, facts=facts, aside=memory_sheet(shapes, grids))

    def _memory(self) -> ShapeMemory:
        if self.network.memory is None:
            raise BadInput(self.weights, f"variant {self.variant} has no memory")
        return self.network.memory

    def slots(self) -> int:
        """How many shapes fit into the memory; raises BadInput without one, as all of the memory's methods do."""
        return len(self._memory().ages)

    def remembered(self) -> list[Remembered]:
        """What is in the memory, in the order of its slots."""
        return held(self._memory())

    def recall(self, pictures: Pictures, count: int | None = None) -> Recollection:
        """The shapes that pictures of one object bring back (`face.Remembers`)."""
        memory, images = self._memory(), self.frame(as_views(pictures))
        return recollect(memory, self._key(images), count or self.network_config.k, images)

    def remember(
        self, pack: ShapePack, views: int = 8, watch: Callable[[int, str], None] | None = None
    ) -> Placed:
        """Put shapes into the memory, without training (`face.Remembers`).

        Where keys are features, what a shape is found by is the mean of those of its pictures, as several pictures of
        an object are seen.
        """
        memory = self._memory()
        if pack.side % SIDE:
            raise ValueError(f"voxels of {pack.side} cells an edge; the memory has {SIDE}")
        key_of = self._shape_key if self.network_config.has_shape_keys else self._pictures_key(pack, views)
        keys, grids = [], []
        for index, entry in enumerate(pack.entries):
            grids.append(pack.solid(torch.tensor([index]), SIDE)[0].to(memory.ages.device))
            keys.append(key_of(index, grids[-1]))
            if watch is not None:
                watch(index + 1, entry.id)
        ids = [entry.id for entry in pack.entries]
        return place(memory, torch.stack(keys), torch.stack(grids), ids)

    def _shape_key(self, _: int, grid: Tensor) -> Float[Tensor, " key"]:
        return self.network.shape_keys(grid[None])[0]

    def _pictures_key(self, pack: ShapePack, views: int) -> Callable[[int, Tensor], Float[Tensor, " key"]]:
        from ...data.drawn_views import DrawnViews  # with its kernels

        source = DrawnViews(pack, self.views_config)
        return lambda index, _: self._key(source.held_batch([index], views).images[0])

    def forget(self, slots: Sequence[int]) -> None:
        """Empty some slots of the memory."""
        forget(self._memory(), slots)

    def _key(self, images: Float[Tensor, "view 3 size size"]) -> Float[Tensor, " key"]:
        """By what pictures of one object are found in memory."""
        with torch.no_grad():
            key: Tensor = self.network.key(self.network.encode(images[None].to(self.device)).mean(1))
        return key[0]

    def _solid(
        self, images: Float[Tensor, "batch view 3 h w"], counts: Sequence[int]
    ) -> Float[Tensor, "count batch x y z"]:
        return self.network.after(images, counts).float().sigmoid()

    @classmethod
    def describe(cls, variant: str | None = None) -> Info:
        """Parameters, multiply-accumulates and shapes of a variant: as published, but for `best`. Takes no memory.

        Raises:
            ValueError: an unknown variant.
        """
        recipe = RECIPES["original" if variant in ("original", "seed003", "none") else "best"]
        config = recipe("best" if variant is None else variant).network
        with torch.device("meta"):
            network = Mem3DNetwork(config)
        # What a backbone subtracts of pictures is elsewhere until now.
        return cls._described(network.to("meta"))

    @staticmethod
    def fill(network: Mem3DNetwork, weights: Weights) -> None:
        """Put the weights and the memory of a file into a network on the device "meta"."""
        fill_mem3d(network, weights)

    def save(self, path: str | PathLike[str], precision: Precision = "float16") -> None:
        """Write the weights file that `load` reads, memory included.

        Raises:
            BadInput: the file cannot be written.
        """
        write_mem3d(path, self.network, self.views_config, self.threshold, self.training, precision)

    def portable(self) -> Portable:
        """The network, from framed pictures to what `occupancy` says."""
        size = self.network_config.size
        inputs = {"images": ("batch", "view", 3, size, size)}
        return Portable(PortableMem3D(self.network), inputs, ("solid",), self.framing())

    @staticmethod
    def training_module(config: Any) -> "TrainingModule":
        """What is trained with a recipe's settings."""
        from .training import Mem3DTraining

        return Mem3DTraining(config)


if TYPE_CHECKING:
    _: type[Reconstructs] = Mem3DSystem
    __: type[Exports] = Mem3DSystem
    ___: type[Remembers] = Mem3DSystem
