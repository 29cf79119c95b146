"""Deform a sphere until it matches a mesh.

    python examples/01_deform_sphere_to_mesh.py --out deformed.glb

The vertices of a sphere move so that points drawn from its surface come near points drawn from the target's.
Three more terms keep the surface even while they do: short edges, small angles between neighbouring faces, and
vertices near the mean of their neighbours. Coming from PyTorch3D, this is its tutorial on deforming a source
mesh to a target mesh; only the imports differ.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch

import maquette
from maquette.io import load_mesh, save_mesh
from maquette.loss import chamfer_distance, mesh_edge_loss, mesh_laplacian_smoothing, mesh_normal_consistency
from maquette.ops import sample_points_from_meshes
from maquette.structures import Meshes
from maquette.utils import ico_sphere

FOX = Path(maquette.__file__).parent / "assets" / "fox.obj"
WEIGHTS = {"chamfer": 1.0, "edge": 1.0, "normal": 0.01, "laplacian": 0.1}


def losses(mesh: Meshes, target: Meshes, points: int) -> dict[str, torch.Tensor]:
    """The four terms, unweighted."""
    distance, _ = chamfer_distance(
        sample_points_from_meshes(target, points), sample_points_from_meshes(mesh, points)
    )
    return {
        "chamfer": distance,
        "edge": mesh_edge_loss(mesh),
        "normal": mesh_normal_consistency(mesh),
        "laplacian": mesh_laplacian_smoothing(mesh, method="uniform"),
    }


def main(words: Sequence[str] | None = None) -> float:
    """Run the example; returns the last chamfer distance."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--target", type=Path, default=FOX, help="the mesh to match")
    parser.add_argument("--out", type=Path, default=Path("deformed.glb"))
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--points", type=int, default=5000, help="drawn from each surface in every step")
    parser.add_argument("--level", type=int, default=4, help="of the ico-sphere")
    options = parser.parse_args(words)
    torch.manual_seed(0)

    # The weights suit a target that is centred and about as large as the sphere.
    target = load_mesh(options.target)
    middle = target.verts_packed().mean(dim=0)
    size = float((target.verts_packed() - middle).abs().max())
    target = target.offset_verts(-middle).scale_verts(1 / size)

    sphere = ico_sphere(options.level)
    offsets = torch.zeros_like(sphere.verts_packed(), requires_grad=True)
    optimizer = torch.optim.SGD([offsets], lr=1.0, momentum=0.9)
    for step in range(options.steps):
        optimizer.zero_grad()
        terms = losses(sphere.offset_verts(offsets), target, options.points)
        sum(WEIGHTS[name] * term for name, term in terms.items()).backward()
        optimizer.step()
        if step % 100 == 0 or step == options.steps - 1:
            print(step, ", ".join(f"{name} {term.item():.6f}" for name, term in terms.items()), flush=True)

    result = sphere.offset_verts(offsets.detach()).scale_verts(size)
    save_mesh(result.offset_verts(middle), options.out)
    print(f"wrote {options.out}")
    return terms["chamfer"].item()


if __name__ == "__main__":
    main()
