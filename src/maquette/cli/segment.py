"""`maquette segment`: masks of the objects that pictures are about."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import tyro

from ..io.errors import BadInput
from ..io.image_files import image_size, read_pixels
from .console import Console
from .extras import need_extra
from .options import Compute, JsonFile, Out, check_compute, parse, set_up
from .picture_input import Picture, need_object, need_picture, picture_files
from .refusals import Refusal, need_place, need_spared

if TYPE_CHECKING:
    from ..segment import Found

_SUFFIXES = (".png",)


@dataclass(frozen=True, kw_only=True)
class Segment(Compute):
    """Cut out the object that each picture is about: a grey PNG, white on the object.

    Transparency says where it is, else a plain background, else the network that ships, else GrabCut; or the one
    way that --by names. Three pictures or more of one object (--same) repair a mask that does not go with the others.
    """

    images: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="PICTURE...")]
    """Pictures, or folders of pictures."""
    out: Out
    """The .png to write; a folder for several pictures, or for one where it ends in none."""
    by: Literal["plain", "network", "grabcut", "deeplab", "rembg"] | None = None
    """The only way to look for the object: deeplab is torchvision's, of COCO's weights; rembg is a package."""
    object: Annotated[str | None, tyro.conf.arg(metavar="WORD")] = None
    """What deeplab looks for, such as car or chair; what covers most when not given."""
    same: bool = False
    """The pictures show one object."""
    cut_out: bool = False
    """Write the pictures, transparent around the object, in the place of masks."""
    mask_sheet: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Write a picture of all pictures with their outlines."""
    json: JsonFile = None
    """Write how each mask came about as JSON; `-` is stdout."""


def run(words: Sequence[str]) -> None:
    """Read the words, then write the masks."""
    options = parse(Segment, words, "segment")
    if not options.images:
        raise Refusal("no picture is given")
    if options.object is not None and options.by != "deeplab":
        raise Refusal("--object goes with --by deeplab")
    if options.same and options.by is not None:
        raise Refusal("--same compares several ways of finding the object; --by leaves one")
    check_compute(options)
    if options.by == "rembg":
        need_extra("rembg", "--by rembg")
    files = picture_files(options.images)
    outs = _outs(files, options.out)
    if options.mask_sheet is not None:
        need_place(options.mask_sheet, (".png", ".jpg"))
    need_spared(files, [*outs, options.mask_sheet, options.json])
    console = Console(options.quiet, options.json)
    with console.stdout_for_numbers():
        console.write_json(_segment(files, outs, options, console))


def _outs(files: Sequence[Path], out: Path) -> list[Path]:
    """Where each mask goes; refuses places that cannot be written to, and two pictures of one name."""
    if len(files) == 1 and out.suffix.lower() in _SUFFIXES and not out.is_dir():
        need_place(out, _SUFFIXES)
        return [out]
    if out.is_file() or out.suffix.lower() in _SUFFIXES:
        raise BadInput(out, f"{len(files)} masks go into a folder")
    need_place(out)
    outs = [out / f"{file.stem}.png" for file in files]
    if len(set(outs)) < len(outs):
        twice = next(name for name in outs if outs.count(name) > 1)
        raise BadInput(twice, "would be the mask of two pictures of the same name")
    return outs


def _segment(files: list[Path], outs: list[Path], options: Segment, console: Console) -> dict[str, Any]:
    pictures = [Picture(str(file), need_picture(file)) for file in files]
    for picture in pictures:
        need_object(picture, masked=True)
    set_up(options)
    from ..segment import UNSURE

    began = time.perf_counter()
    found = _found(pictures, options)
    seconds = time.perf_counter() - began
    for picture, file, out, one in zip(pictures, files, outs, found, strict=True):
        _write(picture, file, out, one, options.cut_out)
        doubt = "; doubtful: the object hardly stands out" if one.confidence < UNSURE else ""
        again = ", which goes better with the other pictures" if one.repaired else ""
        console.say(f"wrote {out}: by {one.how}{again} ({one.confidence:.2f}){doubt}")
    if options.mask_sheet is not None:
        from ..io import save_image
        from ..segment.sheet import mask_sheet

        save_image(mask_sheet([p.pixels for p in pictures], found), options.mask_sheet)
        console.say(f"wrote {options.mask_sheet}")
    rows = [
        {
            "picture": picture.name,
            "mask": str(out),
            **one.as_dict(),
            "share": round(float((one.mask > 0.5).float().mean()), 4),
        }
        for picture, out, one in zip(pictures, outs, found, strict=True)
    ]
    return {"masks": rows, "seconds": round(seconds, 3)}


def _found(pictures: Sequence[Picture], options: Segment) -> "tuple[Found, ...]":
    from ..segment import find_masks
    from ..structures.views import Views
    from ..systems.pictures import as_views

    views = as_views([picture.pixels for picture in pictures], [picture.name for picture in pictures])
    if options.by is not None:
        views = Views(views.images, names=views.names)
    if options.object is not None:
        from ..segment.deeplab import KINDS

        if options.object not in KINDS[1:]:
            raise Refusal(f"--object {options.object}: known are {', '.join(KINDS[1:])}")
    return find_masks(views, "alpha", options.by, options.object, options.same)


def _write(picture: Picture, file: Path, out: Path, found: "Found", cut_out: bool) -> None:
    """The mask, or the picture with it, in the pixels of the file."""
    import torch
    from torch.nn.functional import interpolate

    from ..io import save_image

    columns, rows = image_size(file)
    mask, pixels = found.mask, picture.pixels
    if mask.shape[1:] != (rows, columns):  # a large picture was reduced
        mask = interpolate(mask[None], (rows, columns), mode="bilinear", align_corners=False)[0]
        pixels = read_pixels(file) if cut_out else pixels
    if cut_out:
        colours = torch.from_numpy(np.ascontiguousarray(pixels[..., :3])).permute(2, 0, 1)
        mask = torch.cat([colours.expand(3, -1, -1), mask])
    save_image(mask, out)
