"""Render a mesh: colours, depth and normals from cameras around it, side by side in one picture.

python examples/03_render_a_mesh.py --out rendered.png
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch

import maquette
from maquette.io import load_mesh, save_image
from maquette.renderer import (
    FoVPerspectiveCameras,
    HardDepthShader,
    HardNormalShader,
    HardPhongShader,
    MeshRasterizer,
    PointLights,
    RasterizationSettings,
    look_at_view_transform,
)

FOX = Path(maquette.__file__).parent / "assets" / "fox.obj"


def main(words: Sequence[str] | None = None) -> torch.Tensor:
    """Run the example; returns the picture (3, 3 S, N S)."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--mesh", type=Path, default=FOX)
    parser.add_argument("--out", type=Path, default=Path("rendered.png"))
    parser.add_argument("--views", type=int, default=4)
    parser.add_argument("--size", type=int, default=256, help="of each view, in pixels")
    options = parser.parse_args(words)

    # Cameras look at the middle of the mesh from two and a half times its radius.
    mesh = load_mesh(options.mesh)
    low, high = mesh.get_bounding_boxes()[0].unbind(dim=1)
    middle, radius = (low + high) / 2, float((high - low).norm()) / 2
    azimuth = torch.arange(options.views) * (360 / options.views) + 30
    R, T = look_at_view_transform(dist=2.5 * radius, elev=20, azim=azimuth, at=middle[None])
    cameras = FoVPerspectiveCameras(R=R, T=T, fov=50, znear=0.1 * radius, zfar=10 * radius)

    # One pass of the rasterizer says which face each pixel shows; every shader starts from that.
    meshes = mesh.extend(options.views)
    rasterizer = MeshRasterizer(cameras, RasterizationSettings(image_size=options.size))
    fragments = rasterizer(meshes)
    lights = PointLights(location=cameras.get_camera_center() + torch.tensor([0.0, radius, 0.0]))
    colors = HardPhongShader(cameras=cameras, lights=lights)(fragments, meshes)[..., :3]
    depth = HardDepthShader(cameras=cameras)(fragments, meshes)
    nearness = ((3.5 * radius - depth) / (2 * radius)).clamp(0, 1).expand_as(colors)
    normals = HardNormalShader(cameras=cameras)(fragments, meshes) / 2 + 0.5

    rows = [torch.cat(list(views), dim=1) for views in (colors, nearness, normals)]
    picture = torch.cat(rows, dim=0).permute(2, 0, 1)
    save_image(picture, options.out)
    print(f"wrote {options.out}")
    return picture


if __name__ == "__main__":
    main()
