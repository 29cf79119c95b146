"""Calibrated pictures of others as a `cameras.json`, a COLMAP model or a `transforms.json`.

    python examples/05_convert_cameras.py dinoSparseRing scene/          # Middlebury, NeRF, nerfstudio, COLMAP, Pix3D
    python examples/05_convert_cameras.py nerf_lego scene/ --to colmap
    maquette mold scene/ --from silhouettes -o dino.glb

The folder gets its own copies of the pictures, undistorted where a lens has bent them. `maquette cameras` does the
same, with a preview.
"""

import argparse
from pathlib import Path

from maquette.io.any_cameras_parse import parse_any_cameras
from maquette.io.camera_folder import write_camera_folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="a folder or a file in a known format")
    parser.add_argument("out", type=Path)
    parser.add_argument("--to", choices=("json", "colmap", "nerf"), default="json")
    args = parser.parse_args()
    cameras = write_camera_folder(parse_any_cameras(args.source), args.out, args.to)
    for view in cameras.views:
        place = (-view.R.T @ view.t).tolist()
        print(
            f"{view.image}: focal length {view.K[0, 0]:.1f} pixels, at ({', '.join(f'{x:.3f}' for x in place)})"
        )


if __name__ == "__main__":
    main()
