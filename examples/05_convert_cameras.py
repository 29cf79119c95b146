"""Calibrated pictures of others as a `cameras.json` that `maquette mold` reads.

    python examples/05_convert_cameras.py dinoSparseRing scene/     # Middlebury: K, R, t a line in *_par.txt
    python examples/05_convert_cameras.py nerf_lego scene/          # NeRF: transforms_train.json, OpenGL axes
    maquette mold scene/ --from silhouettes -o dino.glb

The folder gets its own copies of the pictures: a `cameras.json` names nothing outside of its folder.
"""

import argparse
import json
import shutil
from dataclasses import replace
from pathlib import Path

import torch

from maquette.io import CameraFile, CameraView, load_image, write_cameras


def middlebury(folder: Path) -> list[CameraView]:
    """Views of a Middlebury multi-view data set: each line holds name, K, R and t in OpenCV's convention.

    Its pixel centres are whole numbers, ours are at a half, hence the shift of the principal point.
    """
    views = []
    for line in next(folder.glob("*_par.txt")).read_text().splitlines()[1:]:
        name, *numbers = line.split()
        values = torch.tensor([float(x) for x in numbers], dtype=torch.float64)
        K = values[:9].reshape(3, 3)
        K[:2, 2] += 0.5
        height, width = load_image(folder / name).shape[1:]
        R, t = values[9:18].reshape(3, 3), values[18:]
        views.append(CameraView(folder / name, None, width, height, K, R, t))
    return views


def nerf(folder: Path) -> list[CameraView]:
    """Views of a NeRF data set: camera-to-world matrices with OpenGL's axes and one horizontal field of view."""
    tree = json.loads(next(folder.glob("transforms_*.json")).read_text())
    flip = torch.diag(torch.tensor([1.0, -1.0, -1.0], dtype=torch.float64))
    views = []
    for frame in tree["frames"]:
        path = (folder / frame["file_path"]).with_suffix(".png")
        height, width = load_image(path).shape[1:]
        to_world = torch.tensor(frame["transform_matrix"], dtype=torch.float64)
        R = flip @ to_world[:3, :3].T
        focal = width / 2 / torch.tan(torch.tensor(tree["camera_angle_x"], dtype=torch.float64) / 2)
        K = torch.tensor([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]], dtype=torch.float64)
        views.append(CameraView(path, None, width, height, K, R, -R @ to_world[:3, 3]))
    return views


def copied(view: CameraView, folder: Path, out: Path) -> CameraView:
    """The view with a copy of its picture, at the place in `out` that it has in `folder`."""
    path = out / view.image.relative_to(folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(view.image, path)
    return replace(view, image=path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    is_nerf = any(args.folder.glob("transforms_*.json"))
    views = nerf(args.folder) if is_nerf else middlebury(args.folder)
    views = [copied(view, args.folder, args.out) for view in views]
    write_cameras(CameraFile(tuple(views), up="+Z" if is_nerf else "+Y"), args.out / "cameras.json")
    print(f"{len(views)} views in {args.out / 'cameras.json'}")


if __name__ == "__main__":
    main()
