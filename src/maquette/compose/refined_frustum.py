"""The surface that `frustum` makes of a picture, refined by the stages of Mesh R-CNN in place of its cubes."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any, ClassVar, Self

from torch import nn

from ..data.views_config import ViewsConfig
from ..io.errors import BadInput
from ..ops.simplify import simplify
from ..segment import with_masks
from ..structures.reconstruction import Reconstruction
from ..systems.about import About
from ..systems.frustum.about import FrustumOptions
from ..systems.frustum.system import FrustumSystem
from ..systems.mesh_rcnn.system import MeshRCNNSystem
from ..systems.pictures import Pictures, as_views

FACES = 5_000  # about 2,500 vertices, as the cubes that the stages were trained on


@dataclass(frozen=True)
class RefinedFrustum:
    """Two systems that `reconstruct` and `evaluate` take for one.

    Attributes:
        surfaces: a `frustum`, whose mesh is the beginning.
        stages: a `mesh-rcnn` of a variant that refines meshes.
        faces: to which the mesh is simplified before.
    """

    surfaces: FrustumSystem
    stages: MeshRCNNSystem
    faces: int = FACES

    about: ClassVar[About] = replace(
        FrustumSystem.about,
        name="refined_frustum",
        variants=(),
        abilities=frozenset({"reconstruct"}),
    )

    @classmethod
    def load(
        cls,
        stages: str | PathLike[str] | None = None,
        surfaces: str | PathLike[str] | None = None,
        device: str = "auto",
    ) -> Self:
        """Both systems from weights files or folders of runs; those that ship where not given.

        Raises:
            BadInput: weights that cannot be used, or that refine no single object.
        """
        refining = MeshRCNNSystem.load(stages, device=device)
        if not isinstance(refining, MeshRCNNSystem):
            raise BadInput(refining.weights, f"variant {refining.variant} refines no other system's mesh")
        return cls(FrustumSystem.load(surfaces, device=device), refining)

    @property
    def network(self) -> nn.Module:
        """Both networks."""
        return nn.ModuleList([self.surfaces.network, self.stages.network])

    @property
    def weights(self) -> str:
        """Where those of both came from."""
        return f"{self.surfaces.weights} and {self.stages.weights}"

    @property
    def variant(self) -> str:
        """Those of both."""
        return f"{self.surfaces.variant} and {self.stages.variant}"

    @property
    def views_config(self) -> ViewsConfig:
        """How the stages' pictures were taken; the surfaces' network finds the object in any."""
        return self.stages.views_config

    def facts(self) -> Mapping[str, Any]:
        """What the surfaces' weights decide."""
        return self.surfaces.facts()

    def reconstruct(self, pictures: Pictures, options: FrustumOptions | None = None) -> list[Reconstruction]:
        """A shape from one picture of an object.

        Args:
            pictures: as `systems.pictures.as_views` takes them; the object is found where no mask is there.
            options: as `frustum` takes them.

        Returns:
            what `frustum` makes of it, in the same place, frame and unit, with the refined mesh.

        Raises:
            BadInput: as both systems; several pictures.
        """
        options = options or FrustumOptions()
        views = with_masks(as_views(pictures))
        if len(views) > 1:
            raise BadInput(
                (views.names or ["the first picture"])[0], f"one picture at a time, not {len(views)}"
            )
        (made,) = self.surfaces.reconstruct(views, options)
        began = time.perf_counter()
        mesh = self.stages.refine(views, simplify(made.mesh, self.faces), options.fov)
        seconds = {**made.info["seconds"], "refinement": time.perf_counter() - began}
        told = {"system": self.about.name, "variant": self.variant, "weights": self.weights}
        return [replace(made, mesh=mesh, info={**made.info, **told, "seconds": seconds})]
