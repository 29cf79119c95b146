"""Augmentation: what each change does to a picture, that nothing else happens, and its strength."""

import math
from statistics import NormalDist

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

from maquette.systems.stylegan2.augment import adapted, augmented, changed
from maquette.systems.stylegan2.changes import KINDS, PIPES, Change, drawn_changes, strength
from maquette.systems.stylegan2.colours import colour_matrix, coloured
from maquette.systems.stylegan2.corruptions import SYM2, band_gains, cut_out, filter_bank, filtered, noised
from maquette.systems.stylegan2.geometry import SYM6, bilinear, margins, pixel_matrix, resampled

CPU = torch.device("cpu")
SIZE = 24


def one(name: str, *value: float, count: int = 1) -> dict[str, Change]:
    """A change of all pictures."""
    return {name: Change(torch.tensor([value] * count), torch.ones(count, dtype=torch.bool))}


def smooth(count: int = 1, size: int = SIZE) -> torch.Tensor:
    """Pictures without sharp edges."""
    y, x = torch.meshgrid(*[torch.linspace(-1, 1, size, dtype=torch.float64)] * 2, indexing="ij")
    planes = [(2 * x + y).sin(), (x - 1.5 * y).cos(), (x * y).sin()]
    return torch.stack(planes).expand(count, -1, -1, -1).clone()


def moved(changes, images):
    return resampled(images, pixel_matrix(changes, len(images), *images.shape[2:], CPU))


@pytest.mark.parametrize("taps", [SYM2, SYM6])
def test_wavelets_are_orthonormal_and_blind_to_polynomials(taps):
    line = torch.tensor(taps, dtype=torch.float64)
    assert float(line.sum()) == pytest.approx(math.sqrt(2))
    for shift in range(0, len(line), 2):
        assert float((line[shift:] * line[: len(line) - shift]).sum()) == pytest.approx(float(shift == 0))
    signs = torch.tensor([(-1.0) ** k for k in range(len(line))], dtype=torch.float64)
    for power in range(len(line) // 2):
        places = torch.arange(len(line), dtype=torch.float64) / len(line)
        assert float((signs * line * places**power).sum()) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (one("xflip", 0.2), lambda x: x),
        (one("xflip", 0.7), lambda x: x.flip(3)),
        (one("rotate90", 0.3), lambda x: x.rot90(1, (2, 3))),
        (one("rotate90", 0.6), lambda x: x.flip(2, 3)),
        (one("rotate_pre", 0.75), lambda x: x.rot90(1, (2, 3))),
        (one("xint", 0.5 + 1 / 6, 0.5), lambda x: x.roll(1, 3)),
        (one("xfrac", 0.0, 8 / SIZE), lambda x: x.roll(1, 2)),
    ],
)
def test_simple_moves(changes, expected):
    images = smooth()
    inner = (slice(None), slice(None), slice(6, -6), slice(6, -6))
    torch.testing.assert_close(moved(changes, images)[inner], expected(images)[inner], atol=0.03, rtol=0)


def test_scale_and_stretch_by_powers_of_two():
    assert torch.allclose(
        pixel_matrix(one("scale", 5.0), 1, 8, 8, CPU), torch.diag(torch.tensor([0.5, 0.5, 1.0]))
    )
    assert torch.allclose(
        pixel_matrix(one("aniso", -5.0), 1, 8, 8, CPU), torch.diag(torch.tensor([2.0, 0.5, 1.0]))
    )


def test_margins_are_what_a_shift_shows():
    matrix = pixel_matrix(one("xint", 1.0, 0.5), 1, 16, 40, CPU)  # 5 pixels to the right
    assert margins(matrix, 16, 40) == (11, 6, 1, 6)


def test_pictures_that_are_not_changed_stay():
    images = smooth(2).float()
    drawn = drawn_changes("bgc", 2, 1.0, CPU)
    off = {name: change._replace(on=torch.zeros(2, dtype=torch.bool)) for name, change in drawn.items()}
    torch.testing.assert_close(changed(images, off), images, atol=0.03, rtol=0)
    assert augmented(images, "bgc", 0.0) is images
    assert augmented(images, "none", 0.5) is images


def test_each_picture_is_changed_in_its_own_way():
    torch.manual_seed(0)
    images = smooth(4).float()
    for pipe in PIPES:
        made = augmented(images, pipe, 1.0)
        assert made.shape == images.shape
        assert bool(made.isfinite().all())
        if pipe != "none":
            assert float((made[0] - made[1]).abs().max()) > 0.01


def test_probabilities():
    torch.manual_seed(1)
    drawn = drawn_changes("bgcfnc", 20_000, 0.36, CPU)
    for name, change in drawn.items():
        wanted = 0.2 if name.startswith("rotate_") else 0.36  # 1 - sqrt(1 - 0.36)
        assert float(change.on.float().mean()) == pytest.approx(wanted, abs=0.015), name
        mean, deviation = (0.5, math.sqrt(1 / 12)) if KINDS[name][0] == "uniform" else (0.0, 1.0)
        assert float(change.value.mean()) == pytest.approx(mean, abs=0.03)
        assert float(change.value.std()) == pytest.approx(deviation, abs=0.03)
    assert strength("xflip", 1.7) == strength("rotate_pre", 1.7) == 1.0


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (one("brightness", 1.5), lambda x: x + 0.3),
        (one("contrast", 2.0), lambda x: 2 * x),
        (one("lumaflip", 0.7), lambda x: x - 2 * x.mean(1, keepdim=True)),
        (one("hue", 5 / 6), lambda x: x.roll(1, 1)),  # 120 degrees: r to g, g to b, b to r
        (one("saturation", 1.0), lambda x: 2 * x - x.mean(1, keepdim=True)),
    ],
)
def test_colours(changes, expected):
    images = smooth().float()
    matrix = colour_matrix(changes, 1, 3, CPU)
    torch.testing.assert_close(coloured(images, matrix), expected(images), atol=1e-5, rtol=1e-5)


def test_grey_pictures_have_brightness_and_contrast_alone():
    images = smooth().float()[:, :1]
    changes = one("brightness", 1.0) | one("contrast", 2.0) | one("hue", 0.1) | one("saturation", 1.0)
    made = coloured(images, colour_matrix(changes, 1, 1, CPU))
    torch.testing.assert_close(made, 2 * (images + 0.2), atol=1e-5, rtol=1e-5)


def test_bands_add_up_to_the_picture():
    images = smooth()
    bank = filter_bank(images)
    whole = torch.zeros(bank.shape[1], dtype=torch.float64)
    whole[bank.shape[1] // 2] = 1
    torch.testing.assert_close(bank.sum(0), whole, atol=1e-9, rtol=0)
    torch.testing.assert_close(filtered(images, torch.ones(1, 4, dtype=torch.float64)), images)


@pytest.mark.parametrize("band", range(4))
def test_the_gain_of_a_band_keeps_the_expected_power(band):
    gains = band_gains(one(f"band{band}", 1.5), 1, CPU)[0]
    power = torch.tensor([10.0, 1.0, 1.0, 1.0]) / 13
    assert float((power * gains.square()).sum()) == pytest.approx(1)
    others = [k for k in range(4) if k != band]
    torch.testing.assert_close(gains[band] / gains[others], torch.full((3,), 2**1.5))


def test_noise_and_holes():
    images = torch.ones(2, 3, 8, 8)
    changes = {"noise": Change(torch.tensor([[-2.0], [1.0]]), torch.tensor([True, False]))}
    made = noised(images, changes, torch.full_like(images, 0.5))
    torch.testing.assert_close(made[0], torch.full((3, 8, 8), 1.1))
    assert torch.equal(made[1], images[1])
    hole = cut_out(images[:1], one("cutout", 0.5, 0.25))[0, 0]
    expected = torch.ones(8, 8)
    expected[0:4, 2:6] = 0
    assert torch.equal(hole, expected)


def test_gradients_of_gradients():
    images = torch.randn(1, 1, 4, 5, dtype=torch.float64, requires_grad=True)
    grid = torch.rand(1, 3, 2, 2, dtype=torch.float64) * 2.4 - 1.2
    assert gradcheck(lambda x: bilinear(x, grid).square(), images)
    assert gradgradcheck(lambda x: bilinear(x, grid).square(), images)
    matrix = pixel_matrix(one("rotate_pre", 0.6), 1, 4, 5, CPU).double()
    assert gradgradcheck(lambda x: resampled(x, matrix).square(), images)


def test_the_strength_follows_the_signs():
    assert adapted(0.1, 0.8, 0.6, 256, 1.0) == pytest.approx(0.356)
    assert adapted(0.1, 0.5, 0.6, 256, 1.0) == 0.0
    assert adapted(0.5, 0.6, 0.6, 256, 1.0) == 0.5


def test_normal_numbers_are_normal():
    """Half of the drawn scales lie within a factor 2^(0.2 x 0.674) of 1."""
    torch.manual_seed(2)
    value = drawn_changes("geom", 20_000, 1.0, CPU)["scale"].value
    assert float((value.abs() < NormalDist().inv_cdf(0.75)).float().mean()) == pytest.approx(0.5, abs=0.015)
