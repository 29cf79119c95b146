"""From occupancy and pictures to a coloured mesh."""

import pytest
import torch

from maquette.lift import lift_reconstruction
from maquette.structures.views import Views

from .solids import BLUE, CHAIR, GREEN, RED, occupancy, pictures, solid

FRONT, BACK = (100.0, 27.0, 0.8), (250.0, 27.0, 0.8)


def views_of_chair(*places) -> Views:
    seen = pictures(solid(CHAIR), places, 128)
    return Views(list(seen.images), [mask[None].float() for mask in seen.masks])


def hue(colours: torch.Tensor) -> torch.Tensor:
    """0, 1 or 2: which of the chair's colours a colour is most like, whatever the light."""
    palette = torch.nn.functional.normalize(torch.tensor([RED, GREEN, BLUE]), dim=1)
    return (torch.nn.functional.normalize(colours, dim=1) @ palette.T).argmax(dim=1)


def share_right(made) -> float:
    """Share of vertices, away from seams, with the colour of their part."""
    verts, colours = made.mesh.verts_packed(), made.mesh.textures.verts_features_packed()
    height = verts[:, 1] / (verts[:, 1].max() - verts[:, 1].min())  # the seat: from -0.06 to 0.01
    part = torch.where(height < -0.06, 1, torch.where(height > 0.01, 2, 0))
    sure = (height < -0.12) | (height > 0.1) | ((height + 0.025).abs() < 0.02)
    return float((hue(colours) == part)[sure].float().mean())


def test_colours_of_one_picture():
    made = lift_reconstruction(occupancy(solid(CHAIR)), views_of_chair(FRONT))
    assert made.frame == "object"
    assert made.view.shape == (1, 4)
    assert made.info["colours"] == "pictures"
    assert made.info["symmetric"]
    assert made.remarks == ()
    assert made.facts.keys() == {"colours", "symmetric", "threshold", "threshold_lowered", "dropped_pieces"}
    assert made.facts.items() <= made.info.items()
    assert share_right(made) > 0.65
    assert set(made.info["lift_seconds"]) == {"surface", "view", "colours"}


def test_several_pictures_colour_more():
    made = lift_reconstruction(occupancy(solid(CHAIR)), views_of_chair(FRONT, BACK))
    assert made.view.shape == (2, 4)
    assert share_right(made) > 0.85


def test_an_unsure_view_gives_the_mean_colour():
    views = views_of_chair(FRONT)
    bar = torch.zeros(1, 128, 128)
    bar[:, 60:65, 5:120] = 1
    made = lift_reconstruction(occupancy(solid(CHAIR)), Views([views.images[0]], [bar]))
    colours = made.mesh.textures.verts_features_packed()
    expected = views.images[0][:, 60:65, 5:120].mean(dim=(1, 2))
    assert made.info["colours"] == "mean"
    assert made.remarks == ("no viewpoint is sure: the mesh has the object's mean colour",)
    torch.testing.assert_close(colours, expected.expand_as(colours), atol=1e-5, rtol=0)


def test_nothing_reaches_the_threshold():
    made = lift_reconstruction(0.3 * occupancy(solid(CHAIR)), views_of_chair(FRONT), 0.4)
    assert made.info["threshold_lowered"]
    lowered = f"nothing reached the threshold; it was lowered to {made.info['threshold']:.3f}"
    assert made.remarks[-1:] == (lowered,)
    assert len(made.mesh.faces_packed()) > 100


def test_needs_masks():
    with pytest.raises(ValueError, match="mask"):
        lift_reconstruction(torch.rand(8, 8, 8), Views([torch.rand(3, 16, 16)]))
