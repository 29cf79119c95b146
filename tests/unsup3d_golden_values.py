"""Our values of every array that the official Unsup3D left: by name, with what error is allowed."""

import json
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from maquette.metrics.depth_scores import (
    depth_errors,
    eroded,
    mean_angle_deviation,
    normal_angles,
    scale_invariant_depth_error,
)
from maquette.ops.depth_maps import focal_length, normals_of_depth, unproject
from maquette.systems.unsup3d.config import FormationConfig, LossConfig
from maquette.systems.unsup3d.formation import Canonical, Reconstructed, canonical, picture, reconstruct
from maquette.systems.unsup3d.geometry import move, move_back, project, rotation
from maquette.systems.unsup3d.loss import perceptual_loss, photometric_loss, smoothness_loss, unsup3d_loss
from maquette.systems.unsup3d.network import Raw
from maquette.systems.unsup3d.seen_depth import grid_faces, rendered_depth, seen_depth, vertices
from unsup3d_golden import Golden, StandIn

Found = dict[str, tuple[Tensor, float]]
SHARP, FAIR = 1e-5, 1e-4
COARSE = 1e-3  # of gradients through float32, where a kink may be crossed in few pixels
SHIFTS = {5: torch.tensor([1.0, 1.0, 0.0]), 3: torch.zeros(3)}


def geometry_values(golden: Golden) -> Found:
    """Of rigid motions, and of the two cameras."""
    view = golden["euler_view6"]
    found = {"euler_rot_from6": rotation(view[:, :3]), "euler_trans_from6": view[:, None, 3:]}
    found |= {f"euler_rot_from{count}": rotation(view[:, :3]) for count in (5, 3)}
    found |= {f"euler_trans_from{count}": view[:, None, 3:] * shifts for count, shifts in SHIFTS.items()}
    found["face_idx_3x4"] = grid_faces(3, 4)[None]
    out = {name: (value, SHARP) for name, value in found.items()}
    for camera in ("default", "odd"):
        out |= {f"{camera}_{name}": pair for name, pair in camera_values(golden, camera).items()}
    return out


def camera_values(golden: Golden, camera: str) -> Found:
    """Of one camera: points, places, normals, samples, and their gradients where what they are of is stored."""
    config = json.loads(str(golden.arrays[f"{camera}_config"]))
    fov, size, middle = config["fov"], config["image_size"], config["rot_center_depth"]
    depth, view = (golden[f"{camera}_{name}"].requires_grad_() for name in ("depth", "view"))
    points = unproject(depth, fov)
    results = {
        "grid3d": points,
        "warped3d": move(points, view, middle),
        "invwarped3d": move_back(points, view, middle),
        "normal": normals_of_depth(depth, fov),
    }
    results["warped2d"] = project(results["warped3d"], size, fov)
    results["invwarped2d"] = project(results["invwarped3d"], size, fov)
    wrt = {"depth": depth, "view": view}
    if f"{camera}_sample_image" in golden:
        wrt["image"] = golden[f"{camera}_sample_image"].requires_grad_()
        results["sampled"] = grid_sample(wrt["image"], results["invwarped2d"], align_corners=True)
    f, c = focal_length(size, fov), (size - 1) / 2
    k = torch.tensor([[[f, 0, c], [0, f, c], [0, 0, 1]]], dtype=torch.float64)
    out = {"K": (k, SHARP), "inv_K": (k.inverse(), SHARP)}
    for name, result in results.items():
        out[name + ("_aligned" if name == "sampled" else "")] = (result, 2 * SHARP)
        cotangent = f"{camera}_{name}_cotangent"
        if cotangent in golden:
            for of, gradient in gradients(result, golden[cotangent], wrt).items():
                out[f"{name}_grad_{of}"] = (gradient, 2 * SHARP)
    return out


def gradients(result: Tensor, cotangent: Tensor, wrt: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Of the sum of result times cotangent, to those that it depends on."""
    got = torch.autograd.grad(
        (result * cotangent.to(result)).sum(), list(wrt.values()), retain_graph=True, allow_unused=True
    )
    return {name: value for name, value in zip(wrt, got, strict=True) if value is not None}


def render_values(golden: Golden) -> Found:
    """Of the depth that is seen, as the official renderer samples it."""
    out: Found = {}
    for case in ("mild", "strong", "identity", "odd"):
        config = json.loads(str(golden.arrays[f"{case}_config"]))
        least, most = config["min_depth"], config["max_depth"]
        formation = FormationConfig((least, most), border_depth=most, fov=config["fov"], sampling="original")
        depth, view = (golden[f"{case}_{name}"].requires_grad_() for name in ("depth", "view"))
        seen = seen_depth(depth, view, formation)
        slopes = gradients(seen, golden[f"{case}_cotangent"], {"depth": depth, "view": view})
        # On a diagonal edge the face, and so the slope, is a matter of rounding.
        slope = 5e-2 if case == "identity" else FAIR
        moved = vertices(depth, view, formation)
        size = config["image_size"]
        found = {
            "rendered": (rendered_depth(moved, size, 2), SHARP),
            "rendered_no_aa": (rendered_depth(moved, size), SHARP),
            "warped": (seen, SHARP),
            "valid": (seen.detach() < most + formation.margin, 0.0),
            "vertices_ndc": (moved.flatten(1, 2) * torch.tensor([-1.0, 1.0, 1.0]), SHARP),
            "warped_grad_depth": (slopes["depth"], FAIR),
            "warped_grad_view": (slopes["view"], slope),
        }
        out |= {f"{case}_{name}": pair for name, pair in found.items()}
    return out


def loss_values(golden: Golden) -> Found:
    """Of the losses with and without mask and uncertainty, and of the scores."""
    out: Found = {}
    target = golden["im2"]
    stand_in = StandIn(golden)
    for kind in ("plain", "mask", "sigma", "mask_sigma"):
        for loss in ("photo", "perc"):
            image = golden["im1"].requires_grad_()
            mask = golden["mask"] if "mask" in kind else None
            sigma = golden[f"sigma_{loss}"].requires_grad_() if "sigma" in kind else None
            if loss == "photo":
                value = photometric_loss(image, target, mask, sigma)
            else:
                value = perceptual_loss(*stand_in((image + 1) / 2), *stand_in((target + 1) / 2), mask, sigma)
            wrt = {"im1": image} | ({} if sigma is None else {"sigma": sigma})
            out[f"{loss}_{kind}"] = (value, FAIR)
            for of, gradient in gradients(value, torch.ones(()), wrt).items():
                out[f"{loss}_{kind}_grad_{of}"] = (gradient, 1e-3)
    return out | score_values(golden)


def score_values(golden: Golden) -> Found:
    """SIDE and MAD of two depth maps."""
    depth, true = golden["score_depth_pred"], golden["score_depth_gt"]
    normals = [normals_of_depth(x, 10.0) for x in (depth, true)]
    found = {}
    for kind, mask in (("nomask", None), ("mask", golden["score_mask"])):
        found[f"score_sie_map_{kind}"] = depth_errors(depth, true, mask)
        found[f"score_side_{kind}"] = scale_invariant_depth_error(depth, true, mask)
        found[f"score_angle_map_{kind}"] = normal_angles(*normals, mask)
        found[f"score_mad_deg_{kind}"] = mean_angle_deviation(*normals, mask)
    return {name: (value, 1e-3 if "angle" in name else FAIR) for name, value in found.items()}


def formation_of(options: Mapping[str, Any]) -> FormationConfig:
    """Settings of the official code as ours."""
    return FormationConfig(
        border_depth=options.get("border_depth", 1.04),
        diffuse=(options.get("min_diff_light", 0.0), 1.0),
        shift_z=float(options["z_translation_range"]),
        sampling="original",
    )


def stub_values(golden: Golden, case: str) -> Found:
    """Of the whole way from given outputs of the networks to the loss, of one case."""
    options = json.loads(str(golden.arrays[f"{case}_config"]))
    formation = formation_of(options)
    config = LossConfig(
        flip=1.0 if "lam_flip_start_epoch" in options else options.get("lam_flip", 0.5),
        perceptual=options.get("lam_perc", 1.0),
        smoothness=options.get("lam_depth_sm", 0.0),
    )
    names = ["depth_raw", "albedo", "light", "view"]
    names += ["sigma_photo", "sigma_perc"] if options.get("use_conf_map", True) else []
    inputs = {name: golden[f"{case}_in_{name}"].requires_grad_() for name in names}
    raw = Raw(*inputs.values())
    images = golden[f"{case}_image01"]
    out = canonical_values(canonical(raw, formation), formation)
    for mode in ("given", "nmr"):
        found = canonical(raw, formation)
        wrt = dict(inputs)
        if mode == "given":
            wrt["given_recon_depth"] = golden[f"{case}_given_recon_depth"].requires_grad_()
            made = picture(found, wrt["given_recon_depth"], formation)
        else:
            made = reconstruct(found, formation)
        loss, terms = unsup3d_loss(images, raw, found, made, config, formation.depth, StandIn(golden))
        own = picture_values(made) | loss_values_of(loss, terms)
        if f"{case}_gt_depth_png01" in golden:
            own |= judged(made, golden[f"{case}_gt_depth_png01"], formation, loss)
        out |= {f"{mode}_{name}": (value, SHARP if mode == "given" else FAIR) for name, value in own.items()}
        slopes = gradients(loss, torch.ones(()), wrt)
        allowed = SHARP if mode == "given" else COARSE
        out |= {f"{mode}_grad_{of}": (gradient, allowed) for of, gradient in slopes.items()}
    if f"{case}_gt_depth_png01" in golden:
        out["depth_gt"] = (true_depth(golden[f"{case}_gt_depth_png01"], formation), SHARP)
    return {f"{case}_{name}": pair for name, pair in out.items()}


def canonical_values(found: Canonical, formation: FormationConfig) -> Found:
    """Of the object from the front."""
    diffuse = (found.shading - found.light.ambient[..., None, None]) / found.light.diffuse[..., None, None]
    values = {
        "canon_depth": found.depth,
        "loss_depth_sm": smoothness_loss(found.smooth, formation.depth),
        "canon_albedo": found.albedo,
        "canon_light_a": found.light.ambient,
        "canon_light_b": found.light.diffuse,
        "canon_light_d": found.light.direction,
        "canon_diffuse_shading": diffuse,
        "canon_im": found.image,
        "view": found.view,
        "canon_normal": found.normals,
    }
    return {name: (value, SHARP) for name, value in values.items()}


def picture_values(made: Reconstructed) -> dict[str, Tensor]:
    """Of what the camera sees."""
    return {
        "recon_im": made.image,
        "recon_depth": made.depth,
        "recon_normal": normals_of_depth(made.depth, 10.0),
    }


def loss_values_of(loss: Tensor, terms: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The terms by their official names."""
    names = {
        "pixels": "l1_im",
        "pixels_flip": "l1_im_flip",
        "features": "perc_im",
        "features_flip": "perc_im_flip",
    }
    return {"loss_total": loss} | {f"loss_{to}": terms[name] for name, to in names.items()}


def true_depth(png: Tensor, formation: FormationConfig) -> Tensor:
    """Depth of a picture of it, in which 1 is the nearest."""
    return (1 - png[:, 0]) * (formation.depth[1] - formation.depth[0]) + formation.depth[0]


def judged(made: Reconstructed, png: Tensor, formation: FormationConfig, loss: Tensor) -> dict[str, Tensor]:
    """The scores of the first half of the reconstructions."""
    true = true_depth(png, formation)
    count = len(true)
    depth = made.depth[:count].detach()
    mask = eroded((true < true.max()).double()) * eroded(made.seen[:count].double())
    normals = [normals_of_depth(x, formation.fov) for x in (depth, true)]
    area = mask.sum((1, 2))
    angles, errors = normal_angles(*normals, mask), depth_errors(depth, true, mask)
    side, mad = scale_invariant_depth_error(depth, true, mask), mean_angle_deviation(*normals, mask)
    return {
        "acc_mae_masked": ((depth - true).abs() * mask).sum((1, 2)) / area,
        "acc_mse_masked": ((depth - true).square() * mask).sum((1, 2)) / area,
        "acc_sie_masked": side,
        "acc_normal_masked": mad,
        "sie_map_masked": errors,
        "norm_err_map_masked": angles,
        "metric_loss": loss.detach(),
        "metric_SIE_masked": side.mean(),
        "metric_NorErr_masked": mad.mean(),
    }
