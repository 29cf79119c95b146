"""Mesh R-CNN's lists of Pix3D, in COCO's form: S1 holds pictures out, S2 models."""

from collections.abc import Sequence
from typing import Any

from ..splits import place_of

_TRAINED = 0.75
_SENSOR = 32.0  # mm


def held_out(row: dict[str, Any], name: str) -> bool:
    """Whether a picture, as `pix3d.json` has it, is for tests in the list "s1" or "s2": a hash decides."""
    return place_of(row["img"] if name == "s1" else row["model"]) >= _TRAINED


def list_of(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A list of pictures, as `pix3d.json` has them, with an annotation each."""
    names = sorted({row["category"] for row in rows})
    return {
        "images": [
            {"id": i, "file_name": row["img"], "width": row["img_size"][0], "height": row["img_size"][1]}
            for i, row in enumerate(rows)
        ],
        "annotations": [_annotation(i, row, 1 + names.index(row["category"])) for i, row in enumerate(rows)],
        "categories": [{"id": 1 + i, "name": name} for i, name in enumerate(names)],
    }


def _annotation(i: int, row: dict[str, Any], category: int) -> dict[str, Any]:
    left, top, right, bottom = row["bbox"]
    width, height = row["img_size"]
    return {
        "id": i,
        "image_id": i,
        "category_id": category,
        "bbox": [left, top, right - left, bottom - top],
        "area": (right - left) * (bottom - top),
        "iscrowd": 0,
        "segmentation": row["mask"],
        "K": [row["focal_length"] * width / _SENSOR, width / 2, height / 2],
        **{name: row[name] for name in ("rot_mat", "trans_mat", "model", "voxel")},
    }
