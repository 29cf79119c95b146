"""Heads that fill a picture: cut out around a face, where the picture is about it."""

import numpy as np
import pytest
import torch

from maquette.data.faces import load_model
from maquette.data.faces.drawing import draw_faces
from maquette.data.faces.people import people
from maquette.data.faces.takes import DRAWS, takes
from maquette.segment import found as found_module
from maquette.segment import head as heads
from maquette.segment.found import find_object
from maquette.segment.head import find_head, head_labels, head_mask
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


def test_a_head_is_cut_out_around_its_face(drawn) -> None:
    image, mask = drawn
    head = find_head(pixels_of(image))
    assert head is not None
    found = head_mask(pixels_of(image), head)
    assert found is not None
    assert mask_overlap(torch.from_numpy(found[0]), mask > 0.5) > 0.85
    assert 0.5 < found[1] <= 1
    again = head_mask(pixels_of(image), head)
    assert again is not None
    assert np.array_equal(again[0], found[0])


def test_what_is_apart_from_the_head_is_not_of_it(drawn, monkeypatch: pytest.MonkeyPatch) -> None:
    cut = np.zeros((SIDE, SIDE), bool)
    cut[30:80, 30:66] = cut[:6, 80:] = True  # the head, and something in the corner
    monkeypatch.setattr(heads, "grabcut", lambda *_: cut)
    head = find_head(pixels_of(drawn[0]))
    assert head is not None
    found = head_mask(pixels_of(drawn[0]), head)
    assert found is not None
    assert found[0][50, 50]
    assert not found[0][:6].any()


def test_a_face_far_away_or_none_is_no_head(drawn) -> None:
    far = np.full((3 * SIDE, 3 * SIDE, 3), 0.4, np.float32)
    far[SIDE : 2 * SIDE, SIDE : 2 * SIDE] = pixels_of(drawn[0])
    assert find_head(far) is None
    noise = np.random.default_rng(0).uniform(0, 1, (SIDE, SIDE, 3)).astype(np.float32)
    assert find_head(noise) is None


def test_a_picture_that_is_not_about_its_face_is_left_to_others(
    drawn, monkeypatch: pytest.MonkeyPatch
) -> None:

    def elsewhere(_, images):
        return (torch.arange(images.shape[2])[:, None] < 10).float().expand(1, 1, *images.shape[2:])

    monkeypatch.setattr(found_module, "network_masks", elsewhere)
    monkeypatch.setattr(found_module, "head_mask", lambda *_: pytest.fail("the head was cut out"))
    found = find_object(drawn[0], "network")
    assert found is not None
    assert found.mask[0, :5].mean() > 0.5


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
    monkeypatch.setattr(heads, "find_faces", lambda *_, **__: [])
    without = find_object(image, "network")
    assert without is not None
    with_faces, before = (mask_overlap(one.mask[0] > 0.5, mask > 0.5) for one in (found, without))
    assert with_faces > 0.85
    assert with_faces >= before
