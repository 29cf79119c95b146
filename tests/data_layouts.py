"""Small data sets in the layouts of published ones, written as their authors wrote them."""

import json
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image

CHAIRS, RIFLES = "03001627", "04090263"


def camera_eye(azimuth: float, elevation: float, ratio: float) -> np.ndarray:
    """Where the published pictures of ShapeNet R2N2 were taken from, in the frame of its files."""
    a, e = math.radians(azimuth), math.radians(elevation)
    return 1.75 * ratio * np.array([math.cos(e) * math.cos(a), math.sin(e), math.cos(e) * math.sin(a)])


def project(points: np.ndarray, camera: tuple[float, float, float], size: int) -> np.ndarray:
    """Pixels (column, row) of points: a 35 mm lens on a 32 mm sensor, looking at the origin, y up."""
    eye = camera_eye(*camera)
    back = eye / np.linalg.norm(eye)
    right = np.cross([0, 1, 0], back)
    right /= np.linalg.norm(right)
    local = (points - eye) @ np.stack([right, np.cross(back, right), back]).T
    ndc = 2 * 35 / 32 * local[:, :2] / -local[:, 2:]
    return size / 2 * np.stack([1 + ndc[:, 0], 1 - ndc[:, 1]], axis=1)


def seat() -> np.ndarray:
    """(x, y, z) cells of a plate with a back at -X and a knob on the right of its front, at +X and -Z."""
    cells = np.zeros((32, 32, 32), bool)
    cells[:, 10:14, 4:28] = True
    cells[:3, 10:26, 4:28] = True
    cells[28:, 14:18, 4:8] = True
    return cells


def cell_centres(cells: np.ndarray, side: float) -> np.ndarray:
    """Points of the solid cells of a cube around the origin."""
    return ((np.argwhere(cells) + 0.5) / len(cells) - 0.5) * side


def write_binvox(path: Path, cells: np.ndarray, side: float, translate: tuple = (0.3, -0.2, 0.1)) -> None:
    """Run-length coded, x slowest, then z, then y, runs of at most 255."""
    path.parent.mkdir(parents=True, exist_ok=True)
    runs = bytearray()
    values = cells.transpose(0, 2, 1).reshape(-1).astype(np.uint8)
    borders = [0, *(np.flatnonzero(np.diff(values)) + 1), values.size]
    for start, end in pairwise(borders):
        for left in range(end - start, 0, -255):
            runs += bytes([values[start], min(left, 255)])
    head = f"#binvox 1\ndim {len(cells)} {len(cells)} {len(cells)}\n"
    head += f"translate {' '.join(map(str, translate))}\nscale {side}\ndata\n"
    path.write_bytes(head.encode() + bytes(runs))


def write_r2n2_model(
    root: Path, synset: str, model: str, views: int = 3, size: int = 32, side: float = 0.6, seed: int = 0
) -> None:
    """One object: pictures in which every projected cell is opaque, of a colour that tells the view."""
    folder = root / "ShapeNetRendering" / synset / model / "rendering"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    rows = []
    for view in range(views):
        camera = (rng.uniform(0, 360), rng.uniform(25, 30), rng.uniform(0.65, 0.95))
        rows.append(f"{camera[0]} {camera[1]} 0 {camera[2]} 25\n")
        pixels = project(cell_centres(seat(), side), camera, size).astype(int).clip(0, size - 1)
        picture = np.zeros((size, size, 4), np.uint8)
        picture[pixels[:, 1], pixels[:, 0]] = (10 * view, 100, 200, 255)
        Image.fromarray(picture).save(folder / f"{view:02d}.png")
    (folder / "rendering_metadata.txt").write_text("".join(rows))
    (folder / "renderings.txt").write_text("".join(f"{view:02d}.png\n" for view in range(views)))
    write_binvox(root / "ShapeNetVox32" / synset / model / "model.binvox", seat(), side)


def write_r2n2(root: Path, models: dict[str, list[str]], views: int = 3, size: int = 32) -> Path:
    """A whole folder, by category."""
    places = [(synset, name) for synset, names in models.items() for name in names]
    for seed, (synset, name) in enumerate(places):
        write_r2n2_model(root, synset, name, views, size, seed=seed)
    return root


def pix2vox_split(**splits: list[str]) -> str:
    """The text of a split file of Pix2Vox for chairs."""
    return json.dumps([{"taxonomy_id": CHAIRS, "taxonomy_name": "chair", "baseline": {}, **splits}])
