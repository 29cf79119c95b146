"""Opening data: a table from the layout of a folder to the source that reads it, and shapes that are drawn."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast, get_args

from ..io.errors import BadInput, as_bad_input
from .batch import Source, check_provided
from .celeba import read_celeba
from .drawn_views import DrawnViews
from .faces import FaceViews
from .families import shapes as shapes_of_families
from .mesh_folder import read_mesh_folder
from .pack import pack_meshes, pack_shapes, read_pack
from .pack_data import SIDE, ShapePack
from .picture_folder import read_picture_folder
from .picture_views import PictureFile, PictureViews
from .pictures_config import PicturesConfig
from .pix3d import Protocol, read_pix3d
from .pix3d_views import Pix3DViews
from .problems import Problem
from .r2n2 import read_r2n2
from .recognise import FAMILIES, count_of_faces, count_of_families, recognise
from .scene_pictures import ScenePictures
from .scenes_config import ScenesConfig
from .stored_views import StoredViews
from .synface import read_synface
from .views_config import ViewsConfig

SourceConfig = ViewsConfig | PicturesConfig | ScenesConfig
Watch = Callable[[int, int, str], None]


@dataclass(frozen=True)
class DataPlace:
    """Where data are: one of the first two.

    Attributes:
        shapes: a folder of meshes, a packed file, or "families:N": shapes to draw pictures of; "faces:N": people.
        data: a folder of pictures in a layout that is known.
        split_file: of `data` in R2N2's layout: see `read_r2n2`; in Pix3D's: "s1" or "s2".
    """

    shapes: str | None = None
    data: Path | None = None
    split_file: str | None = None

    @property
    def name(self) -> str:
        """What to call it."""
        return str(self.shapes if self.data is None else self.data)


@dataclass(frozen=True)
class Opened:
    """Data that can be read.

    Attributes:
        source: gives batches.
        name: what to call it.
        kind: "drawn" or "stored".
        problems: what had to be left out.
    """

    source: Source
    name: str
    kind: str
    problems: tuple[Problem, ...] = ()

    def only(self, needs: frozenset[str], side: int) -> "Opened":
        """The same data for who needs no more: what batches of views say beside costs time.

        Args:
            needs: what batches must know of their objects.
            side: cells along the edges of their voxels.
        """
        if not isinstance(self.source, DrawnViews | StoredViews):
            return self
        return replace(self, source=self.source.only(needs, side))


def open_source(
    place: DataPlace,
    config: SourceConfig,
    seed: int = 0,
    needs: frozenset[str] = frozenset(),
    watch: Watch | None = None,
    side: int = SIDE,
    wanted: frozenset[str] = frozenset(),
) -> Opened:
    """Open data for a system.

    Args:
        place: where they are.
        config: how the system's pictures are taken: views of shapes, or single pictures. Who needs nothing beside
            views of shapes may have single pictures of their size as well.
        seed: of training samples, and of shapes of the families.
        needs: what batches must know of their objects (`Truth`), where it can be told; the rest may be left out.
        watch: told meshes done, all of them and the last one's id, where a folder has to be packed.
        side: cells along the edges of the voxels of shapes; packed files may have fewer.
        wanted: what else they should know where the data say it.

    Raises:
        BadInput: nothing usable, a layout of another kind of pictures, one that holds none, or one that does not
            say what is needed.
        ValueError: settings of which no picture can be made.
    """
    if place.data is not None:
        layout = recognise(place.data)
        if isinstance(config, ViewsConfig) and layout in _SINGLE and not needs:
            config = PicturesConfig(config.size, flip=config.flip)
        if layout not in _OPENERS:
            raise BadInput(
                place.data, f"is of the layout {layout}, which has no pictures to be read as they are"
            )
        return _checked(_OPENERS[layout](place, config, seed), needs).only(needs | wanted, side)
    people = count_of_faces(str(place.shapes))
    if people is not None:
        faces = FaceViews(people, _single(place, config).size, seed)
        return _checked(Opened(faces, place.name, "drawn"), needs)
    pack, problems = open_shapes(str(place.shapes), seed, watch, side)
    opened = Opened(
        DrawnViews(pack, _views(place, config), seed, needs | wanted, side), place.name, "drawn", problems
    )
    return _checked(opened, needs)


def open_shapes(
    shapes: str, seed: int = 0, watch: Watch | None = None, side: int = SIDE
) -> tuple[ShapePack, tuple[Problem, ...]]:
    """The shapes of a folder, a packed file or the families, and the meshes that had to be left out.

    Arguments and errors are those of `open_source`.
    """
    count = count_of_families(shapes)
    if count is not None:
        return pack_families(count, seed, side), ()
    if count_of_faces(shapes) is not None:
        raise BadInput(shapes, "are pictures of people: there are no shapes in a pack of them")
    path = Path(shapes)
    if not path.is_dir():
        return read_pack(path), ()
    packed = pack_meshes([path], watch, side)
    return packed.pack, packed.skipped


def count_of_meshes(shapes: str) -> int | None:
    """How many meshes have to be packed before shapes can be drawn; None where they are packed already."""
    built_in = count_of_families(shapes) or count_of_faces(shapes)
    here = built_in is None and Path(shapes).is_dir()
    return len(read_mesh_folder(shapes)) if here else None


def pack_families(count: int, seed: int, side: int = SIDE) -> ShapePack:
    """Shapes of the built-in families, in turns, with voxels of `side` cells along an edge."""
    return pack_shapes(shapes_of_families(count, seed), source=FAMILIES, side=side)


def _checked(opened: Opened, needs: frozenset[str]) -> Opened:
    with as_bad_input(opened.name, ValueError):
        check_provided(needs, opened.source)
    return opened


def _views(place: DataPlace, config: SourceConfig) -> ViewsConfig:
    if not isinstance(config, ViewsConfig):
        raise BadInput(place.name, "gives views of shapes; this system is for single pictures (--data)")
    return config


def _single(place: DataPlace, config: SourceConfig) -> PicturesConfig:
    if not isinstance(config, PicturesConfig):
        raise BadInput(place.name, "holds single pictures; this system is for views of shapes")
    return config


def _r2n2(place: DataPlace, config: SourceConfig, seed: int) -> Opened:
    dataset = read_r2n2(_root(place), place.split_file)
    return Opened(StoredViews(dataset, _views(place, config), seed), place.name, "stored", dataset.problems)


def _pictures(place: DataPlace, config: SourceConfig, seed: int) -> Opened:
    files = [PictureFile(p.entry, p.image, p.mask) for p in read_picture_folder(_root(place))]
    return Opened(PictureViews(files, _single(place, config), seed), place.name, "stored")


def _celeba(place: DataPlace, config: SourceConfig, seed: int) -> Opened:
    data = read_celeba(_root(place))
    files = []
    for face in data.faces:
        left, top, width, height = face.box or (0, 0, 0, 0)
        box = None if face.box is None else (left, top, left + width, top + height)
        files.append(PictureFile(face.entry, face.image, box=box))
    return Opened(PictureViews(files, _single(place, config), seed), place.name, "stored", data.problems)


def _synface(place: DataPlace, config: SourceConfig, seed: int) -> Opened:
    data = read_synface(_root(place))
    files = [PictureFile(p.entry, p.image, box=p.box, depth=p.depth) for p in data.pictures]
    return Opened(PictureViews(files, _single(place, config), seed), place.name, "stored", data.problems)


def _pix3d(place: DataPlace, config: SourceConfig, seed: int) -> Opened:
    root = _root(place)
    if isinstance(config, ScenesConfig):
        data = read_pix3d(root, _lists(place))
        scenes = ScenePictures(data, config, seed)
        return Opened(scenes, place.name, "stored", (*data.problems, *scenes.problems))
    data = read_pix3d(root)
    if isinstance(config, ViewsConfig):
        return Opened(Pix3DViews(data, config), place.name, "stored", data.problems)
    files = [
        PictureFile(entry, data.root / record.image, data.root / record.mask, record.box)
        for entry, record in zip(data.entries, data.records, strict=True)
    ]
    return Opened(PictureViews(files, _single(place, config), seed), place.name, "stored", data.problems)


def _lists(place: DataPlace) -> Protocol | None:
    """Which of Mesh R-CNN's lists of Pix3D are asked for: S1 where it is there and nothing is said."""
    said = get_args(Protocol)
    if place.split_file in said:
        return cast(Protocol, place.split_file)
    if place.split_file is not None:
        raise BadInput(place.name, f"has the splits {' and '.join(said)}, not {place.split_file}")
    return "s1" if (_root(place) / "pix3d_s1_train.json").is_file() else None


def _root(place: DataPlace) -> Path:
    assert place.data is not None
    return place.data


_SINGLE = {"pictures", "celeba", "synface"}  # layouts of single pictures alone
_OPENERS: dict[str, Callable[[DataPlace, SourceConfig, int], Opened]] = {
    "r2n2": _r2n2,
    "pictures": _pictures,
    "celeba": _celeba,
    "synface": _synface,
    "pix3d": _pix3d,
}
