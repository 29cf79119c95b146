"""The lists of S1 and S2, and what is known of the photographs, read strictly and without torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..io.errors import ParseError, as_bad_input
from ..io.json_file import read_json
from ..structures.shape import SPLITS

WRONG_MASKS = ("img/table/1749.jpg", "img/table/0045.png")  # left out by Mesh R-CNN's evaluation


@dataclass(frozen=True)
class _List:
    """What is read of a list of pictures in COCO's form."""

    images: list[Any]


def read_lists(root: Path, name: str) -> dict[str, str]:
    """Splits by picture from Mesh R-CNN's `pix3d_<name>_{train,test}.json`, name "s1" or "s2".

    Raises:
        BadInput: missing, malformed, or a picture in both.
    """
    splits: dict[str, str] = {}
    for split in (SPLITS[0], SPLITS[2]):
        path = root / f"pix3d_{name}_{split}.json"
        images = read_json(path, _List).images
        with as_bad_input(path, ParseError):
            for number, image in enumerate(images):
                file = image.get("file_name") if isinstance(image, dict) else None
                if not isinstance(file, str):
                    raise ParseError("has no file_name", f"image {number}")
                if splits.setdefault(file, split) != split:
                    raise ParseError(f"{file} is in the other list too", f"image {number}")
    return splits
