"""`Reconstruction`: what a system makes of the views of one object."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from .meshes import Meshes
from .picture_map import PictureMap
from .voxels import VoxelGrid

FRAMES = ("object", "camera", "world")
PICTURES = {"depth": 1, "albedo": 3, "normals": 3, "confidence": 1, "attention": 1, "mask": 1}


@dataclass(frozen=True, repr=False)
class Reconstruction:
    """One reconstructed object.

    Attributes:
        mesh: batch of one mesh, with colours or a texture where the system has them.
        frame: "object" (right-handed, Y up, front +Z, bounding box centred at 0 with diagonal 1), "camera"
            (+X left, +Y up, +Z into the scene), or "world", that of the cameras that the pictures came with.
        voxels: occupancy the mesh was taken from.
        depth: (1, H, W) distance along the camera's Z axis; this and the next three are of the picture's pixels, or
            of those of the part of it that the system saw.
        albedo: (3, H, W) colours without light, in [0, 1].
        normals: (3, H, W) unit normals in the camera frame.
        confidence: (1, H, W) in [0, 1]: how sure the system is of each pixel.
        attention: (1, H, W) how hard the system looked at the picture's pixels, in [0, 1]; previews show it.
        mask: (1, H, W) of the object in the picture.
        aside: (3, H', W') a picture of what the system went by, in [0, 1]; previews show it below their own.
        light: what the system found about the light, by name.
        up: (3,) unit vector that points upwards where the object stands, of a mesh in the camera frame; +Y when it is
            not known.
        view: what it found about the viewpoint: rotation and translation as the system states them.
        box: (4,) left, top, right, bottom in pixels of the picture.
        label: category.
        score: of the detection, in [0, 1].
        info: what else is known of it in Python: system, variant, weights; `views`, a `lift.View` or None a picture;
            `seconds` of each stage, and of a stage's parts as <stage>_<part>; whatever the system adds.
        facts: what the system reports of it under names of its own, as JSON can hold it: no tensor, no NaN.
        remarks: sentences about it that a person should know.
        maps: pictures of what was found, by names that files can have; they are written beside the mesh.
        unit: length in the mesh's frame that is 1, the diagonal of the object's box, in the object frame; None where
            the system does not know how large objects are.

    Raises:
        ValueError: not one mesh, an unknown frame, pictures of wrong or different shapes, a box without area,
            a score out of [0, 1], facts that JSON cannot hold, remarks that are no tuple of sentences, maps under
            names that are no words, or a unit that is not positive and finite.
    """

    mesh: Meshes
    frame: str
    voxels: VoxelGrid | None = None
    depth: Tensor | None = None
    albedo: Tensor | None = None
    normals: Tensor | None = None
    confidence: Tensor | None = None
    attention: Tensor | None = None
    mask: Tensor | None = None
    aside: Tensor | None = None
    light: Mapping[str, Tensor] | None = None
    up: Tensor | None = None
    view: Tensor | None = None
    box: Tensor | None = None
    label: str | None = None
    score: float | None = None
    info: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    maps: Mapping[str, PictureMap] = field(default_factory=dict)
    unit: float | None = None

    def __post_init__(self) -> None:
        if len(self.mesh) != 1:
            raise ValueError(f"a reconstruction holds one mesh, got {len(self.mesh)}")
        if self.frame not in FRAMES:
            raise ValueError(f"frame must be one of {FRAMES}, got {self.frame!r}")
        if self.unit is not None and not 0 < self.unit < float("inf"):
            raise ValueError(f"unit must be positive and finite, got {self.unit}")
        if self.voxels is not None and len(self.voxels) != 1:
            raise ValueError(f"a reconstruction holds one voxel grid, got {len(self.voxels)}")
        self._check_pictures()
        self._check_detection()
        self._check_told()

    def __repr__(self) -> str:
        verts, faces = len(self.mesh.verts_packed()), len(self.mesh.faces_packed())
        words = [
            self.info.get("system"),
            self.label,
            f"{verts} verts",
            f"{faces} faces",
            f"{self.frame} frame",
        ]
        return f"{type(self).__name__}({', '.join(str(word) for word in words if word is not None)})"

    def _check_pictures(self) -> None:
        sizes = set()
        for name, channels in PICTURES.items():
            picture = getattr(self, name)
            if picture is None:
                continue
            if picture.ndim != 3 or picture.shape[0] != channels:
                raise ValueError(f"{name} must have shape ({channels}, H, W), got {tuple(picture.shape)}")
            sizes.add(tuple(picture.shape[1:]))
        if self.aside is not None and (self.aside.ndim != 3 or self.aside.shape[0] != 3):
            raise ValueError(f"aside must have shape (3, H, W), got {tuple(self.aside.shape)}")
        if len(sizes) > 1:
            raise ValueError(f"{', '.join(PICTURES)} differ in size: {sorted(sizes)}")

    def _check_detection(self) -> None:
        if self.score is not None and not 0 <= self.score <= 1:
            raise ValueError(f"score must lie in [0, 1], got {self.score}")
        if self.box is None:
            return
        if self.box.shape != (4,):
            raise ValueError(f"box must have shape (4,), got {tuple(self.box.shape)}")
        left, top, right, bottom = self.box.tolist()
        if not (left < right and top < bottom):
            raise ValueError(f"box must be left, top, right, bottom with an area, got {self.box.tolist()}")

    def _check_told(self) -> None:
        if not isinstance(self.facts, Mapping) or not all(isinstance(name, str) for name in self.facts):
            raise ValueError(f"facts must be a mapping from words, got {self.facts!r}")
        for name, fact in self.facts.items():
            try:
                json.dumps(fact, allow_nan=False)
            except (TypeError, ValueError, RecursionError) as error:
                raise ValueError(f"fact {name} is nothing that JSON can hold: {error}") from error
        if not isinstance(self.remarks, tuple) or not all(isinstance(one, str) for one in self.remarks):
            raise ValueError(f"remarks must be a tuple of sentences, got {self.remarks!r}")
        for name in self.maps:
            if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
                raise ValueError(
                    f"maps must have names of small letters, digits and underscores, got {name!r}"
                )
