"""Heads that fill a picture: cut out around a face, where the picture is about it."""

import numpy as np
import pytest
import torch

from maquette.data.faces import load_model
from maquette.data.faces.drawing import draw_faces
from maquette.data.faces.people import people
from maquette.data.faces.takes import DRAWS, takes
from maquette.segment import head
from maquette.segment.found import find_object
from maquette.segment.head import head_labels, head_mask
from maquette.segment.seeded import BACKGROUND, OBJECT, PERHAPS, PERHAPS_NOT
from maquette.structures.mask_box import mask_overlap

SIDE = 96


@pytest.fixture(scope="module")
def drawn() -> tuple[torch.Tensor, torch.Tensor]:
    """A drawn head before a ground of two colours, and its mask."""
    model = load_model()
    draws = np.full((1, DRAWS), 0.5)  # from the front
    face, truth = draw_faces(people([11], model), takes(draws, model), model, SIDE)
    ground = torch.tensor([0.2, 0.35, 0.5])[:, None, None] + 0.2 * (torch.arange(SIDE) // 12 % 2)
    mask = truth.masks[0, 0, 0]
    return face[0] * mask + ground * (1 - mask), mask


def pixels_of(image: torch.Tensor) -> np.ndarray:
    return image.permute(1, 2, 0).numpy().astype(np.float32)


def test_a_head_is_cut_out_of_which_the_network_saw_a_part(drawn) -> None:
    image, mask = drawn
    seen = np.zeros((SIDE, SIDE), np.float32)
    seen[30:70, 30:66] = 0.6  # a patch of the face
    found = head_mask(pixels_of(image), seen, 0.2)
    assert found is not None
    assert mask_overlap(torch.from_numpy(found[0]), mask > 0.5) > 0.85
    assert 0.3 < found[1] <= 1
    again = head_mask(pixels_of(image), seen, 0.2)
    assert again is not None
    assert np.array_equal(again[0], found[0])


def test_what_is_apart_from_the_head_is_not_of_it(drawn, monkeypatch: pytest.MonkeyPatch) -> None:
    image, _ = drawn
    cut = np.zeros((SIDE, SIDE), bool)
    cut[30:80, 30:66] = cut[:6, 80:] = True  # the head, and something in the corner
    monkeypatch.setattr(head, "grabcut", lambda *_: cut)
    found = head_mask(pixels_of(image), np.ones((SIDE, SIDE), np.float32), 0.2)
    assert found is not None
    assert found[0][50, 50]
    assert not found[0][:6].any()


def test_a_picture_that_is_not_about_its_face_is_left_to_others(drawn) -> None:
    image, _ = drawn
    elsewhere = np.zeros((SIDE, SIDE), np.float32)
    elsewhere[:10] = 1
    assert head_mask(pixels_of(image), elsewhere, 0.2) is None
    small = np.full((3 * SIDE, 3 * SIDE, 3), 0.4, np.float32)
    small[SIDE : 2 * SIDE, SIDE : 2 * SIDE] = pixels_of(image)
    assert head_mask(small, np.ones((3 * SIDE, 3 * SIDE), np.float32), 0.2) is None  # a face far away


def test_no_face_no_head() -> None:
    noise = np.random.default_rng(0).uniform(0, 1, (SIDE, SIDE, 3)).astype(np.float32)
    assert head_mask(noise, np.ones((SIDE, SIDE), np.float32), 0.2) is None


def test_labels_say_where_head_and_shoulders_may_be() -> None:
    labels = head_labels((100, 120), (40.0, 20.0, 80.0, 70.0))
    assert labels[45, 60] == OBJECT  # the face
    assert labels[12, 60] == PERHAPS  # hair
    assert labels[90, 25] == PERHAPS  # a shoulder
    assert labels[99, 60] == OBJECT  # the throat, and what is below it
    assert labels[5, 5] == labels[5, 115] == BACKGROUND
    assert labels[75, 5] == PERHAPS_NOT


def test_what_is_found_in_a_picture_of_somebody(drawn, monkeypatch: pytest.MonkeyPatch) -> None:
    image, mask = drawn
    found = find_object(image, "network")
    assert found is not None
    monkeypatch.setattr(head, "find_faces", lambda *_, **__: [])
    without = find_object(image, "network")
    assert without is not None
    with_faces, before = (mask_overlap(one.mask[0] > 0.5, mask > 0.5) for one in (found, without))
    assert with_faces > 0.85
    assert with_faces >= before
