"""Protocol `pix3d-chairs`: voxels from the photographs of chairs that Pix3D compares methods on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...data.batch import Source
from ...data.pix3d_views import PUBLISHED, Pix3DViews
from ..voxel_iou import voxel_iou
from .face import Row, Section
from .voxel import VoxelProtocol


@dataclass(frozen=True)
class Pix3DChairsProtocol(VoxelProtocol):
    """How voxels from photographs of chairs are scored (`VoxelProtocol`), in the object frame of their meshes."""

    def prepared(self, source: Source) -> Source:
        """The source, where it gives those photographs.

        Raises:
            ValueError: it does not.
        """
        if not isinstance(source, Pix3DViews):
            raise ValueError(f"{self.name} is for photographs in the layout of Pix3D (--data)")
        return source

    def beyond(self, rows: Sequence[Row], source: Source, split: str, seed: int) -> Mapping[str, Any]:
        """How many photographs there are of the published ones, and how far the data set's own voxels agree."""
        assert isinstance(source, Pix3DViews)
        targets = {row.entry.family: row for row in rows}
        places = {entry.id: place for place, entry in enumerate(source.entries)}
        own = [(row, source.own_voxels(places[row.entry.id])) for row in targets.values()]
        agree = [
            float(voxel_iou(there[None], row.kept.target[None])) for row, there in own if there is not None
        ]
        pix3d = {
            "published": PUBLISHED,
            "found": len(source.entries),
            "models": len(targets),
            "with_voxels": len(agree),
            "own_voxels_iou": sum(agree) / len(agree) if agree else None,
        }
        return {**super().beyond(rows, source, split, seed), "pix3d": pix3d}

    def remarks(self, numbers: Mapping[str, Any]) -> list[str]:
        """The same, for the terminal."""
        return [*super().remarks(numbers), *_words(numbers["pix3d"])]

    def sections(self, numbers: Mapping[str, Any]) -> list[Section]:
        """The same, for the page."""
        return [*super().sections(numbers), Section("The photographs", ". ".join(_words(numbers["pix3d"])))]


def _words(about: Mapping[str, Any]) -> list[str]:
    found, published = about["found"], about["published"]
    lines = [f"chairs neither truncated nor occluded: {found:,} of the {published:,} that are published"]
    if about["own_voxels_iou"] is not None:
        models = f"{about['with_voxels']} of {about['models']} models"
        lines.append(
            f"IoU of the data set's own voxels with those of its meshes: {about['own_voxels_iou']:.3f} ({models})"
        )
    return lines


PIX3D_CHAIRS = Pix3DChairsProtocol(
    name="pix3d-chairs",
    source="Sun et al., Pix3D, CVPR 2018; squares around boxes as in Xie et al., Pix2Vox, ICCV 2019",
    threshold=0.3,
    views=(1,),
    averaging="sample mean",
    note=(
        "Photographs with their backgrounds, cut to the square around the object's box; the targets are voxels of "
        "the meshes, 32 cells along the longest side. Pix3D's own script instead cuts prediction and target to their "
        "boxes and takes the best of 50 thresholds on the very photographs. Published: Mem3D .387, Pix2Vox-A .288, "
        "Pix3D .267 (.282 with a viewpoint), DRC .265, 3D-R2N2 .136."
    ),
)
