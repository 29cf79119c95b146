import pytest
import torch

from maquette.renderer import (
    AmbientLights,
    BlendParams,
    FoVPerspectiveCameras,
    MeshRasterizer,
    RasterizationSettings,
    SplatterPhongShader,
    TexturesVertex,
)
from maquette.renderer.splatter_blend import SplatterBlender, _from_neighbour, _surface_entry
from maquette.structures import Meshes

SIGMA = BlendParams(sigma=0.5, background_color=(0.0, 0.0, 0.0))


def square(size: torch.Tensor, color: torch.Tensor) -> Meshes:
    corners = torch.tensor(
        [[-1.0, -1.1, 0], [1, -1.1, 0], [1, 1, 0], [-1, 1, 0]]
    )  # no diagonal through pixels
    verts = corners * size + torch.tensor([0.0, 0.0, 3.0])
    return Meshes([verts], [torch.tensor([[0, 1, 2], [0, 2, 3]])], TexturesVertex([color.expand(4, 3)]))


def render(meshes: Meshes) -> torch.Tensor:
    cameras = FoVPerspectiveCameras()
    settings = RasterizationSettings(image_size=16, faces_per_pixel=2)
    fragments = MeshRasterizer(cameras, settings)(meshes)
    shader = SplatterPhongShader(cameras=cameras, lights=AmbientLights(), blend_params=SIGMA)
    return shader(fragments, meshes)


def test_inside_a_surface_nothing_changes():
    color = torch.tensor([0.2, 0.5, 0.9])
    image = render(square(torch.tensor(0.8), color))[0]
    torch.testing.assert_close(image[6:10, 6:10, :3], color.expand(4, 4, 3))
    torch.testing.assert_close(image[6:10, 6:10, 3], torch.ones(4, 4))
    assert image[0, 0].eq(0).all()


def test_growing_covers_more():
    size = torch.tensor(0.8, requires_grad=True)
    render(square(size, torch.ones(3)))[..., 3].sum().backward()
    assert size.grad > 1


def test_moving_left_brightens_the_left():
    shift = torch.zeros(3, requires_grad=True)
    meshes = square(torch.tensor(0.8), torch.ones(3))
    image = render(Meshes([meshes.verts_packed() + shift], [meshes.faces_packed()], meshes.textures))
    image[0, :, :8, 3].sum().backward()
    assert shift.grad[0] > 0.1  # +X points to the left


def test_neighbours_are_where_they_are():
    values = torch.arange(12.0).view(1, 3, 4, 1, 1)
    right = _from_neighbour(values, 1, 0)[0, ..., 0, 0]
    below = _from_neighbour(values, 0, 1)[0, ..., 0, 0]
    assert right[0].tolist() == [1, 2, 3, 0]
    assert below[:, 0].tolist() == [4, 8, 0]


@pytest.mark.parametrize(
    ("neighbour", "pixel", "entry"),
    [
        ([1.0, 2, 3], [1.1, 5, 9], 0),
        ([1.0, 2, 3], [3.05, 7, 9], 2),
        ([5.0, 7, 9], [1.0, 3, 5.1], -2),
    ],
)
def test_the_entry_on_the_nearest_surface_is_found_by_depth(neighbour, pixel, entry):
    of_neighbour, of_pixel = torch.tensor(neighbour)[None, None, None], torch.tensor(pixel)[None, None, None]
    assert _surface_entry(of_neighbour, of_pixel).item() == entry


def test_sigma_is_a_length_in_pixels():
    blender = SplatterBlender((1, 2, 2, 1), "cpu")
    empty = torch.zeros(1, 2, 2, 1, 3)
    with pytest.raises(ValueError, match="positive"):
        blender(empty, empty, FoVPerspectiveCameras(), torch.ones(1, 2, 2, 1).bool(), BlendParams(sigma=0.0))
    meshes = square(torch.tensor(0.8), torch.ones(3))
    cameras = FoVPerspectiveCameras()
    fragments = MeshRasterizer(cameras, RasterizationSettings(image_size=4))(meshes)
    with pytest.warns(UserWarning, match="sigma"):
        SplatterPhongShader(cameras=cameras, blend_params=BlendParams(sigma=0.4))(fragments, meshes)
