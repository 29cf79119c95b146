"""Named evaluation protocols, found in the table below and imported when asked for.

A protocol fixes all that has to be fixed before two numbers may be compared, and owns its measures, its rows, its
summary and its pictures (`face.EvaluationProtocol`). Systems say by which they are judged. Reading names costs no
import of torch.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .face import EvaluationProtocol

_TABLE = {
    "r2n2-2016": ".voxel:R2N2_2016",
    "seed001": ".voxel:SEED001",
    "pix2vox": ".voxel:PIX2VOX",
    "mem3d": ".voxel:MEM3D",
    "viewer": ".viewer:VIEWER",
    "p2m": ".mesh:P2M",
    "meshrcnn": ".mesh:MESHRCNN",
    "pix3d": ".pix3d:PIX3D",
    "pix3d-chairs": ".pix3d_chairs:PIX3D_CHAIRS",
    "occlusion": ".occlusion:OCCLUSION",
    "occlusion-masked": ".occlusion:MASKED",
    "unsup3d": ".depth:UNSUP3D",
    "masks": ".masks:MASKS",
    "generated": ".generated:GENERATED",
    "viewpoint": ".viewpoint:VIEWPOINT",
}


class _Protocols(Mapping[str, "EvaluationProtocol[Any]"]):
    """Protocols by name, in the order in which one is chosen where none is named."""

    def __getitem__(self, name: str) -> "EvaluationProtocol[Any]":
        module, _, attribute = _TABLE[name].partition(":")
        found: EvaluationProtocol[Any] = getattr(import_module(module, __name__), attribute)
        return found

    def __contains__(self, name: object) -> bool:
        return name in _TABLE  # without an import

    def __iter__(self) -> Iterator[str]:
        return iter(_TABLE)

    def __len__(self) -> int:
        return len(_TABLE)


PROTOCOLS = _Protocols()
