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


def write_wedge(path: Path, front: str, scale: float = 2.0) -> None:
    """An OBJ of a slab of size 2 x 3 x 4 (right, up, front) times `scale`, off the origin.

    Its only corner at the top lies at the front on the object's right side, as the object itself would say.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    corners = np.array(
        [[-1, 0, -2], [1, 0, -2], [1, 0, 2], [-1, 0, 2], [-1, 3, 2]], float
    )  # front +Z: right is -X
    turned = {
        "+Z": corners,
        "-Z": corners * [-1, 1, -1],
        "+X": corners[:, [2, 1, 0]] * [1, 1, -1],
        "-X": corners[:, [2, 1, 0]] * [-1, 1, 1],
    }[front]
    lines = [f"v {x} {y} {z}" for x, y, z in turned * scale + [10, 0, -3]]
    faces = ["f 1 2 3 4", "f 1 5 2", "f 2 5 3", "f 3 5 4", "f 4 5 1"]
    path.write_text("\n".join(lines + faces) + "\n")


def write_shapenet(root: Path, models: dict[str, list[str]]) -> Path:
    """ShapeNetCore.v1 and its solid voxels."""
    for synset, names in models.items():
        for name in names:
            write_wedge(root / "ShapeNetCore.v1" / synset / name / "model.obj", "+X")
            cells = np.zeros((128, 128, 128), bool)
            cells[:128, :96, :64] = True  # front +X: 4 long there, 3 high, 2 wide
            path = root / "ShapeNetCore.v1.binvox" / synset / name / "model.presolid.binvox"
            write_binvox(path, cells, side=8.0)
    return root


def write_future3d(root: Path, models: dict[str, str]) -> Path:
    """3D-FUTURE by id and super-category."""
    rows = []
    for id, category in models.items():
        write_wedge(root / id / "normalized_model.obj", "+Z")
        write_wedge(root / id / "raw_model.obj", "+Z", 0.7)
        Image.new("RGB", (8, 8)).save(root / id / "image.jpg")
        rows.append(
            {"model_id": id, "super-category": category, "category": "x", "style": None, "theme": None}
        )
    (root / "model_info.json").write_text(json.dumps(rows))
    return root


def pix3d_record(number: int, category: str, model: str) -> dict:
    """A photograph taken from the front, turned by an angle of its own."""
    angle = 0.3 * number
    turn = [[math.cos(angle), 0, math.sin(angle)], [0, 1, 0], [-math.sin(angle), 0, math.cos(angle)]]
    return {
        "img": f"img/{category}/{number:04d}.png",
        "mask": f"mask/{category}/{number:04d}.png",
        "category": category,
        "img_size": [60, 40],
        "2d_keypoints": [],
        "img_source": "test",
        "model": f"model/{category}/{model}/model.obj",
        "model_raw": 0,
        "model_source": "test",
        "3d_keypoints": "",
        "voxel": f"model/{category}/{model}/voxel.mat",
        "rot_mat": turn,
        "trans_mat": [0.5, -0.2, 40.0],
        "focal_length": 35.0,
        "cam_position": [0, 0, -40],
        "inplane_rotation": 0.0,
        "truncated": False,
        "occluded": number == 1,
        "slightly_occluded": False,
        "bbox": [10, 5, 50, 35],
    }


def write_pix3d(root: Path, models: list[str], pictures: int = 4) -> Path:
    """Pix3D with chairs, whose pictures show the models in turn, and its lists S1 and S2."""
    rows = [pix3d_record(i, "chair", models[i % len(models)]) for i in range(pictures)]
    for row in rows:
        write_wedge(root / row["model"], "-Z")
        for name in ("img", "mask"):
            (root / row[name]).parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", tuple(row["img_size"]), 255).save(root / row[name])
    (root / "pix3d.json").write_text(json.dumps(rows))
    for list_name, border in (("s1", pictures - 1), ("s2", pictures // 2)):
        for split, chosen in (("train", rows[:border]), ("test", rows[border:])):
            images = [{"id": i, "file_name": row["img"], "width": 60} for i, row in enumerate(chosen)]
            text = json.dumps({"images": images, "annotations": [], "categories": []})
            (root / f"pix3d_{list_name}_{split}.json").write_text(text)
    return root


def write_celeba(root: Path, count: int = 5, folder: str = "img_celeba") -> Path:
    """Faces whose red tells the column and green the row, with crop boxes that reach over the border."""
    (root / folder).mkdir(parents=True)
    row, column = np.mgrid[:60, :50].astype(np.uint8)
    names = [f"{i:06d}.jpg" for i in range(1, count + 1)]
    for name in names:
        Image.fromarray(np.stack([column * 4, row * 4, row * 0], axis=2)).save(
            root / folder / name, quality=100
        )
    parts = [0] * (count - 2) + [1, 2]
    rows = "".join(f"{name} {part}\n" for name, part in zip(names, parts, strict=True))
    (root / "list_eval_partition.txt").write_text(rows)
    (root / "identity_CelebA.txt").write_text("".join(f"{name} {i // 2}\n" for i, name in enumerate(names)))
    boxes = "".join(f"{name}  30 10 40 40\n" for name in names)
    (root / "list_bbox_celeba.txt").write_text(f"{count}\nimage_id x_1 y_1 width height\n{boxes}")
    return root


def write_synface(root: Path, counts: dict[str, int] | None = None, size: int = 40) -> Path:
    """Faces that are balls: their red tells the column, and a depth that is 0, at 1.1, beside them."""
    row, column = np.mgrid[:size, :size]
    middle, radius = (size - 1) / 2, 0.4 * size
    height = 1 - ((row - middle) ** 2 + (column - middle) ** 2) / radius**2
    for split, count in (counts or {"train": 3, "val": 1, "test": 2}).items():
        for kind in ("image", "depth"):
            (root / split / kind).mkdir(parents=True)
        for i in range(count):
            near = np.where(height > 0, np.sqrt(np.maximum(height, 0)) * (0.5 + 0.1 * i) + 0.1, 0)
            picture = np.stack([column * (255 / size), near * 200, row * 0.0], axis=2)
            Image.fromarray(picture.astype(np.uint8)).save(root / split / "image" / f"image_{i:05d}.png")
            grey = np.repeat((near * 255).round().astype(np.uint8)[..., None], 3, axis=2)
            Image.fromarray(grey).save(root / split / "depth" / f"depth_{i:05d}.png")
    return root
