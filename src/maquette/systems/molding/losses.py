"""The weighted terms that keep a molded surface smooth, shared by points and silhouettes."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from ...loss import mesh_edge_loss, mesh_laplacian_smoothing, mesh_normal_consistency
from ...structures import Meshes

LaplacianKind = Literal["uniform", "cot", "cotcurv"]


@dataclass(frozen=True)
class SurfaceWeights:
    """Weights of the terms that look at the surface alone; a term of weight 0 is not computed.

    Attributes:
        edge: of the mean squared edge length.
        normal: of the mean of 1 - cosine between neighbouring faces.
        laplacian: of the mean length of the Laplacian at the vertices.
        laplacian_kind: weights of the neighbours: "uniform", "cot" or "cotcurv".
    """

    edge: float = 0.0
    normal: float = 0.0
    laplacian: float = 0.0
    laplacian_kind: LaplacianKind = "uniform"


def surface_terms(mesh: Meshes, weights: SurfaceWeights) -> dict[str, Tensor]:
    """The terms of `weights` that are not 0, by name, unweighted."""
    terms = {}
    if weights.edge:
        terms["edge"] = mesh_edge_loss(mesh)
    if weights.normal:
        terms["normal"] = mesh_normal_consistency(mesh)
    if weights.laplacian:
        terms["laplacian"] = mesh_laplacian_smoothing(mesh, method=weights.laplacian_kind)
    return terms


def weighted_sum(terms: dict[str, Tensor], weights: object) -> Tensor:
    """Sum of the terms, each times the attribute of `weights` that has its name.

    Raises:
        ValueError: no terms, because all weights are 0.
    """
    if not terms:
        raise ValueError("all weights are 0: there is nothing to optimise")
    return torch.stack([getattr(weights, name) * term for name, term in terms.items()]).sum()


class History:
    """Values of every term at every step, kept where they were computed until they are asked for."""

    def __init__(self) -> None:
        self._steps: list[dict[str, Tensor]] = []

    def add(self, terms: dict[str, Tensor]) -> None:
        """Append the terms of one step."""
        self._steps.append(terms)

    def curves(self) -> dict[str, list[float]]:
        """Each term's values, one a step at which it was computed."""
        names = dict.fromkeys(name for terms in self._steps for name in terms)
        return {
            name: torch.stack([terms[name] for terms in self._steps if name in terms]).tolist()
            for name in names
        }
