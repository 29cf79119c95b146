"""Colours come back from pictures, and from a mesh nearby."""

import pytest
import torch

from maquette.renderer.views import render_views
from maquette.structures import Meshes
from maquette.structures.textures_vertex import TexturesVertex
from maquette.systems.molding.colours import copy_colours, paint, refine
from maquette.utils import ico_sphere

from .scenes import ellipsoid, placed, views_of

RED, BLUE = torch.tensor([1.0, 0.1, 0.1]), torch.tensor([0.1, 0.1, 1.0])


def share_right(mesh: Meshes, local: torch.Tensor, away: float = 0.08) -> float:
    """Share of vertices, away from the seam, that have their half's colour."""
    colours = mesh.textures.verts_features_packed()
    expected = torch.where(local[:, :1] < 0, RED, BLUE)
    far = local[:, 0].abs() > away
    return ((colours - expected)[far].abs().amax(dim=1) < 0.1).float().mean().item()


def bare(mesh: Meshes) -> Meshes:
    return Meshes(mesh.verts_list(), mesh.faces_list())


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_halves_come_back_from_pictures(scale):
    shift = scale * torch.tensor([2.0, 0.5, -1.0])
    mesh, cameras = placed(ellipsoid(4), shift, scale), views_of(10, shift, scale)
    seen = render_views(mesh, cameras, (64, 64), lit=False)
    painted = paint(bare(mesh), seen.images, seen.masks.float(), cameras)
    assert share_right(painted, (painted.verts_packed() - shift) / scale) > 0.99


def test_unseen_vertices_take_the_nearest_colour():
    """One view of a red ball: its far side becomes red too, and nowhere does white shine in."""
    mesh = bare(ellipsoid(3))
    mesh.textures = TexturesVertex([RED.expand(len(mesh.verts_packed()), 3)])
    cameras = views_of(5)[[2]]
    seen = render_views(mesh, cameras, (64, 64), lit=False)
    colours = paint(bare(mesh), seen.images, seen.masks.float(), cameras).textures.verts_features_packed()
    assert (colours - RED).abs().max() < 1e-5


def test_what_a_part_hides_is_not_painted_through():
    """A small red ball in front of a large blue one leaves no red on the blue one."""
    ball = ico_sphere(3)
    verts = ball.verts_packed()
    both = torch.cat((0.25 * verts + torch.tensor([0.0, 0.0, 0.8]), 0.4 * verts))
    faces = torch.cat((ball.faces_packed(), ball.faces_packed() + len(verts)))
    colours = torch.cat((RED.expand(len(verts), 3), BLUE.expand(len(verts), 3)))
    mesh = Meshes([both], [faces], TexturesVertex([colours]))
    cameras = views_of(12)
    seen = render_views(mesh, cameras, (96, 96), lit=False)
    painted = paint(bare(mesh), seen.images, seen.masks.float(), cameras)
    on_large = painted.verts_packed().norm(dim=1) < 0.41
    large = painted.textures.verts_features_packed()[on_large]
    assert ((large - BLUE).abs().amax(dim=1) < 0.15).float().mean() > 0.97


def test_a_mesh_that_no_view_sees_is_grey():
    mesh, cameras = ellipsoid(2), views_of(2)
    seen = render_views(mesh, cameras, (16, 16), lit=False)
    colours = paint(bare(mesh), seen.images, torch.zeros(2, 16, 16), cameras).textures.verts_features_packed()
    assert (colours == 0.7).all()


def test_what_is_behind_a_camera_is_not_seen():
    """Projected through the camera, vertices behind it land in the picture upside down."""
    cameras = views_of(2)[[0]]
    image = torch.zeros(1, 3, 16, 16)
    centre = cameras.get_camera_center()[0]
    behind = placed(bare(ellipsoid(2)), 2 * centre, 1.0)
    colours = paint(behind, image, torch.ones(1, 16, 16), cameras).textures.verts_features_packed()
    assert (colours == 0.7).all()


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_halves_come_back_from_a_mesh(scale):
    target = placed(ellipsoid(4), torch.zeros(3), scale)
    near = placed(bare(ellipsoid(2)), torch.zeros(3), 1.02 * scale)
    copied = copy_colours(near, target, 20_000)
    assert share_right(copied, copied.verts_packed() / scale) > 0.99


def test_refining_keeps_the_surface():
    mesh = bare(ellipsoid(1))
    fine = refine(mesh, 1000)
    assert 1000 <= len(fine.verts_packed()) < 4000
    torch.testing.assert_close(fine.faces_areas_packed().sum(), mesh.faces_areas_packed().sum())
    assert refine(fine, 1000) is fine
