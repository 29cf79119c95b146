"""The optimisation that points and silhouettes share: who moves the vertices, and by which rule.

A `Molder` holds a closed mesh whose vertices are free. Each `step` asks a function for the losses of the
current mesh and moves the vertices; between steps the mesh may be remeshed, and the optimiser's memory
follows.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ...structures import Meshes
from .large_steps import DiffusionSolver, UniformAdam, from_differential, to_differential
from .losses import History
from .remeshing import RemeshConfig, RemeshedSurface, remesh
from .schedule import RemeshSchedule, StepSize

Method = Literal["sgd", "adam", "large-steps"]
LossFunction = Callable[[Meshes], tuple[Tensor, dict[str, Tensor]]]


@dataclass(frozen=True)
class MethodConfig:
    """Which variables are moved and how.

    Attributes:
        method: "sgd" and "adam" move offsets of the vertices, "large-steps" differential coordinates.
        lr: step size; for "adam" and "large-steps" the longest way of a coordinate in a step.
        momentum: of "sgd".
        betas: of "adam" and "large-steps".
        smoothness: lambda of "large-steps".
    """

    method: Method = "large-steps"
    lr: float = 0.1
    momentum: float = 0.9
    betas: tuple[float, float] = (0.9, 0.999)
    smoothness: float = 16.0

    @staticmethod
    def of(method: Method) -> "MethodConfig":
        """The settings a method is known with: the tutorial's SGD, Adam at 0.01, the paper's large steps."""
        lr = {"sgd": 1.0, "adam": 0.01, "large-steps": 0.1}
        return MethodConfig(method, lr[method])


class Parametrization(Protocol):
    """Variables that vertices are computed from."""

    variables: Tensor

    def verts(self) -> Tensor:
        """Vertices (vert, 3), differentiable in the variables."""
        ...


class Offsets:
    """Each vertex is where it was plus its offset.

    Args:
        verts: where the vertices start.
    """

    def __init__(self, verts: Float[Tensor, "vert 3"]) -> None:
        self.start = verts.detach()
        self.variables = torch.zeros_like(self.start, requires_grad=True)

    def verts(self) -> Float[Tensor, "vert 3"]:
        """Start plus offsets."""
        return self.start + self.variables


class Differential:
    """Vertices by their differential coordinates, `u = (I + lambda L) v`.

    Args:
        verts: where the vertices start.
        faces: of the mesh.
        smoothness: lambda.
    """

    def __init__(
        self, verts: Float[Tensor, "vert 3"], faces: Int[Tensor, "face 3"], smoothness: float
    ) -> None:
        self._solver = DiffusionSolver(faces, len(verts), smoothness)
        self.variables = to_differential(self._solver, verts).requires_grad_()

    def verts(self) -> Float[Tensor, "vert 3"]:
        """The vertices that the variables stand for."""
        return from_differential(self._solver, self.variables)


class Molder:
    """A mesh under optimisation.

    Args:
        verts: where the vertices start.
        faces: closed and oriented where the mesh will be remeshed.
        config: what moves the vertices.
    """

    def __init__(
        self, verts: Float[Tensor, "vert 3"], faces: Int[Tensor, "face 3"], config: MethodConfig
    ) -> None:
        self.config = config
        self._place(verts, faces)
        self._optimiser = self._new_optimiser()

    def _place(self, verts: Tensor, faces: Tensor) -> None:
        verts = verts.detach()
        if self.config.method == "large-steps":
            self._parametrization: Parametrization = Differential(verts, faces, self.config.smoothness)
        else:
            self._parametrization = Offsets(verts)
        self._template = Meshes(verts[None], faces[None])

    def _new_optimiser(self) -> torch.optim.Optimizer:
        variables, config = [self._parametrization.variables], self.config
        match config.method:
            case "sgd":
                return torch.optim.SGD(variables, lr=config.lr, momentum=config.momentum)
            case "adam":
                return torch.optim.Adam(variables, lr=config.lr, betas=config.betas)
            case "large-steps":
                return UniformAdam(variables, lr=config.lr, betas=config.betas)

    @property
    def faces(self) -> Int[Tensor, "face 3"]:
        """Faces of the current mesh."""
        return self._template.faces_packed()

    def verts(self) -> Float[Tensor, "vert 3"]:
        """Vertices of the current mesh, differentiable in the variables."""
        return self._parametrization.verts()

    def mesh(self) -> Meshes:
        """The current mesh, differentiable in the variables; tables of edges are shared between steps."""
        return self._template.update_padded(self.verts()[None])

    def step(self, losses: LossFunction, lr_scale: float = 1.0) -> dict[str, Tensor]:
        """Move the vertices once.

        Args:
            losses: of a mesh: the number to lower, and named terms to report.
            lr_scale: the config's step size is multiplied by it.

        Returns:
            The named terms, detached, of the mesh before the move.
        """
        for group in self._optimiser.param_groups:
            group["lr"] = self.config.lr * lr_scale
        self._optimiser.zero_grad(set_to_none=True)
        total, terms = losses(self.mesh())
        total.backward()
        self._optimiser.step()
        return {name: term.detach() for name, term in terms.items()}

    @torch.no_grad()
    def remesh(self, length: float | Float[Tensor, " vert"], config: RemeshConfig | None = None) -> None:
        """Remesh towards edges of this length; momentum and second moments follow the vertices.

        Args:
            length: reference length of the edges, one for all or one a vertex, > 0.
            config: of the pass.
        """
        verts = self.verts()
        lengths = torch.as_tensor(length, dtype=verts.dtype, device=verts.device).expand(len(verts))
        old = self._parametrization.variables
        memory = self._optimiser.state.get(old, {})
        carried = {k: v for k, v in memory.items() if isinstance(v, Tensor) and v.shape == old.shape}
        surface = remesh(RemeshedSurface(verts, self.faces, lengths, tuple(carried.values())), config)
        self._place(surface.verts, surface.faces)
        self._optimiser = self._new_optimiser()
        if memory:
            moved = dict(zip(carried, surface.attributes, strict=True))
            self._optimiser.state[self._parametrization.variables] = {**memory, **moved}


Watcher = Callable[[int, Molder, dict[str, Tensor]], None]


def run(
    molder: Molder,
    losses: Callable[[int], LossFunction],
    steps: int,
    step_size: StepSize,
    remeshing: RemeshSchedule | None,
    watch: Watcher | None,
) -> dict[str, list[float]]:
    """Mold to the end: `losses` gives those of each step, and `watch` is called after it.

    Returns:
        Values of every unweighted term, one a step.
    """
    history = History()
    for step in range(steps):
        length = remeshing.length_at(step, steps) if remeshing else None
        if length is not None:
            molder.remesh(length)
        terms = molder.step(losses(step), step_size.at(step, steps))
        history.add(terms)
        if watch is not None:
            watch(step, molder, terms)
    return history.curves()


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Random numbers from a seed within the block; the caller's go on after it as if nothing had been drawn."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield
