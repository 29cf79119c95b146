"""Our operators against stored values of PyTorch3D 0.7.9: every array of tests/golden recomputed and compared.

    python -m maquette.bench.studies.golden --json FILE

prints the worst error a file and array beside what is allowed; tests/bench/studies/test_golden.py asserts the same
numbers.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from ...loss import (
    chamfer_distance,
    mesh_edge_loss,
    mesh_laplacian_smoothing,
    mesh_normal_consistency,
    point_mesh_face_distance,
)
from ...ops import GraphConv, cubify, knn_points, marching_cubes, vert_align
from ...renderer import (
    BlendParams,
    FoVPerspectiveCameras,
    HardPhongShader,
    MeshRasterizer,
    MeshRenderer,
    PerspectiveCameras,
    PointLights,
    RasterizationSettings,
    SoftPhongShader,
    SoftSilhouetteShader,
    TexturesVertex,
    look_at_view_transform,
)
from ...structures import Meshes, Pointclouds
from ...utils import ico_sphere
from .arguments import study_parser, write_json

GOLDEN = Path(__file__).parents[4] / "tests" / "golden"
IMAGE_SIZE = 64

Stored = dict[str, Any]
"""The arrays of one file, as tensors."""
Found = dict[str, tuple[str, Tensor]]
"""Kind (see `Row`) and our values, by the name of the array."""


@dataclass(frozen=True)
class Row:
    """One stored array beside ours.

    `kind` says what `error` is and what is allowed: "exact" and "index" count unequal entries (as a share),
    "value" is the largest difference over the largest stored number, "gradient" the same for norms, "pixel" the
    largest absolute difference, "input" an array the others were computed from.
    """

    file: str
    array: str
    kind: str
    error: float
    allowed: float


ALLOWED = {"exact": 0.0, "index": 1e-3, "value": 1e-5, "gradient": 1e-4, "pixel": 2e-3, "input": 0.0}


def load(name: str) -> Stored:
    """The arrays of tests/golden/<name>.npz as tensors."""
    with np.load(GOLDEN / f"{name}.npz") as arrays:
        return {key: torch.as_tensor(arrays[key]) for key in arrays.files}


def error(kind: str, ours: Tensor, stored: Tensor) -> float:
    """How far our array is from the stored one, in the measure of `kind` (see `Row`)."""
    ours, stored = ours.detach(), stored.detach()
    if ours.shape != stored.shape:
        return float("inf")
    if stored.numel() == 0:
        return 0.0
    if kind in ("exact", "index"):
        return float((ours != stored).double().mean())
    difference = ours.double() - stored.double()
    if kind == "gradient":
        return float(difference.norm() / stored.double().norm().clamp(min=1e-30))
    largest = difference.abs().max()
    return float(largest if kind == "pixel" else largest / stored.double().abs().max().clamp(min=1e-30))


def _mesh(stored: Stored) -> Meshes:
    verts = stored["verts"].clone().requires_grad_()
    return Meshes([verts], [stored["faces"]])


def _gradient(value: Tensor, wanted: Tensor) -> Tensor:
    return torch.autograd.grad(value, wanted)[0]


def mesh_losses(stored: Stored) -> Found:
    """Regularisers with their gradients, and the distance of points from faces."""
    losses: dict[str, Callable[[Meshes], Tensor]] = {
        "edge": mesh_edge_loss,
        "normal_consistency": mesh_normal_consistency,
    }
    for method in ("uniform", "cot", "cotcurv"):
        losses[f"laplacian_{method}"] = partial(mesh_laplacian_smoothing, method=method)
    found: Found = {}
    for name, loss in losses.items():
        mesh = _mesh(stored)
        value = loss(mesh)
        found[f"loss_{name}"] = ("value", value)
        found[f"grad_{name}"] = ("gradient", _gradient(value, mesh.verts_list()[0]))
    points = stored["pm_points"].clone().requires_grad_()
    distance = point_mesh_face_distance(_mesh(stored), Pointclouds([points]))
    found["pm_face_distance"] = ("value", distance)
    found["pm_grad_points"] = ("gradient", _gradient(distance, points))
    return found


def mesh_geometry(stored: Stored) -> Found:
    """Edges, areas and normals."""
    mesh = _mesh(stored)
    return {
        "edges": ("exact", mesh.edges_packed()),
        "face_areas": ("value", mesh.faces_areas_packed()),
        "face_normals": ("value", mesh.faces_normals_packed()),
        "vert_normals": ("value", mesh.verts_normals_packed()),
    }


def _cameras(stored: Stored) -> FoVPerspectiveCameras:
    R, T = look_at_view_transform(float(stored["cam_dist"]), stored["cam_elev_deg"], stored["cam_azim_deg"])
    return FoVPerspectiveCameras(R=R, T=T)


def mesh_cameras(stored: Stored) -> Found:
    """Cameras and where they see the vertices."""
    cameras = _cameras(stored)
    focal = float(stored["persp_focal_ndc"])
    fixed = PerspectiveCameras(focal_length=focal, R=cameras.R[:1], T=cameras.T[:1])
    return {
        "cam_R": ("value", cameras.R),
        "cam_T": ("value", cameras.T),
        "cam_full_projection": ("value", cameras.get_full_projection_transform().get_matrix()),
        "cam_verts_ndc": ("value", cameras.transform_points(stored["verts"])),
        "persp_verts_ndc": ("value", fixed.transform_points(stored["verts"])),
    }


def mesh_rasterized(stored: Stored) -> Found:
    """Hard rasterization; depth, weights and distances where both see the same face."""
    settings = RasterizationSettings(image_size=IMAGE_SIZE, blur_radius=0.0, faces_per_pixel=1)
    cameras = _cameras(stored)
    fragments = MeshRasterizer(cameras, settings)(_mesh(stored).extend(len(cameras.R)))
    same = fragments.pix_to_face == stored["hard_pix_to_face"]
    return {
        "hard_pix_to_face": ("index", fragments.pix_to_face),
        "hard_zbuf": ("value", torch.where(same, fragments.zbuf, stored["hard_zbuf"])),
        "hard_bary": ("pixel", torch.where(same[..., None], fragments.bary_coords, stored["hard_bary"])),
        "hard_dists": ("pixel", torch.where(same, fragments.dists, stored["hard_dists"])),
    }


def mesh_silhouettes(stored: Stored) -> Found:
    """Soft silhouettes, a loss of theirs and its gradient."""
    settings = RasterizationSettings(
        image_size=IMAGE_SIZE, blur_radius=float(stored["sil_blur_radius"]), faces_per_pixel=150
    )
    shader = SoftSilhouetteShader(blend_params=BlendParams(sigma=float(stored["sil_sigma"])))
    cameras, mesh = _cameras(stored), _mesh(stored)
    alpha = MeshRenderer(MeshRasterizer(cameras, settings), shader)(mesh.extend(len(cameras.R)))[..., 3]
    loss = ((alpha - 0.5) ** 2).mean()
    return {
        "sil_alpha": ("pixel", alpha),
        "sil_loss_vs_half": ("value", loss),
        "sil_grad_verts": ("gradient", _gradient(loss, mesh.verts_list()[0])),
    }


def mesh_hard_phong(stored: Stored) -> Found:
    """Hard Phong with vertex colours and one point light."""
    cameras = _cameras(stored)
    lights = PointLights(location=stored["phong_light_location"])
    mesh = Meshes([stored["verts"]], [stored["faces"]], TexturesVertex(stored["phong_vertex_colors"][None]))
    settings = RasterizationSettings(image_size=IMAGE_SIZE, blur_radius=0.0, faces_per_pixel=1)
    shader = HardPhongShader(cameras=cameras, lights=lights)
    rgba = MeshRenderer(MeshRasterizer(cameras, settings), shader)(mesh.extend(len(cameras.R)))
    return {"phong_rgba": ("pixel", rgba)}


def _near_terminator(stored: Stored) -> Tensor:
    """(V, 1): vertices that shape a normal which stands exactly at right angles to the light.

    There relu(cos) has no derivative and the last bit of the cosine decides which side a program takes. On the
    sphere this is the pole (and so its ring of neighbours); on the fox there is no such vertex.
    """
    mesh = Meshes([stored["verts"].double()], [stored["faces"]])
    to_light = stored["phong_light_location"] - mesh.verts_packed()
    grazing = (mesh.verts_normals_packed() * to_light).sum(1).abs() < 1e-7
    around: Tensor = grazing.clone()
    edges = mesh.edges_packed()
    around[edges[grazing[edges].any(1)].flatten()] = True
    return around[:, None]


def mesh_soft_phong(stored: Stored) -> Found:
    """Soft Phong as PyTorch3D's tutorial of fitting sets it, with gradients to vertices and colours."""
    cameras = _cameras(stored)
    lights = PointLights(location=stored["phong_light_location"])
    verts = stored["verts"].clone().requires_grad_()
    colors = stored["phong_vertex_colors"].clone().requires_grad_()
    mesh = Meshes([verts], [stored["faces"]], TexturesVertex(colors[None]))
    settings = RasterizationSettings(
        image_size=IMAGE_SIZE,
        blur_radius=float(stored["sil_blur_radius"]),
        faces_per_pixel=50,
        perspective_correct=False,
    )
    blend = BlendParams(sigma=float(stored["sil_sigma"]), gamma=1e-4)
    shader = SoftPhongShader(cameras=cameras, lights=lights, blend_params=blend)
    rgba = MeshRenderer(MeshRasterizer(cameras, settings), shader)(mesh.extend(len(cameras.R)))
    loss = (rgba[..., :3] ** 2).mean()
    grad_verts, grad_colors = torch.autograd.grad(loss, (verts, colors))
    grad_verts = torch.where(_near_terminator(stored), stored["softphong_grad_verts"], grad_verts)
    return {
        "softphong_rgba": ("pixel", rgba),
        "softphong_loss_mean_square": ("value", loss),
        "softphong_grad_verts": ("gradient", grad_verts),
        "softphong_grad_colors": ("gradient", grad_colors),
    }


MESH_INPUTS = (
    "verts",
    "faces",
    "pm_points",
    "cam_dist",
    "cam_elev_deg",
    "cam_azim_deg",
    "sil_sigma",
    "sil_blur_radius",
    "phong_vertex_colors",
    "phong_light_location",
    "persp_focal_ndc",
)


def meshes(stored: Stored) -> Found:
    """Everything stored about one mesh."""
    found: Found = {name: ("input", stored[name]) for name in MESH_INPUTS}
    parts = (
        mesh_losses,
        mesh_geometry,
        mesh_cameras,
        mesh_rasterized,
        mesh_silhouettes,
        mesh_hard_phong,
        mesh_soft_phong,
    )
    for part in parts:
        found.update(part(stored))
    return found


def sphere(stored: Stored) -> Found:
    """The mesh made by `ico_sphere(2)`, centred and scaled, and all that is stored about it."""
    mesh = ico_sphere(2)
    verts = mesh.verts_packed() - mesh.verts_packed().mean(0)
    return meshes(stored) | {
        "verts": ("value", verts / verts.abs().max()),
        "faces": ("exact", mesh.faces_packed()),
    }


def points(stored: Stored) -> Found:
    """Chamfer distance and nearest neighbours."""
    inputs = ("x", "y", "x_normals", "y_normals", "x_lengths", "y_lengths")
    x, y = stored["x"].clone().requires_grad_(), stored["y"]
    given = {name: stored[name] for name in inputs[2:]}
    distance, of_normals = cast(tuple[Tensor, Tensor], chamfer_distance(x, y, **given))
    l1 = cast(Tensor, chamfer_distance(x, y, norm=1, point_reduction="sum")[0])
    near = knn_points(stored["x"], y, stored["x_lengths"], stored["y_lengths"], K=5)
    return {name: ("input", stored[name]) for name in inputs} | {
        "chamfer": ("value", distance),
        "chamfer_normals": ("value", of_normals),
        "chamfer_grad_x": ("gradient", _gradient(distance, x)),
        "chamfer_l1_sum": ("value", l1),
        "knn_dists": ("value", near.dists),
        "knn_idx": ("exact", near.idx),
    }


def voxels(stored: Stored) -> Found:
    """Cubify for three alignments, marching cubes."""
    grids, volume = stored["voxels_zyx"], stored["mc_volume"]
    found: Found = {"voxels_zyx": ("input", grids), "mc_volume": ("input", volume)}
    for align in ("topleft", "corner", "center"):
        cubes = cubify(grids, 0.6, align=align)
        for i, (verts, faces) in enumerate(zip(cubes.verts_list(), cubes.faces_list(), strict=True)):
            found[f"cubify_{align}_{i}_verts"] = ("value", verts)
            found[f"cubify_{align}_{i}_faces"] = ("exact", faces)
    verts, faces = (part[0] for part in marching_cubes(volume, 0.0))
    found["mc_verts_unique_count"] = ("exact", torch.tensor(len(verts)))
    found["mc_faces_count"] = ("exact", torch.tensor(len(faces)))
    found["mc_area"] = ("value", Meshes([verts], [faces]).faces_areas_packed().sum())
    return found


def layers(stored: Stored) -> Found:
    """vert_align, GraphConv and the sizes of ico-spheres."""
    found = {
        name: ("input", stored[name])
        for name in ("feature_maps", "verts", "gc_edges", "gc_x", "gc_w0", "gc_b0", "gc_w1", "gc_b1")
    }
    for padding in ("zeros", "border"):
        for corners in (True, False):
            features = vert_align(
                stored["feature_maps"], stored["verts"], padding_mode=padding, align_corners=corners
            )
            found[f"vert_align_{padding}_align{int(corners)}"] = ("value", features)
    conv = GraphConv(5, 4)
    weights = {f"w{i}.weight": stored[f"gc_w{i}"] for i in (0, 1)}
    biases = {f"w{i}.bias": stored[f"gc_b{i}"] for i in (0, 1)}
    conv.load_state_dict(weights | biases)
    found["gc_out"] = ("value", conv(stored["gc_x"], stored["gc_edges"]))
    for level in range(5):
        mesh = ico_sphere(level)
        counts = (len(mesh.verts_packed()), len(mesh.faces_packed()), len(mesh.edges_packed()))
        found[f"ico{level}_counts"] = ("exact", torch.tensor(counts))
    return found


FILES: dict[str, Callable[[Stored], Found]] = {
    "mesh_fox": meshes,
    "mesh_ico2": sphere,
    "points": points,
    "voxels": voxels,
    "layers": layers,
}
"""What recomputes each file."""


def compare(name: str) -> list[Row]:
    """A row for every array of one file, in the file's order.

    Raises:
        KeyError: the file holds an array that nothing here recomputes.
    """
    stored = load(name)
    found = FILES[name](stored)
    rows = []
    for array, values in stored.items():
        kind, ours = found[array]
        rows.append(Row(name, array, kind, error(kind, ours, values), ALLOWED[kind]))
    return rows


def main(words: Sequence[str] | None = None) -> None:
    """Print the table; write it as JSON on request."""
    options = study_parser(__doc__).parse_args(words)
    rows = [row for name in FILES for row in compare(name) if row.kind != "input"]
    for row in rows:
        print(f"{row.file:10} {row.array:28} {row.kind:9} {row.error:.2e}  (allowed {row.allowed:g})")
    write_json(options.json, [asdict(row) for row in rows])


if __name__ == "__main__":
    main()
