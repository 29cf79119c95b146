"""Cameras of Pix3D's photographs, in the axes of the meshes: those of one mesh are one scene.

A camera has the renderer's axes (+X left, +Y up, +Z into the picture) and its principal point in the middle.
"""

from os import PathLike
from pathlib import Path

import numpy as np

from .cameras_parse import FLIPS, CamerasData, ViewData, check_calibration, check_rigid, check_size
from .errors import BadInput, ParseError, as_bad_input, say_left_out
from .pix3d_records import Record, read_records
from .references import References


def parse_pix3d(path: Path, root: str | PathLike[str] | None = None, shape: str | None = None) -> CamerasData:
    """Photographs of one mesh, with their masks and cameras; records that cannot be used are left out.

    Args:
        path: `pix3d.json`.
        root: as `read_cameras` takes it.
        shape: the mesh's file, or a part of its name; None where the table has photographs of one mesh only.

    Raises:
        BadInput: missing or malformed, no record that can be used, photographs of no mesh or of several, or files
            that are missing or of another size.

    Warns:
        LeftOut: records that cannot be used.
    """
    records, bad = read_records(path.parent, path.name)
    _say_bad(path, bad, every=not records)
    chosen = [record for record in records if shape is None or shape in record.model]
    models = sorted({record.model for record in chosen})
    if len(models) != 1:
        found = f"of {len(models)} shapes, such as {models[0]}" if models else "of no shape"
        what = "" if shape is None else f" whose name contains {shape!r}"
        raise BadInput(path, f"has photographs {found}{what}; one has to be named")
    files = References(path.parent, root)
    with as_bad_input(path, ParseError):
        views = tuple(_view(record, files) for record in chosen)
    return CamerasData(views, None, "+Y")


def _say_bad(path: Path, bad: list[tuple[str, str]], every: bool) -> None:
    """Warn of records that cannot be used, whatever their mesh; refuse a table where `every` one is so."""
    if not bad:
        return
    place, reason = bad[0]
    if every:
        raise BadInput(path, reason, place)
    with as_bad_input(path):
        say_left_out(f"{reason}; and {len(bad) - 1} more" if len(bad) > 1 else reason, place)


def _view(record: Record, files: References) -> ViewData:
    width, height = record.size
    found = [files.find(name, moved=False) or files.folder / name for name in (record.image, record.mask)]
    for file in found:
        check_size(file, record.size)
    K = np.array([[record.focal, 0, width / 2], [0, record.focal, height / 2], [0, 0, 1]])
    check_calibration(K, record.image)
    flip, pose = np.array(FLIPS["pytorch3d"]), np.eye(4)
    u, _, v = np.linalg.svd(record.rotation)  # the table has four digits
    pose[:3, :3], pose[:3, 3] = flip[:, None] * (u @ v), flip * record.translation
    check_rigid(pose, record.image)
    return ViewData(found[0], found[1], *record.size, K, pose[:3, :3], pose[:3, 3])
