"""GrabCut from labels, over several pictures at once."""

import numpy as np

from maquette.segment.seeded import BACKGROUND, OBJECT, PERHAPS, PERHAPS_NOT, seeded_masks


def red_square(at: int) -> tuple[np.ndarray, np.ndarray]:
    """A noisy red square on green, and where it is."""
    noise = np.random.default_rng(at).integers(0, 30, (48, 64, 3))
    inside = np.zeros((48, 64), bool)
    inside[12:36, at : at + 20] = True
    colours = np.where(inside[..., None], (200, 40, 40), (40, 160, 60)) + noise
    return colours.astype(np.uint8), inside


def labels(core: np.ndarray) -> np.ndarray:
    made = np.full((48, 64), PERHAPS_NOT, np.uint8)
    made[:2] = made[-2:] = BACKGROUND
    made[core] = OBJECT
    return made


def test_what_one_picture_tells_counts_in_the_other() -> None:
    (one, first), (other, second) = red_square(8), red_square(30)
    core = np.zeros_like(first)
    core[14:34, 10:26] = True
    spot = np.zeros_like(second)
    spot[24, 40] = True
    masks = seeded_masks([one, other], [labels(core), labels(spot)])
    assert masks is not None
    for mask, true in zip(masks, (first, second), strict=True):
        assert (mask & true).sum() / (mask | true).sum() > 0.97


def test_pieces_without_a_sure_pixel_are_none_of_it() -> None:
    (one, first), (other, _) = red_square(8), red_square(30)
    core = np.zeros_like(first)
    core[14:34, 10:26] = True
    masks = seeded_masks([one, other], [labels(core), labels(np.zeros_like(core))])
    assert masks is not None
    assert masks[0].any()
    assert not masks[1].any()


def test_pictures_of_two_heights() -> None:
    (one, first), (other, second) = red_square(8), red_square(30)
    core, spot = np.zeros_like(first), np.zeros_like(second)
    core[14:34, 10:26] = True
    spot[24, 40] = True
    masks = seeded_masks([one, other[:40]], [labels(core), labels(spot)[:40]])
    assert masks is not None
    assert [mask.shape for mask in masks] == [(48, 64), (40, 64)]
    assert (masks[1] ^ second[:40]).mean() < 0.02


def test_labels_of_one_kind_alone_are_not_enough() -> None:
    picture, _ = red_square(8)
    for kind in (BACKGROUND, OBJECT, PERHAPS):
        assert seeded_masks([picture], [np.full((48, 64), kind, np.uint8)]) is None
