"""Framing: the square around the object, exactly as drawing frames its own."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from maquette.data.drawn_views import DrawnViews
from maquette.data.framing import frame_object
from maquette.data.picture_specs import held_specs
from maquette.data.views_config import ViewsConfig
from maquette.kernels.draw import draw
from tests.data.pack_shapes import small_pack

GREY = (240 / 255,) * 3


@pytest.mark.parametrize("size", [48, 127])
def test_frames_as_drawing_does(size: int) -> None:
    views = DrawnViews(small_pack(), ViewsConfig(framing="object", size=size, margin=(0.1, 0.3)))
    index = [0, 4, 9]
    held = views.held_batch(index, 2)
    big = replace(views.config, framing="camera", render_size=600, size=600)
    numbers = np.concatenate([views._held_numbers(i, 2) for i in index])
    specs, _ = held_specs(np.repeat(index, 2), numbers, big, views._scene_on("cpu"))
    images, alpha, _ = draw(views._scene_on("cpu"), specs, 600)
    for image, mask, wanted in zip(images, alpha, held.images.flatten(0, 1), strict=True):
        framed = frame_object(image, mask[None], size, 0.2, GREY)
        assert (framed - wanted).abs().mean() < 0.01
        off = (framed - wanted).flatten()
        assert off.norm() / (wanted.flatten() - GREY[0]).norm() < 0.1
        again = frame_object(
            wanted, (wanted - GREY[0]).abs().amax(0, keepdim=True).gt(0.02).float(), size, 0.2
        )
        assert (again - wanted).abs().mean() < 0.02


def test_whole_pixels_are_averaged() -> None:
    image = torch.rand(3, 12, 20)
    mask = torch.zeros(1, 12, 20)
    mask[:, 2:10, 6:14] = 1
    framed = frame_object(image, mask, 4, 0.0)
    torch.testing.assert_close(framed, torch.nn.functional.avg_pool2d(image[:, 2:10, 6:14], 2))


def test_upscaling_is_bilinear() -> None:
    image = torch.rand(3, 6, 6)
    framed = frame_object(image, torch.ones(1, 6, 6), 15, 0.0)
    wanted = torch.nn.functional.interpolate(image[None], (15, 15), mode="bilinear")[0]
    torch.testing.assert_close(framed, wanted)


def test_the_outside_is_background_or_the_border() -> None:
    image = torch.full((3, 10, 4), 0.2)
    mask = torch.ones(1, 10, 4)
    filled = frame_object(image, mask, 20, 0.0, (1.0, 0.5, 0.0))
    torch.testing.assert_close(filled[:, 10, 0], torch.tensor([1.0, 0.5, 0.0]))
    torch.testing.assert_close(filled[:, 10, 10], torch.full((3,), 0.2))
    torch.testing.assert_close(frame_object(image, mask, 20, 0.5), torch.full((3, 20, 20), 0.2))


def test_the_mask_lays_the_picture_over_the_background() -> None:
    image = torch.full((3, 8, 8), 0.2)
    mask = torch.zeros(1, 8, 8)
    mask[:, 2:6, 2:6] = torch.tensor([[1, 1, 1, 1], [1, 0, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1]]).float()
    framed = frame_object(image, mask, 4, 0.0, (1.0, 1.0, 1.0))
    torch.testing.assert_close(framed[0], torch.where(mask[0, 2:6, 2:6] > 0, 0.2, 1.0))


def test_what_makes_no_sense_is_refused() -> None:
    image = torch.rand(3, 8, 8)
    with pytest.raises(ValueError, match="mask is empty"):
        frame_object(image, torch.full((1, 8, 8), 0.4), 4, 0.1)
    with pytest.raises(ValueError, match="got 0 and"):
        frame_object(image, torch.ones(1, 8, 8), 0, 0.1)
    with pytest.raises(ValueError, match="got 4 and -1"):
        frame_object(image, torch.ones(1, 8, 8), 4, -1.0)
