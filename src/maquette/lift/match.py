"""How well pictures of a mesh agree with a picture of the object: silhouettes, and shading by the normals."""

import torch
from jaxtyping import Float
from torch import Tensor

from .candidates import Candidates, Target

_SHADING = 0.1  # weight of the shading beside that of the silhouette
_RIDGE = 1e-2
_TEXTURELESS = 1e-3  # variance of colour, times pixels, below which shading says nothing


def silhouette_agreement(candidates: Candidates, target: Target) -> Float[Tensor, " view"]:
    """Intersection over union of each silhouette and the object's mask, in [0, 1]."""
    drawn = candidates.covered.to(target.mask)
    shared, all_ = torch.minimum(drawn, target.mask), torch.maximum(drawn, target.mask)
    return shared.flatten(1).sum(dim=1) / all_.flatten(1).sum(dim=1).clamp(min=1e-6)


def shading_agreement(candidates: Candidates, target: Target) -> Float[Tensor, " view"]:
    """Share of the picture's variance of colour that a linear function of the normals explains, in [0, 1].

    A lit surface of one colour is such a function (Lambert's law without cast shadows); where the viewpoint is
    wrong, edges and faces lie elsewhere and less is explained.
    """
    both = (candidates.covered & (target.mask > 0.5)).to(target.mask).flatten(1)[..., None]
    known = torch.cat([both, candidates.normals.flatten(1, 2) * both], dim=2)
    colours = target.image.flatten(1).T * both
    gram = known.transpose(1, 2) @ known + _RIDGE * torch.eye(4).to(known)
    linear = torch.linalg.solve(gram, known.transpose(1, 2) @ colours)
    unexplained = (colours - known @ linear).square().sum(dim=(1, 2))
    mean = colours.sum(dim=1, keepdim=True) / both.sum(dim=1, keepdim=True).clamp(min=1)
    total = (colours - mean * both).square().sum(dim=(1, 2))
    return torch.where(total > _TEXTURELESS, 1 - unexplained / total.clamp(min=_TEXTURELESS), 0.0).clamp(0, 1)


def score(candidates: Candidates, target: Target) -> Float[Tensor, " view"]:
    """Agreement of each candidate with the picture; larger is better."""
    return silhouette_agreement(candidates, target) + _SHADING * shading_agreement(candidates, target)


def likeness(one: Candidates, others: Candidates) -> Float[Tensor, " view"]:
    """How alike candidates look to one of them, in [0, 1]: overlap times mean cosine of the normals there.

    Args:
        one: a single candidate.
        others: N candidates.
    """
    shared, all_ = one.covered & others.covered, one.covered | others.covered
    cosine = (one.normals * others.normals).sum(dim=-1).flatten(1).sum(dim=1)
    return (cosine / all_.flatten(1).sum(dim=1).clamp(min=1)).clamp(0, 1) * shared.flatten(1).any(dim=1)
