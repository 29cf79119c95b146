"""Pictures to shapes, by any system: the objects are found, reconstructed, and written with what belongs to them."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

from torch import Tensor
from torch.nn.functional import interpolate

from .io.atomic import replacing_path
from .io.errors import BadInput, as_bad_input
from .io.images import save_image
from .io.mesh_write import save_mesh
from .lift import View, draw_preview
from .segment import Found, find_object
from .segment.found import How
from .structures.reconstruction import Reconstruction
from .structures.views import Views
from .systems import system_class
from .systems.pictures import Pictures, as_views

_BESIDE = ("preview.png", "report.json")
_LOOSE = 0.02  # difference of the proportions of a picture and of its mask that is scaled away


@dataclass(frozen=True)
class Seen:
    """Pictures of one object, with the object found in each.

    Attributes:
        views: pictures, all with masks.
        found: how each mask was found, one a picture.
        seconds: that finding took.
    """

    views: Views
    found: tuple[Found, ...]
    seconds: float = 0.0

    def __len__(self) -> int:
        return len(self.views)

    def each(self) -> list["Seen"]:
        """Every picture on its own."""
        names = self.views.names or [f"picture {i}" for i in range(len(self))]
        return [
            Seen(Views([image], [found.mask], names=[name]), (found,), self.seconds / len(self))
            for image, found, name in zip(self.views.images, self.found, names, strict=True)
        ]


def find_objects(
    pictures: Pictures,
    masks: Sequence[Tensor | None] | None = None,
    names: Sequence[str] | None = None,
) -> Seen:
    """Find the object in every picture that comes without a mask.

    Args:
        pictures: of one object, as `systems.pictures.as_views` takes them.
        masks: (1, H, W), 1 on the object, one a picture, in place of what the pictures bring; a mask of the
            picture's proportions is scaled to its size.
        names: one a picture, where files do not name them.

    Raises:
        BadInput: no object is found in a picture, or a mask is empty or has other proportions.
        ValueError: another number of masks than of pictures, or masks of another shape.
    """
    began = time.perf_counter()
    views = as_views(pictures, names)
    known = views.masks or [None] * len(views)
    given = [None] * len(views) if masks is None else list(masks)
    called = list(views.names or [f"picture {i}" for i in range(len(views))])
    brought: How = "given" if isinstance(pictures, Views) else "alpha"
    found = []
    for image, own, mask, name in zip(views.images, known, given, called, strict=True):
        if mask is not None:
            found.append(_found(_fitted(mask, image, name), "given", name))
        else:
            found.append(_find(image, name) if own is None else _found(own, brought, name))
    seen = replace(views, masks=[one.mask for one in found], names=called)
    return Seen(seen, tuple(found), time.perf_counter() - began)


def _find(image: Tensor, name: str) -> Found:
    found = find_object(image)
    if found is None:
        raise BadInput(name, "no object was found in the picture; give its mask")
    return found


def _found(mask: Tensor, how: How, name: str) -> Found:
    if not bool((mask > 0.5).any()):
        raise BadInput(name, "the mask shows no object")
    return Found(mask, how, 1.0)


def _fitted(mask: Tensor, image: Tensor, name: str) -> Tensor:
    if mask.ndim != 3 or len(mask) != 1 or mask.numel() == 0:
        raise ValueError(f"the mask of {name} must have shape (1, H, W), got {tuple(mask.shape)}")
    (height, width), (rows, columns) = mask.shape[1:], image.shape[1:]
    if abs(height * columns / (width * rows) - 1) > _LOOSE:
        sizes = f"{width} x {height} and {columns} x {rows}"
        raise BadInput(name, f"mask and picture have different proportions: {sizes}")
    scaled = interpolate(mask.float()[None], (rows, columns), mode="bilinear", antialias=True)[0]
    return scaled.clamp(0, 1)


def load_system(
    name: str,
    weights: str | PathLike | None = None,
    variant: str | None = None,
    device: str = "cpu",
    threshold: float | None = None,
) -> Any:
    """A trained system.

    Args:
        name: of the system.
        weights: a weights file or the folder of a run; None takes those that ship with maquette.
        variant: that the weights must be of.
        device: where to compute.
        threshold: probability from which on a cell is solid, instead of that of the weights.

    Raises:
        KeyError: there is no such system.
        BadInput: weights that cannot be used.
        ValueError: a threshold, for a system without one.
    """
    system = system_class(name).load(weights, variant, device)
    if threshold is not None:
        if not hasattr(system, "threshold"):
            raise ValueError(f"system {name} has no threshold")
        system.threshold = threshold
    return system


def reconstruct(
    pictures: Pictures | Seen,
    system: Any = "r2n2",
    each: bool = False,
    weights: str | PathLike | None = None,
    variant: str | None = None,
    device: str = "cpu",
    threshold: float | None = None,
) -> list[Reconstruction]:
    """Reconstruct the object that pictures show.

    Args:
        pictures: of one object: files, arrays, tensors, `Views`, or what `find_objects` gave.
        system: its name, or one that is loaded; the remaining arguments only serve to load it.
        each: reconstruct every picture on its own.
        weights, variant, device, threshold: see `load_system`.

    Returns:
        one reconstruction of all pictures together, or one a picture with `each`; more where a system finds
        several objects.

    Raises:
        BadInput: pictures without an object, files that are no pictures, weights that cannot be used.
    """
    loaded = load_system(system, weights, variant, device, threshold) if isinstance(system, str) else system
    seen = pictures if isinstance(pictures, Seen) else find_objects(pictures)
    groups = seen.each() if each else [seen]
    return [made for group in groups for made in loaded.reconstruct(group.views)]


def describe(made: Reconstruction, seen: Seen) -> dict[str, Any]:
    """What is known of a reconstruction, as JSON can hold it."""
    info = made.info
    views = info.get("views") or [None] * len(seen)
    names = seen.views.names or [""] * len(seen)
    return {
        "system": info.get("system"),
        "variant": info.get("variant"),
        "weights": info.get("weights"),
        "pictures": [
            {
                "picture": name,
                "mask": found.how,
                "mask_confidence": round(found.confidence, 3),
                "view": None if view is None else _view_as_json(view),
            }
            for name, found, view in zip(names, seen.found, views, strict=True)
        ],
        "colours": info.get("colours"),
        "symmetric": info.get("symmetric"),
        "threshold": info.get("threshold"),
        "threshold_lowered": info.get("threshold_lowered"),
        "dropped_pieces": info.get("dropped_pieces"),
        "verts": len(made.mesh.verts_packed()),
        "faces": len(made.mesh.faces_packed()),
        "seconds": {
            "mask": round(seen.seconds, 4),
            **{key: round(value, 4) for key, value in info.get("seconds", {}).items()},
            **{f"lift_{key}": round(value, 4) for key, value in info.get("lift_seconds", {}).items()},
        },
    }


def _view_as_json(view: View) -> dict[str, float]:
    names = ("azimuth", "elevation", "ratio", "confidence", "silhouette_iou")
    return {name: round(getattr(view, name), 4) for name in names}


def files_of(out: Path) -> list[Path]:
    """The mesh and what is written beside it."""
    return [out, *(out.with_name(f"{out.stem}_{name}") for name in _BESIDE)]


def write(made: Reconstruction, seen: Seen, out: Path) -> dict[str, Any]:
    """Write mesh, preview and report, which appear together or not at all.

    Args:
        made: a reconstruction.
        seen: the pictures it was made of.
        out: the mesh file; its suffix says which kind.

    Returns:
        the report.

    Raises:
        BadInput: an unknown suffix, a place that cannot be written to, or a folder where a file must go.
    """
    for path in files_of(out):
        if path.is_dir():
            raise BadInput(path, "is a folder; a file is written there")
    began = time.perf_counter()
    report = describe(made, seen)
    masks = [found.mask for found in seen.found]
    views = made.info.get("views") or [None] * len(seen)
    with _under_its_name(out), ExitStack() as stack:
        mesh, preview, numbers = (stack.enter_context(replacing_path(path)) for path in files_of(out))
        save_mesh(made.mesh, mesh)
        save_image(draw_preview(made.mesh, seen.views.images, masks, views), preview)
        report["seconds"]["write"] = round(time.perf_counter() - began, 4)
        numbers.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return report


@contextmanager
def _under_its_name(out: Path) -> Iterator[None]:
    """Problems with what is written for a while under another name, told with the name that was asked for."""
    try:
        with as_bad_input(out, OSError, say="cannot be written"):
            yield
    except BadInput as problem:
        raise BadInput(out, problem.reason) from problem
