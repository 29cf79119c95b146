"""Faces in pictures: found where they were put, cut out as Unsup3D's demo does, level."""

import math

import numpy as np
import pytest
import torch
from torchvision.ops import box_iou

from maquette.data.faces import load_model
from maquette.data.faces.drawing import draw_faces, landmarks_of
from maquette.data.faces.people import people
from maquette.data.faces.takes import DRAWS, takes
from maquette.segment.faces import FoundFace, _joined, cut_face, find_faces

SIDE = 96


@pytest.fixture(scope="module")
def pasted() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A larger picture with a face in it, where its landmarks are, and one without a face."""
    model = load_model()
    draws = np.full((1, DRAWS), 0.5)  # from the front
    who, how = people([11], model), takes(draws, model)
    face, truth = draw_faces(who, how, model, SIDE)
    ground = torch.linspace(0.3, 0.6, 200).expand(3, 180, 200)
    picture, mask = ground.clone(), truth.masks[0, 0]
    picture[:, 40:136, 60:156] = ground[:, 40:136, 60:156] * (1 - mask) + face[0] * mask
    return picture, landmarks_of(who, how, model, SIDE)[0] + torch.tensor([60.0, 40.0]), ground


def test_a_face_is_found_where_it_was_put(pasted) -> None:
    picture, landmarks, _ = pasted
    (face, *_) = find_faces(picture)
    box = torch.cat([landmarks.amin(dim=0), landmarks.amax(dim=0)])
    box[1] -= 0.25 * (box[3] - box[1])  # landmarks end at the brows
    assert box_iou(torch.tensor([face.box]), box[None]) > 0.6
    eyes = torch.stack([landmarks[36:42].mean(dim=0), landmarks[42:48].mean(dim=0)])
    assert (torch.tensor(face.eyes) - eyes).norm(dim=1).max() < 0.35 * (eyes[1] - eyes[0]).norm()


def test_there_is_none_in_a_plain_picture_or_a_tiny_one(pasted) -> None:
    assert find_faces(pasted[2]) == []
    assert find_faces(torch.full((3, 5, 5), 0.5)) == []


def test_a_face_is_surer_the_more_cells_see_it() -> None:
    places = torch.tensor([[10.0, 10], [30, 34], [16, 20], [24, 20]])
    other = places + 100
    found = _joined(torch.tensor([0.9, 0.8, 0.7, 0.95]), torch.stack([places, places + 1, places - 1, other]))
    assert [round(face.box[0]) for face in found] == [10, 110]
    assert found[0].score > found[1].score


@pytest.mark.parametrize("degrees", [0.0, 20.0, -35.0])
def test_crops_are_level_and_as_large_as_the_demo_has_them(degrees: float) -> None:
    """A picture whose colours are its columns and rows says where every pixel of the crop comes from."""
    columns, rows = torch.arange(200) + 0.5, torch.arange(160)[:, None] + 0.5
    image = torch.stack(torch.broadcast_tensors(columns / 200, rows / 160, torch.zeros(160, 200)))
    angle = math.radians(degrees)
    along = np.array([math.cos(angle), math.sin(angle)])
    middle = np.array([100.0, 80.0])
    eyes = tuple(tuple(float(x) for x in middle + k * along) for k in (-10, 10))
    crop = cut_face(image, FoundFace((80.0, 55.0, 120.0, 105.0), eyes, 1.0), 32)
    at = torch.stack([crop[0] * 200, crop[1] * 160], dim=-1).numpy()
    half = 1.1 * (40 + 50) / 4
    right, down = (at[16, 31] - at[16, 0]) / 31, (at[31, 16] - at[0, 16]) / 31
    assert right == pytest.approx(along * 2 * half / 32, abs=0.02)
    assert down == pytest.approx(np.array([-along[1], along[0]]) * 2 * half / 32, abs=0.02)
    expected = middle + 0.15 * half * np.array([-along[1], along[0]])
    assert at[15:17, 15:17].mean(axis=(0, 1)) == pytest.approx(expected, abs=0.1)


def test_the_edge_goes_on_beyond_the_picture() -> None:
    image = torch.ones(3, 40, 40)
    assert cut_face(image, FoundFace((-30.0, -30, 10, 10), ((-20, -10), (0, -10)), 1.0), 16).min() == 1


def test_pictures_of_a_folder_are_cut_to_their_faces(tmp_path, pasted) -> None:
    from maquette.data.batch import Entry
    from maquette.data.picture_views import PictureFile, PictureViews
    from maquette.data.pictures_config import PicturesConfig
    from maquette.io.images import save_image

    for name, picture in (("face", pasted[0]), ("none", pasted[2])):
        save_image(picture, tmp_path / f"{name}.png")
    files = [PictureFile(Entry(n, "", "train"), tmp_path / f"{n}.png") for n in ("face", "none")]
    views = PictureViews(files, PicturesConfig(size=24, flip=0.0, faces=True))
    face = find_faces(pasted[0])[0]
    expected = cut_face(pasted[0], face, 24)
    torch.testing.assert_close(views.held_batch([0], 1).images[0, 0], expected, rtol=0, atol=0.05)
    assert views.held_batch([1], 1).images.std() > 0  # its middle
    with pytest.warns(UserWarning, match="shows no face"):
        batch = views.training_batch(0, 2, 1)
    assert batch.index.tolist() == [0, 0]
