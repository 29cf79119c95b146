"""Fit the shape and the colours of a mesh to pictures with known cameras.

    python examples/02_fit_mesh_from_pictures.py --out fitted.glb

A sphere is rendered from some of the cameras; the difference to the pictures goes back, through the renderer,
to where its vertices are (from the silhouettes and the colours) and to how they are painted. Coming from
PyTorch3D, this is its tutorial on fitting a textured mesh; only the imports differ. `maquette mold` does the
same with better optimisation.
"""

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

import torch

import maquette
from maquette.io import load_mesh, save_image, save_mesh
from maquette.loss import mesh_edge_loss, mesh_laplacian_smoothing, mesh_normal_consistency
from maquette.renderer import (
    BlendParams,
    CamerasBase,
    FoVPerspectiveCameras,
    MeshRasterizer,
    MeshRenderer,
    PointLights,
    RasterizationSettings,
    SoftPhongShader,
    SoftSilhouetteShader,
    TexturesVertex,
    look_at_view_transform,
)
from maquette.structures import Meshes
from maquette.utils import ico_sphere

FOX = Path(maquette.__file__).parent / "assets" / "fox.obj"
SIGMA = 1e-4
WEIGHTS = {"silhouette": 1.0, "color": 1.0, "edge": 1.0, "normal": 0.01, "laplacian": 1.0}
VIEWS_A_STEP = 2


def make_renderers(size: int) -> tuple[MeshRenderer, MeshRenderer]:
    """One for soft silhouettes, one for colours; cameras are given with each call."""
    soft = RasterizationSettings(image_size=size, blur_radius=math.log(1 / 1e-4 - 1) * SIGMA)
    sharp = RasterizationSettings(image_size=size, faces_per_pixel=1)
    lights = PointLights(location=[[0.0, 0.0, 3.0]], ambient_color=[[0.7] * 3], specular_color=[[0.0] * 3])
    silhouettes = MeshRenderer(
        MeshRasterizer(raster_settings=soft), SoftSilhouetteShader(BlendParams(sigma=SIGMA))
    )
    colors = MeshRenderer(MeshRasterizer(raster_settings=sharp), SoftPhongShader(lights=lights))
    return silhouettes, colors


def put_around(views: int) -> FoVPerspectiveCameras:
    """Cameras all around, from above and below."""
    elevation = torch.linspace(-60, 60, views)
    azimuth = torch.linspace(-180, 180, views + 1)[:-1] * 3
    R, T = look_at_view_transform(dist=2.7, elev=elevation, azim=azimuth)
    return FoVPerspectiveCameras(R=R, T=T)


def losses(
    mesh: Meshes,
    renderers: tuple[MeshRenderer, MeshRenderer],
    cameras: CamerasBase,
    masks: torch.Tensor,
    pictures: torch.Tensor,
) -> dict[str, torch.Tensor]:
    """The terms, unweighted, over a few views."""
    batch = mesh.extend(len(masks))
    alpha = renderers[0](batch, cameras=cameras)[..., 3]
    color = renderers[1](batch, cameras=cameras)[..., :3]
    return {
        "silhouette": (alpha - masks).square().mean(),
        "color": (color - pictures).square().mean(),
        "edge": mesh_edge_loss(mesh),
        "normal": mesh_normal_consistency(mesh),
        "laplacian": mesh_laplacian_smoothing(mesh, method="uniform"),
    }


def main(words: Sequence[str] | None = None) -> tuple[float, float]:
    """Run the example; returns the mean silhouette and colour losses of the last views."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--target", type=Path, default=FOX, help="the mesh that the pictures show")
    parser.add_argument("--out", type=Path, default=Path("fitted.glb"))
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--views", type=int, default=20)
    parser.add_argument("--size", type=int, default=128, help="of the pictures, in pixels")
    parser.add_argument("--level", type=int, default=4, help="of the ico-sphere")
    options = parser.parse_args(words)
    torch.manual_seed(0)

    # The pictures: soft silhouettes and colours of the target, from all cameras.
    target = load_mesh(options.target)
    middle = target.verts_packed().mean(dim=0)
    target = target.offset_verts(-middle)
    target = target.scale_verts(1 / float(target.verts_packed().abs().max()))
    cameras, renderers = put_around(options.views), make_renderers(options.size)
    with torch.no_grad():
        copies = target.extend(options.views)
        masks = renderers[0](copies, cameras=cameras)[..., 3]
        pictures = renderers[1](copies, cameras=cameras)[..., :3]

    # What is looked for: an offset and a colour for every vertex of a sphere.
    sphere = ico_sphere(options.level)
    offsets = torch.zeros_like(sphere.verts_packed(), requires_grad=True)
    paint = torch.full((1, len(offsets), 3), 0.5, requires_grad=True)
    optimizer = torch.optim.SGD([offsets, paint], lr=1.0, momentum=0.9)
    for step in range(options.steps):
        optimizer.zero_grad()
        mesh = sphere.offset_verts(offsets)
        mesh.textures = TexturesVertex(verts_features=paint)
        chosen = torch.randperm(options.views)[:VIEWS_A_STEP]
        terms = losses(mesh, renderers, cameras[chosen.tolist()], masks[chosen], pictures[chosen])
        sum(WEIGHTS[name] * term for name, term in terms.items()).backward()
        optimizer.step()
        if step % 100 == 0 or step == options.steps - 1:
            print(step, ", ".join(f"{name} {term.item():.5f}" for name, term in terms.items()), flush=True)

    mesh = sphere.offset_verts(offsets.detach())
    mesh.textures = TexturesVertex(verts_features=paint.detach().clamp(0, 1))
    save_mesh(mesh, options.out)
    compared = options.out.with_name(options.out.stem + "_compare.png")
    picture = renderers[1](mesh, cameras=cameras[0])[0, ..., :3]
    save_image(torch.cat([pictures[0], picture], dim=1).permute(2, 0, 1), compared)
    print(f"wrote {options.out} and {compared}")
    return terms["silhouette"].item(), terms["color"].item()


if __name__ == "__main__":
    main()
