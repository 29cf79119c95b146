"""A texture shows what pictures show, without their seams, and leaves no texel without a colour."""

import pytest
import torch
from scipy import ndimage
from torch.nn.functional import pad

from maquette.lift.texture import paint_texture
from maquette.renderer.views import orbit_views, render_views, sphere_views
from maquette.structures import Meshes
from maquette.structures.textures_vertex import TexturesVertex
from maquette.utils import ico_sphere

SIZE = 96


def ball(colours) -> Meshes:
    """A ball of radius 0.8, coloured by its points."""
    sphere = ico_sphere(4)
    verts = 0.8 * sphere.verts_packed()
    return Meshes([verts], sphere.faces_list(), TexturesVertex([colours(verts)]))


def stripes(points):
    """Grey with stripes around the y axis."""
    bright = 0.5 + 0.3 * torch.sin(14 * points[:, 1:2])
    return bright.expand(-1, 3)


def painted(mesh, cameras, gains=None):
    seen = render_views(mesh, cameras, SIZE, lit=False)
    gains = torch.ones(len(cameras)) if gains is None else gains
    images = [image * gain for image, gain in zip(seen.images, gains, strict=True)]
    coarse = Meshes([0.8 * ico_sphere(3).verts_packed()], ico_sphere(3).faces_list())
    return paint_texture(coarse, images, list(seen.masks.float()), cameras, 192)


def difference(made, mesh, cameras):
    ours, theirs = (render_views(m, cameras, SIZE, lit=False) for m in (made, mesh))
    both = (ours.masks & theirs.masks)[:, None].expand(-1, 3, -1, -1)
    return (ours.images - theirs.images)[both]


def test_unseen_views_look_alike():
    mesh = ball(stripes)
    made = painted(mesh, sphere_views(14))
    assert len(made.verts_packed()) == len(ico_sphere(3).verts_packed())
    assert max(made.textures.maps_padded().shape[1:3]) == 192
    assert float(difference(made, mesh, sphere_views(4, rotation_seed=2)).square().mean().sqrt()) < 0.05


def test_pictures_of_other_brightness_leave_no_seams():
    """Neighbouring pixels of a grey ball differ far less than its pictures do; its poles are seen by none of them."""
    mesh = ball(lambda points: torch.full_like(points, 0.5))
    gains = torch.tensor([0.8, 1.2] * 6)
    made = painted(mesh, orbit_views(12, elevation=0.0), gains)
    seen = render_views(made, orbit_views(4, elevation=0.0), SIZE, lit=False)
    images, masks = seen.images[:, :, 34:62], seen.masks[:, 34:62]
    step = (images[..., 1:] - images[..., :-1]).abs()
    inside = (masks[..., 1:] & masks[..., :-1])[:, None].expand_as(step)
    assert float(step[inside].max()) < 0.25 * 0.5 * (1.2 - 0.8)


def test_what_no_picture_sees_takes_colours_from_nearby():
    mesh = ball(
        lambda points: torch.where(
            points[:, 1:2] > 0, torch.tensor([0.9, 0.2, 0.1]), torch.tensor([0.1, 0.2, 0.9])
        )
    )
    made = painted(mesh, orbit_views(1, elevation=0.0))
    behind = render_views(made, orbit_views(4, elevation=0.0)[[2]], SIZE, lit=False)
    colours = behind.images[0][:, behind.masks[0]]
    assert float(colours.min()) > 0.05
    assert float(colours.max()) < 0.95
    assert 0.3 < float((colours[0] > colours[2]).float().mean()) < 0.7


def test_without_any_view_it_has_the_mean_colour():
    mesh = ball(lambda points: torch.full_like(points, 0.5))
    image, mask = torch.full((3, SIZE, SIZE), 0.3), torch.zeros(SIZE, SIZE)
    mask[:2, :2] = 1.0
    made = paint_texture(mesh, [image], [mask], orbit_views(1), 64)
    torch.testing.assert_close(made.textures.maps_padded(), torch.full_like(made.textures.maps_padded(), 0.3))


def test_pictures_are_blurred_on_the_object_alone_and_no_finer_than_the_texture(monkeypatch):
    """A small object in a picture keeps its pixels; a large one loses those that the texture has no room for."""
    mesh, cameras = ball(stripes), orbit_views(3, elevation=0.0)
    seen = render_views(mesh, cameras, 400, lit=False)
    images, masks = list(seen.images), list(seen.masks.float())
    images[1], masks[1] = (pad(x, (0, 300, 200, 0)) for x in (images[1], masks[1]))
    kept, blur = [], ndimage.gaussian_filter
    monkeypatch.setattr(
        "maquette.lift.texture.ndimage.gaussian_filter",
        lambda array, *rest, **more: kept.append(array.shape) or blur(array, *rest, **more),
    )
    box = int(masks[0].any(0).sum())
    for size, most in ((64, 128), (1024, box)):
        kept.clear()
        paint_texture(mesh, images, masks, cameras, size)
        assert len(kept) == 3
        for _, height, width in kept:
            assert max(height, width) == pytest.approx(most, abs=2)


def test_large_pictures_give_the_texture_that_they_would_give_whole(monkeypatch):
    mesh, cameras = ball(stripes), orbit_views(6, elevation=0.0)
    seen = render_views(mesh, cameras, 301, lit=False)
    images, masks = ([pad(x, (0, 90, 40, 0)) for x in xs] for xs in (seen.images, seen.masks.float()))
    made = []
    for finest in (2, 100):
        monkeypatch.setattr("maquette.lift.texture._FINEST", finest)
        made.append(paint_texture(mesh, images, masks, cameras, 64).textures.maps_padded())
    assert float((made[0] - made[1]).abs().mean()) < 0.01


def test_same_pictures_same_texture():
    mesh = ball(stripes)
    first, second = (painted(mesh, sphere_views(4)).textures.maps_padded() for _ in range(2))
    assert torch.equal(first, second)
