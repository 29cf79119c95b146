"""Pictures to shapes, by any system: prepared, reconstructed, and written with what belongs to them."""

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from . import load
from .films import Film, save_film
from .io.any_picture import is_single, mask_tensor
from .io.atomic import replacing_paths
from .io.errors import BadInput, as_bad_input
from .io.images import save_deep_image, save_image
from .io.json_text import json_text
from .io.mesh_write import save_mesh
from .lift import View, draw_scene, scene_of
from .lift import upright as upright
from .renderer.views import azimuth_from_r2n2
from .segment import Found, find_masks, given_mask
from .segment.found import How
from .structures.picture_map import PictureMap
from .structures.reconstruction import Reconstruction
from .structures.views import Views
from .systems import DEFAULT, NAMES, SEVERAL, about_system, shipped_weights, system_class
from .systems.face import Reconstructs
from .systems.pictures import Pictures, as_views

load_system = load  # beside the other steps that a command is made of
RESERVED = frozenset(
    (
        *("system", "variant", "weights", "pictures", "frame", "seconds", "objects"),  # of a report
        *("maps", "films"),  # of what is written beside the mesh of one object
        *("name", "label", "score", "box", "remarks", "verts", "faces"),  # of each object in it
    )
)
_BESIDE = ("preview.png", "report.json")
_LOOSE = 0.02  # difference of the proportions of a picture and of its mask that is scaled away


@dataclass(frozen=True)
class PreparedViews:
    """Pictures of one object, or of one scene, ready for a system.

    Attributes:
        views: the pictures; with masks where they were looked for.
        found: how each mask came about, one a picture; None where there is none.
        seconds: that finding took.
    """

    views: Views
    found: tuple[Found | None, ...]
    seconds: float = 0.0

    def __len__(self) -> int:
        return len(self.views)

    @property
    def names(self) -> Sequence[str]:
        """One a picture."""
        return self.views.names or [f"picture {i}" for i in range(len(self))]

    @property
    def masks(self) -> list[Tensor]:
        """One a picture; all of it where no mask was looked for."""
        return [
            torch.ones_like(image[:1]) if found is None else found.mask
            for image, found in zip(self.views.images, self.found, strict=True)
        ]

    def each(self) -> list["PreparedViews"]:
        """Every picture on its own."""
        return [self._one(i) for i in range(len(self))]

    def _one(self, i: int) -> "PreparedViews":
        views, found = self.views, self.found[i]
        masks = None if found is None else [found.mask]
        cameras = None if views.cameras is None else views.cameras[[i]]
        fovs = None if views.fovs is None else [views.fovs[i]]
        boxes = None if views.boxes is None else [views.boxes[i]]
        one = Views([views.images[i]], masks, cameras, [self.names[i]], fovs, boxes)
        return PreparedViews(one, (found,), self.seconds / len(self))


def find_objects(
    pictures: Pictures,
    masks: Any = None,
    names: Sequence[str] | None = None,
) -> PreparedViews:
    """Find the object in every picture that comes without a mask.

    Args:
        pictures: of one object, as `systems.pictures.as_views` takes them.
        masks: one a picture, or None, in place of what the pictures bring: whatever `io.any_picture.mask_tensor`
            takes; a mask of the picture's proportions is scaled to its size.
        names: one a picture, where files do not name them.

    Raises:
        BadInput: no object is found in a picture, or a mask is empty or has other proportions.
        ValueError: another number of masks than of pictures, or masks that are none.
    """
    return prepare_views(pictures, masks, names, find=True)


def prepare_views(
    pictures: Pictures,
    masks: Any = None,
    names: Sequence[str] | None = None,
    find: bool = True,
) -> PreparedViews:
    """Pictures with the masks that they bring or are given; where `find` says so all get one (`find_objects`)."""
    began = time.perf_counter()
    views = as_views(pictures, names)
    called = list(views.names or [f"picture {i}" for i in range(len(views))])
    brought: How = "given" if isinstance(pictures, Views) else "alpha"
    found: list[Found | None] = [None] * len(views)
    for i, mask in enumerate(_as_masks(masks, len(views))):
        if mask is not None:
            fitted = _fitted(mask_tensor(mask, f"the mask of {called[i]}"), views.images[i], called[i])
            found[i] = given_mask(fitted, "given", called[i])
    left = [i for i, one in enumerate(found) if one is None]
    own = views.masks or [None] * len(views)
    if not find:
        left = [i for i in left if own[i] is not None]
    if left:
        rest = Views([views.images[i] for i in left], [own[i] for i in left], names=[called[i] for i in left])
        for i, one in zip(left, find_masks(rest, brought), strict=True):
            found[i] = one
    known = [None if one is None else one.mask for one in found]
    prepared = replace(views, masks=known if any(mask is not None for mask in known) else None, names=called)
    return PreparedViews(prepared, tuple(found), time.perf_counter() - began)


def _as_masks(masks: Any, count: int) -> list[Any]:
    """One a picture, or None."""
    several = [masks] if is_single(masks) else [None] * count if masks is None else list(masks)
    if len(several) != count:
        raise ValueError(f"{len(several)} masks for {count} pictures")
    return several


def _fitted(mask: Tensor, image: Tensor, name: str) -> Tensor:
    if mask.numel() == 0:
        raise ValueError(f"the mask of {name} must have pixels, got shape {tuple(mask.shape)}")
    (height, width), (rows, columns) = mask.shape[1:], image.shape[1:]
    if abs(height * columns / (width * rows) - 1) > _LOOSE:
        sizes = f"{width} x {height} and {columns} x {rows}"
        raise BadInput(name, f"mask and picture have different proportions: {sizes}")
    scaled = interpolate(mask.float()[None], (rows, columns), mode="bilinear", antialias=True)[0]
    return scaled.clamp(0, 1)


def choose_system(pictures: Pictures, each: bool = False) -> str:
    """Name of the system for pictures where none is named: one that claims them, else by their number.

    Only systems whose weights ship are asked.

    Args:
        pictures: of one object, as `systems.pictures.as_views` takes them.
        each: whether every picture shows an object of its own instead.
    """
    views = as_views(pictures)
    for name in NAMES:
        if "claim" in about_system(name).abilities and shipped_weights(name).is_file():
            kind = cast(type[Reconstructs], system_class(name))
            if kind.claims(views):
                return name
    return DEFAULT if each or len(views) == 1 or views.cameras is not None else SEVERAL


def reconstruct(
    pictures: Pictures | PreparedViews,
    system: Any = None,
    each: bool = False,
    weights: str | PathLike[str] | None = None,
    variant: str | None = None,
    device: str = "auto",
    options: Any = None,
    masks: Any = None,
) -> list[Reconstruction]:
    """Reconstruct the object that pictures show.

    Args:
        pictures: of one object: files, arrays, tensors, `Views`, or what `find_objects` gave.
        system: its name, or one that is loaded; weights, variant and device only serve to load it. When not given,
            that of `choose_system`.
        each: reconstruct every picture on its own.
        weights, variant, device: see `maquette.load`.
        options: of the system's own kind (`About.options`).
        masks: of the object, as `find_objects` takes them; not with what it gave.

    Returns:
        one reconstruction of all pictures together, or one a picture with `each`; more where a system finds
        several objects.

    Raises:
        BadInput: pictures without an object, files that are no pictures, weights that cannot be used.
    """
    views = pictures.views if isinstance(pictures, PreparedViews) else as_views(pictures)
    system = choose_system(views, each) if system is None else system
    loaded = load(system, weights, variant, device) if isinstance(system, str) else system
    if not isinstance(pictures, PreparedViews):
        pictures = prepare_views(views, masks, find=loaded.about.needs_masks)
    groups = pictures.each() if each else [pictures]
    return [made for group in groups for made in loaded.reconstruct(group.views, options)]


def describe(made: Reconstruction, prepared: PreparedViews) -> dict[str, Any]:
    """What is known of a reconstruction, as JSON can hold it.

    Raises:
        ValueError: facts under names of the report's own (`RESERVED`).
    """
    return {**_common(made, prepared), **_told(made)}


def _describe_scene(objects: Sequence[Reconstruction], prepared: PreparedViews) -> dict[str, Any]:
    """The same of several objects: what is common as the first has it, sizes of all, what each has of its own."""
    named = zip(node_names(objects), objects, strict=True)
    entries = [{"name": name, **_told(one)} for name, one in named]
    sizes = {name: sum(entry[name] for entry in entries) for name in ("verts", "faces")}
    return {**_common(objects[0], prepared), **sizes, "objects": entries}


def _common(made: Reconstruction, prepared: PreparedViews) -> dict[str, Any]:
    """What all objects of a scene share: who made them, of which pictures, in what time."""
    return {
        **{name: made.info.get(name) for name in ("system", "variant", "weights")},
        "pictures": [
            {
                "picture": name,
                "mask": found and found.how,
                "mask_confidence": found and round(found.confidence, 3),
                "view": None if view is None else _view_as_json(view),
            }
            for name, found, view in zip(prepared.names, prepared.found, _views(made, prepared), strict=True)
        ],
        "frame": made.frame,
        "seconds": {
            name: round(took, 4)
            for name, took in {"mask": prepared.seconds, **made.info.get("seconds", {})}.items()
        },
    }


def _views(made: Reconstruction, prepared: PreparedViews) -> list[View | None]:
    """Where each picture was taken from; None where the system does not say."""
    return [*(made.info.get("views") or ()), *[None] * len(prepared)][: len(prepared)]


def _view_as_json(view: View) -> dict[str, float]:
    names = ("elevation", "ratio", "confidence", "silhouette_iou")
    azimuth = round(azimuth_from_r2n2(view.azimuth), 4) % 360
    return {"azimuth": azimuth, **{name: round(getattr(view, name), 4) for name in names}}


def _told(made: Reconstruction) -> dict[str, Any]:
    """What each object of a scene has of its own: facts, detection and remarks where there are any, size."""
    if taken := sorted(RESERVED & made.facts.keys()):
        raise ValueError(f"facts must not be called {', '.join(taken)}: the report's own names")
    box = None if made.box is None else made.box.tolist()
    known = {"label": made.label, "score": made.score, "box": box, "remarks": list(made.remarks) or None}
    return {
        **made.facts,
        **{name: value for name, value in known.items() if value is not None},
        "verts": len(made.mesh.verts_packed()),
        "faces": len(made.mesh.faces_packed()),
    }


def files_of(out: Path, more: Iterable[str] = ()) -> list[Path]:
    """The mesh and what is written beside it.

    Args:
        out: the mesh.
        more: files beyond preview and report, by what stands behind the mesh's stem (`more_files`).
    """
    return [out, *(out.with_name(f"{out.stem}_{name}") for name in (*_BESIDE, *more))]


def more_files(maps: Iterable[str], films: Iterable[str] = (), film_format: str = "gif") -> list[str]:
    """What the files of maps and films are called behind the mesh's stem."""
    return [*(f"{name}.png" for name in maps), *(f"{name}.{film_format}" for name in films)]


def write(
    made: Reconstruction | Sequence[Reconstruction],
    prepared: PreparedViews,
    out: Path,
    up: str = "+Y",
    films: Mapping[str, Film] = MappingProxyType({}),
    film_format: str = "gif",
) -> dict[str, Any]:
    """Write mesh, preview, report, and maps of one object, which appear together or not at all.

    Args:
        made: a reconstruction, or those of all objects in a scene: a GLB file has a named node for each, and there
            are no maps.
        prepared: the pictures it was made of.
        out: the mesh file; its suffix says which kind.
        up: axis that points up in the world of cameras that were given; a GLB is turned so that +Y does.
        films: to be written, too, by name.
        film_format: "gif" or "mp4".

    Returns:
        the report (`describe`); of several objects `verts` and `faces` are sums, and `objects` has what each has
        of its own. Where there are maps and films it says what their files show.

    Raises:
        BadInput: no object, an unknown suffix, a place that cannot be written to, or a folder where a file must go.
        ValueError: facts under names of the report's own (`RESERVED`).
    """
    objects = [made] if isinstance(made, Reconstruction) else list(made)
    if not objects:
        raise BadInput(prepared.names[0], "nothing was found in the picture")
    maps = objects[0].maps if len(objects) == 1 else {}
    places = files_of(out, more_files(maps, films, film_format))
    for path in places:
        if path.is_dir():
            raise BadInput(path, "is a folder; a file is written there")
    began = time.perf_counter()
    report = describe(objects[0], prepared) if len(objects) == 1 else _describe_scene(objects, prepared)
    report |= _described_files(places[1 + len(_BESIDE) :], maps, films)
    axis = up if objects[0].frame == "world" else "+Y"
    with as_bad_input(out, OSError, say="cannot be written"), replacing_paths(places) as files:
        mesh, picture, numbers, *more = files
        save_mesh(scene_of(objects), mesh, names=node_names(objects), up=axis)
        save_image(preview(objects, prepared), picture)
        of_maps, of_films = more[: len(maps)], more[len(maps) :]
        for file, one in zip(of_maps, maps.values(), strict=True):
            (save_deep_image if one.deep else save_image)(one.shades(), file)
        for file, film in zip(of_films, films.values(), strict=True):
            save_film(film, file)
        report["seconds"]["write"] = round(time.perf_counter() - began, 4)
        numbers.write_text(json_text(report), encoding="utf-8")
    return report


def _described_files(
    places: Sequence[Path], maps: Mapping[str, PictureMap], films: Mapping[str, Film]
) -> dict[str, Any]:
    """What the report says of maps and films, where there are any."""
    of_maps, of_films = places[: len(maps)], places[len(maps) :]
    told = {
        "maps": {
            name: {"file": file.name, "black": one.black, "white": one.white, "bits": 16 if one.deep else 8,
                   "shows": one.shows}
            for (name, one), file in zip(maps.items(), of_maps, strict=True)
        },
        "films": {
            name: {"file": file.name, "from": film.sweep.first, "to": film.sweep.last,
                   "frames": len(film.frames)}
            for (name, film), file in zip(films.items(), of_films, strict=True)
        },
    }  # fmt: skip
    return {name: entries for name, entries in told.items() if entries}


def node_names(objects: Sequence[Reconstruction]) -> list[str]:
    """A name for each object of a scene that a file could have: its label, numbered where several have the same."""
    labels = [re.sub(r"[^\w.-]+", "-", one.label or "object") for one in objects]
    names: list[str] = []
    for label in labels:
        number = 1
        name = label if labels.count(label) == 1 else f"{label}_1"
        while name in names:
            number += 1
            name = f"{label}_{number}"
        names.append(name)
    return names


def preview(objects: Sequence[Reconstruction], prepared: PreparedViews, tile: int = 256) -> Tensor:
    """`lift.draw_scene` of prepared pictures."""
    return draw_scene(objects, prepared.views, tile)
