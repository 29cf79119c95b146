"""Colours of a mesh from pictures: seen, by symmetry, and from nearby."""

import torch

from maquette.lift.colours import paint_from_views
from maquette.renderer.views import cameras_from_r2n2, render_views
from maquette.structures import Meshes
from maquette.structures.textures_vertex import TexturesVertex
from maquette.utils import ico_sphere

RED, BLUE = torch.tensor([0.9, 0.1, 0.1]), torch.tensor([0.1, 0.1, 0.9])


def painted(mirrored: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
    """Vertices of a ball, red above and blue below, and what they are painted with from a picture of its left."""
    ball = ico_sphere(4)
    verts = 0.4 * ball.verts_packed()
    own = torch.where(verts[:, 1:2] > 0, RED, BLUE)
    mesh = Meshes([verts], ball.faces_list(), TexturesVertex([own]))
    camera = cameras_from_r2n2(torch.tensor([180.0]), torch.tensor([0.0]), torch.tensor([1.0]))  # from -X
    seen = render_views(mesh, camera, 96)
    made = paint_from_views(
        Meshes([verts], ball.faces_list()),
        [seen.images[0]],
        [seen.masks[0][None].float()],
        [camera],
        mirrored,
    )
    return verts, made.textures.verts_features_packed()


def right(verts: torch.Tensor, colours: torch.Tensor) -> torch.Tensor:
    return (colours[:, 0] > colours[:, 2]) == (verts[:, 1] > 0)


def test_what_is_seen_has_its_colour() -> None:
    verts, colours = painted(None)
    assert right(verts, colours)[verts[:, 0] < -0.15].float().mean() > 0.97


def test_the_far_side_has_the_colours_of_its_mirror_image() -> None:
    """The far end is as far from red as from blue: only symmetry tells them apart."""
    plane = torch.tensor([-1.0, 1.0, 1.0])
    verts, colours = painted(0.4 * ico_sphere(4).verts_packed() * plane)
    assert right(verts, colours)[verts[:, 0] > 0.15].float().mean() > 0.97
    _, without = painted(None)
    far = verts[:, 0] > 0.38
    contrast = [
        (c[far & (verts[:, 1] > 0), 0].mean() - c[far & (verts[:, 1] <= 0), 0].mean())
        for c in (colours, without)
    ]
    assert contrast[0] > contrast[1] + 0.15
