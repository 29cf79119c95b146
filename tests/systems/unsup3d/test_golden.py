"""Every array of the official Unsup3D against ours, in float64, or the reason why not."""

import re
from collections.abc import Callable

import pytest
import torch

import unsup3d_golden_networks as networks
import unsup3d_golden_values as values
from unsup3d_golden import WHOLE, Golden

STUBS = ("celeba", "cat_epoch0", "syncar", "synface_gt") if WHOLE else ("syncar", "synface_gt")
Compute = Callable[[Golden], values.Found]
PARTS: dict[str, dict[str, Compute]] = {
    "geometry": {"": values.geometry_values},
    "render": {"": values.render_values},
    "losses": {"": values.loss_values},
    "networks": {
        **{letter: lambda g, letter=letter: networks.network_values(g, letter) for letter in networks.PARTS},
        "vgg": networks.vgg_values,
    },
    "forward_nets": {
        mode: lambda g, mode=mode: networks.training_values(g, mode) for mode in ("given", "nmr")
    },
    "forward_stub": {case: lambda g, case=case: values.stub_values(g, case) for case in STUBS},
}
INPUTS = (
    r".*config|.*cotangent|.*fill_seeds?(_DALVC)?|netD_last_conv_scale|.*image01|.*sample_image|im1|im2|mask|"
    r"sigma_(photo|perc)|score_(depth_pred|depth_gt|mask)|standin_.*|(default|odd|mild|strong|identity)_(depth|view)|"
    r"euler_view6|.*_in_.*|.*_gt_depth_png01|vgg_image_[ab]|vgg_param_.*"
)
WORDS = r"net._(layers|param_names|param_shapes)|vgg_layers"
LEFT_OUT = {
    r"tex_.*": "no texture cubes: colours are looked up in the canonical picture",
    r"grid_(raw|norm)_2x3": "no grids of pixels apart from what they are unprojected to",
    r".*WRONG": "what a sampling with other corners would give",
    r".*rounding_sensitive": "where the official renderer's own rounding decides",
    r".*sym_axis": "a line drawn over a picture",
    r"yaw_.*": "no turntables yet",
}


@pytest.mark.parametrize(("file", "part"), [(file, part) for file, parts in PARTS.items() for part in parts])
def test_all_of_ours_are_the_official_values(file, part):
    golden = Golden(file)
    found = PARTS[file][part](golden)
    compared = {name: pair for name, pair in found.items() if name in golden.keys}
    errors = {name: golden.error(name, value) for name, (value, _) in compared.items()}
    assert len(compared) >= (4 if part == "vgg" else 11)
    assert {name: error for name, error in errors.items() if not error <= compared[name][1]} == {}
    left = {key for key in golden.keys - set(found) if belongs(file, part, key)}
    assert {key for key in left if not re.fullmatch("|".join([INPUTS, WORDS, *LEFT_OUT]), key)} == set()


def belongs(file: str, part: str, key: str) -> bool:
    """Whether an array is of this part of its file."""
    if file == "networks":
        return key.startswith("vgg_" if part == "vgg" else f"net{part}_")
    return key.startswith(part)


@pytest.mark.parametrize("letter", networks.PARTS)
def test_networks_have_the_official_tensors_in_the_official_order(letter):
    shapes = Golden("networks").arrays[f"net{letter}_param_shapes"].tolist()
    part = networks.parts_of(networks.Unsup3DNetwork(networks.NetworkConfig("original")))[letter]
    assert [str(list(parameter.shape)) for parameter in part.parameters()] == shapes


def test_corners_are_aligned_as_they_were_when_it_was_published():
    golden = Golden("geometry")
    found = values.camera_values(golden, "odd")
    ours = found["sampled_aligned"][0]
    other = torch.nn.functional.grid_sample(
        golden["odd_sample_image"], found["invwarped2d"][0], align_corners=False
    )
    assert golden.error("odd_sampled_aligned", other) > 100 * golden.error("odd_sampled_aligned", ours)
