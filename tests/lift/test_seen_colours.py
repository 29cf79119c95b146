"""What one picture says of points, whatever its shape."""

import pytest
import torch

from maquette.lift.seen_colours import seen_colours
from maquette.structures import Meshes
from maquette.structures.cameras import FoVPerspectiveCameras
from maquette.utils import ico_sphere


@pytest.mark.parametrize("precise", [False, True])
def test_a_picture_of_one_column_has_colours(precise):
    sphere = ico_sphere(2)
    mesh = Meshes([0.5 * sphere.verts_packed()], sphere.faces_list())
    camera = FoVPerspectiveCameras(T=torch.tensor([[0.0, 0.0, 3.0]]))
    image = torch.full((3, 3000, 1), 0.25)
    colours, weight = seen_colours(
        mesh, sphere.verts_normals_packed(), image, torch.ones(3000, 1), camera, precise=precise
    )
    seen = weight[:, 0] > 0
    assert seen.any()
    torch.testing.assert_close(colours[seen], torch.full_like(colours[seen], 0.25))
