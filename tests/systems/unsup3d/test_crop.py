"""What the networks are shown: the largest face, level, or a box; and what is refused."""

import pytest
import torch

from drawn_face import pasted
from maquette.io import BadInput
from maquette.segment import FoundFace, cut_face, find_faces
from maquette.structures.views import Views
from maquette.systems.unsup3d.crop import _apart, crop, is_portrait


def test_the_face_is_cut_out_as_the_demo_does() -> None:
    picture = pasted((60, 40, 96))
    cut = crop(picture, 32, "a.png")
    assert (cut.by, cut.remarks) == ("face", ())
    torch.testing.assert_close(cut.image, cut_face(picture, find_faces(picture)[0], 32))
    left, top, right, bottom = cut.square.box()
    assert 50 < left < 75 < 140 < right < 160
    assert 25 < top < 60 < 120 < bottom < 150


def test_of_several_faces_the_largest_is_taken_which_is_said() -> None:
    cut = crop(pasted((120, 60, 64), (10, 40, 96)), 32, "a.png")
    assert cut.remarks == ("2 faces were found, of which the largest is shown; --box X Y W H takes another",)
    assert cut.square.box()[0] < 30


def test_what_is_found_within_a_face_is_no_other_one() -> None:
    eyes = ((0.0, 0.0), (1.0, 0.0))
    boxes = [(20.0, 20.0, 30.0, 30.0), (10.0, 10.0, 50.0, 60.0), (70.0, 10.0, 90.0, 30.0)]
    inside, large, apart = faces = [FoundFace(box, eyes, 1.0) for box in boxes]
    assert _apart(faces) == [large, apart]
    assert _apart([inside, apart]) == [apart, inside]


def test_a_box_becomes_a_square_about_its_middle() -> None:
    columns, rows = torch.arange(60) / 59, torch.arange(50)[:, None] / 49
    picture = torch.stack(torch.broadcast_tensors(columns, rows, torch.zeros(50, 60)))
    cut = crop(picture, 40, "a.png", (10, 5, 40, 40))
    torch.testing.assert_close(cut.image, picture[:, 5:45, 10:50], atol=1e-5, rtol=0)
    assert cut.by == "box"
    wide = crop(picture, 40, "a.png", (0, 5, 60, 40))
    assert wide.square.box() == (0, -5, 60, 55)
    assert float(wide.image[1, 0].max()) < 0.02  # the picture's edge goes on


@pytest.mark.parametrize(
    ("picture", "box", "message"),
    [
        (torch.full((3, 64, 64), 0.5), None, "no face was found in the picture; --box X Y W H"),
        (torch.rand(3, 31, 64), None, "the picture is 64 x 31; at least 32 pixels"),
        (torch.rand(3, 64, 64), (0, 0, 40, 20), "the box is 40 x 20; at least 32 pixels"),
    ],
)
def test_what_is_refused(picture, box, message) -> None:
    with pytest.raises(BadInput, match=f"a.png: {message}"):
        crop(picture, 32, "a.png", box)


def test_a_face_of_a_few_pixels_is_refused() -> None:
    with pytest.raises(BadInput, match=r"the face is .* at least 32 pixels"):
        crop(pasted((40, 40, 30), size=(100, 110)), 32, "a.png")


def test_a_portrait_is_a_face_that_fills_its_object() -> None:
    picture = pasted((60, 40, 96))
    mask = torch.zeros(1, 180, 200)
    mask[:, 40:136, 60:156] = 1
    assert is_portrait(Views([picture], [mask]))
    assert not is_portrait(Views([picture], [torch.ones(1, 180, 200)]))  # the face is a small part of it
    assert not is_portrait(Views([torch.full((3, 64, 64), 0.5)]))
    assert not is_portrait(Views([torch.rand(3, 20, 20)]))
