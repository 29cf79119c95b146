"""The common face of the systems: all that commands, evaluation and reports may know of one."""

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

from jaxtyping import Float
from torch import Tensor, nn

from ..data.open import SourceConfig
from ..data.pack_data import ShapePack
from ..metrics.protocols.viewpoint import ViewpointTeller
from ..structures.reconstruction import Reconstruction
from ..structures.views import Views
from ..training.config import TrainConfig
from ..training.module import TrainingModule
from ..training.weights_header import Precision
from .about import About
from .info import Info
from .orbit import Orbit
from .orbit_options import OrbitOptions
from .pictures import Pictures
from .portable import Portable
from .project_options import ProjectOptions
from .projected import Projected
from .remembered import Placed, Recollection, Remembered


class RunConfig(Protocol):
    """What the settings of every recipe have, whatever other parts there are; dataclasses all through.

    Attributes:
        views: how pictures are taken.
        training: steps, batches, optimiser.
    """

    @property
    def views(self) -> SourceConfig:
        """How pictures are taken."""
        ...

    @property
    def training(self) -> TrainConfig:
        """Steps, batches, optimiser."""
        ...


@runtime_checkable
class System(Protocol):
    """A system with its weights, ready to use.

    Attributes:
        about: what is known of it without torch.
    """

    about: ClassVar[About]

    @property
    def network(self) -> nn.Module:
        """What training may start from."""
        ...

    @property
    def weights(self) -> str:
        """Where its weights came from."""
        ...

    @property
    def training(self) -> Mapping[str, Any]:
        """Settings that it was trained with, as JSON can hold them; empty where they are not known."""
        ...

    @property
    def variant(self) -> str:
        """Which of the system's networks it is."""
        ...

    @property
    def views_config(self) -> SourceConfig:
        """How the pictures that it was trained on are taken."""
        ...

    @classmethod
    def load(
        cls, weights: str | PathLike[str] | None = None, variant: str | None = None, device: Any = "auto"
    ) -> Self:
        """A system from a weights file or the folder of a run; with those that ship when not given.

        Raises:
            BadInput: weights that cannot be used, or are of another variant.
        """
        ...

    def save(self, path: str | PathLike[str], precision: Precision = "float16") -> None:
        """Write the weights file that `load` reads; raises BadInput where it cannot be written."""
        ...

    @classmethod
    def describe(cls, variant: str | None = None) -> Info:
        """Parameters, multiply-accumulates and shapes of a variant as published."""
        ...

    @property
    def info(self) -> Info:
        """The same of the system's own network."""
        ...

    def facts(self) -> Mapping[str, Any]:
        """What else the weights decide, such as a threshold, as JSON can hold it."""
        ...

    @staticmethod
    def recipes() -> Mapping[str, Callable[..., Any]]:
        """Functions that give complete settings for training (`RunConfig`), by name; each takes a variant."""
        ...

    @staticmethod
    def training_module(config: Any) -> TrainingModule:
        """What is trained with a recipe's settings."""
        ...


@runtime_checkable
class Reconstructs(System, Protocol):
    """A system that makes shapes of pictures."""

    def reconstruct(self, pictures: Pictures, options: Any = None) -> list[Reconstruction]:
        """The objects that pictures show; one, or several where the system tells them apart.

        Args:
            pictures: as `systems.pictures.as_views` takes them.
            options: of the type `about.options`; its defaults when not given.

        Raises:
            BadInput: a picture in which nothing is found.
        """
        ...

    @classmethod
    def claims(cls, views: Views) -> bool:
        """Whether pictures are so plainly this system's that it takes them where none is named."""
        ...


@runtime_checkable
class Relights(Reconstructs, Protocol):
    """A system that tells light from colours, and shows what it reconstructed in other light."""

    def relight(
        self, made: Reconstruction, angles_deg: Sequence[float]
    ) -> Float[Tensor, "frame 3 height width"]:
        """The object as its picture shows it, lit from a light that turns around the way to the camera.

        Args:
            made: by this system.
            angles_deg: where the light is, a frame each: 0 above, 90 to the right in the picture, 180 below.

        Returns:
            RGB in [0, 1], white where nothing is seen.
        """
        ...


@runtime_checkable
class Turns(Reconstructs, Protocol):
    """A system that shows what it reconstructed from other sides, better than its mesh alone could."""

    def turn(
        self, made: Reconstruction, angles_deg: Sequence[float]
    ) -> Float[Tensor, "frame 3 height width"]:
        """The object turned about the vertical axis.

        Args:
            made: by this system.
            angles_deg: by which it is turned, a frame each: 0 is the front, 90 looks to the right in the picture.

        Returns:
            RGB in [0, 1], white where nothing is seen.
        """
        ...


@runtime_checkable
class Generates(System, Protocol):
    """A system that invents pictures."""

    def generate(self, count: int, seed: int = 0, options: Any = None) -> Float[Tensor, "picture 3 h w"]:
        """Pictures, RGB in [0, 1].

        Args:
            count: how many.
            seed: of the first one; each further one has the next seed, whatever the count.
            options: of the type `about.options`; its defaults when not given.

        Raises:
            ValueError: options that these weights cannot follow.
        """
        ...


@runtime_checkable
class Mixes(Generates, Protocol):
    """A generator whose pictures can be mixed: what is coarse of one, what is fine of another."""

    def mix(
        self,
        rows: Sequence[int],
        columns: Sequence[int],
        layers: Sequence[int] | None = None,
        options: Any = None,
    ) -> Float[Tensor, "row column 3 h w"]:
        """Every picture of `rows` with the styles of some layers from every picture of `columns`, in [0, 1].

        Args:
            rows: seeds.
            columns: seeds.
            layers: counted from 0, coarse first; the first 7 when not given.
            options: as for `generate`.

        Raises:
            ValueError: a layer that is none, or options that these weights cannot follow.
        """
        ...


@runtime_checkable
class Projects(Generates, Protocol):
    """A generator that finds what a given picture could be made of."""

    def project(
        self,
        picture: Float[Tensor, "3 height width"],
        how: ProjectOptions,
        options: Any = None,
        watch: Callable[[int, str], None] | None = None,
    ) -> Projected:
        """The generator's picture that is nearest to a given one.

        Args:
            picture: RGB in [0, 1], of any size; only its middle square counts.
            how: it is looked for.
            options: as for `generate`.
            watch: told steps done, and how far it still is.

        Raises:
            BadInput: an encoder of another generator, or weights of a backbone that cannot be had.
            ValueError: options that these weights cannot follow.
        """
        ...

    def save_latents(self, path: str | PathLike[str], latents: Mapping[str, Tensor]) -> None:
        """Write `Projected.latents`; raises BadInput where they cannot be written."""
        ...

    def picture_of(self, path: str | PathLike[str]) -> Float[Tensor, "3 size size"]:
        """The picture of such a file, RGB in [0, 1]; raises BadInput where it is of another generator's sizes."""
        ...

    def train_encoder(
        self,
        path: str | PathLike[str],
        steps: int,
        seed: int = 0,
        options: Any = None,
        watch: Callable[[int, str], None] | None = None,
    ) -> None:
        """Train a network that tells what a picture is made of, on pictures of this generator, and write it.

        Args:
            path: the file.
            steps: of training.
            seed: of what is drawn.
            options: as for `generate`.
            watch: told steps done, and its errors.

        Raises:
            BadInput: the file cannot be written.
            ValueError: options that these weights cannot follow.
        """
        ...


@runtime_checkable
class Orbits(Generates, Protocol):
    """A generator that shows what it invents from several sides."""

    def orbit(
        self,
        objects: Sequence[int] | Mapping[str, Tensor],
        count: int,
        codes: str | PathLike[str],
        options: Any = None,
    ) -> Orbit:
        """Objects, each from the same sides.

        Args:
            objects: seeds, or what one picture is made of (`Projected.latents`).
            count: of views, at azimuths that are as even as can be.
            codes: a file of `find_views`.
            options: as for `generate`.

        Raises:
            BadInput: a file that cannot be read, or is of another generator.
            ValueError: more views than the file has, or options that these weights cannot follow.
        """
        ...

    def find_views(
        self,
        path: str | PathLike[str],
        teller: ViewpointTeller,
        how: OrbitOptions,
        options: Any = None,
        watch: Callable[[int, str], None] = ...,
    ) -> Mapping[str, Any]:
        """Find what shows objects from known sides, and write it.

        Args:
            path: the file.
            teller: says where pictures were taken from.
            how: it is looked for.
            options: as for `generate`.
            watch: told pictures done, and what is being done.

        Returns:
            what was measured of it, as JSON can hold it.

        Raises:
            BadInput: a file that cannot be written, or weights of a backbone that cannot be had.
            ValueError: nothing is found, or options that these weights cannot follow.
        """
        ...

    def views_to_make(self, how: OrbitOptions) -> int:
        """How many pictures such a search makes."""
        ...


@runtime_checkable
class Exports(System, Protocol):
    """A system whose network can run by itself."""

    def portable(self) -> Portable:
        """The network, from framed pictures to what can be used without the rest of the system."""
        ...


@runtime_checkable
class Remembers(System, Protocol):
    """A system with a memory of shapes, which people may look at and change (`About.remembers`)."""

    def slots(self) -> int:
        """How many shapes fit into the memory."""
        ...

    def remembered(self) -> list[Remembered]:
        """What is in the memory, in the order of its slots."""
        ...

    def recall(self, pictures: Pictures, count: int | None = None) -> Recollection:
        """The shapes that pictures of one object bring back.

        Args:
            pictures: as `systems.pictures.as_views` takes them.
            count: of shapes at most; as many as the network reads when not given.

        Raises:
            BadInput: a picture in which nothing is found.
        """
        ...

    def remember(
        self, pack: ShapePack, views: int = 8, watch: Callable[[int, str], None] | None = None
    ) -> Placed:
        """Put shapes into the memory, without training; each takes an empty slot, or that of the oldest shape.

        Args:
            pack: the shapes.
            views: pictures that are drawn of each where their mean says by what it is found.
            watch: told shapes done and the last one's id.

        Raises:
            ValueError: more shapes than slots, or voxels of another resolution than the memory's.
        """
        ...

    def forget(self, slots: Sequence[int]) -> None:
        """Empty some slots of the memory."""
        ...
