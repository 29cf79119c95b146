"""`MeshRCNNSystem`: Mesh R-CNN's ShapeNet branch behind the common face of the systems."""

import math
import time
from collections.abc import Mapping
from functools import partial
from os import PathLike
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from ...data.views_config import ViewsConfig
from ...io.errors import BadInput, as_bad_input
from ...nn.dynamic.blocks import executing
from ...nn.macs import measure_products
from ...ops import voxelize
from ...structures import Meshes
from ...structures.reconstruction import Reconstruction
from ...structures.views import Views
from ...training.weights_header import read_weights_header
from ..about import About
from ..info import Info
from ..lens import Lens
from ..occupancy import OccupancySystem
from ..pictures import Pictures, as_views
from ..portable import Portable
from .about import ABOUT, MeshRCNNOptions
from .camera import FOCAL, View
from .config import THRESHOLD, NetworkConfig
from .cubes import cubes_of
from .detect.config import VARIANT as DETECT
from .detect.recipes import DetectRunConfig
from .framing import MARGIN, Framed, frame
from .maps import Gates
from .network import MeshRCNN

if TYPE_CHECKING:
    from ...training.module import TrainingModule
    from ..face import Exports, Reconstructs

_ELEVATION = math.radians(27.5)  # of R2N2's cameras on average: what is taken for up where no camera is known
_NOTHING = "no cell of the frustum is solid: the mesh grew from the likeliest one"


class MeshRCNNSystem(OccupancySystem[MeshRCNN]):
    """A picture of an object to a mesh whose topology is the object's, in the camera's frame.

    Arguments are those of `OccupancySystem`.
    """

    about: ClassVar[About] = ABOUT
    name, variants, protocols = ABOUT.name, ABOUT.variants, ABOUT.protocols

    network_class, config_class = MeshRCNN, NetworkConfig

    def __init__(
        self,
        network: MeshRCNN,
        views_config: ViewsConfig | None = None,
        threshold: float = THRESHOLD,
        training: Mapping[str, Any] | None = None,
        weights: str = "untrained",
    ) -> None:
        size = network.config.size
        views_config = views_config or ViewsConfig(size=size, render_size=size, flip=0.0)
        super().__init__(network, views_config, threshold, training, weights)

    @classmethod
    def load(
        cls,
        weights: str | PathLike[str] | None = None,
        variant: str | None = None,
        device: str | torch.device = "auto",
    ) -> Any:
        """A trained system (`OccupancySystem.load`); weights of variant `detect` are `detect.system`'s."""
        said = None if weights is None else read_weights_header(weights, cls.about.name).variant
        if DETECT in (said, variant) and said in (None, DETECT):
            from .detect.system import DetectSystem

            return DetectSystem.load(weights, variant, device)
        return super().load(weights, variant, device)

    @classmethod
    def describe(cls, variant: str | None = None) -> Info:
        """Parameters, multiply-accumulates and shapes of a network as published, for one picture.

        Raises:
            ValueError: an unknown variant.
        """
        if variant == DETECT:
            from .detect.system import DetectSystem

            return DetectSystem.describe()
        return super().describe(variant)

    def reconstruct(self, pictures: Pictures, options: MeshRCNNOptions | None = None) -> list[Reconstruction]:
        """A shape from one picture of an object.

        Args:
            pictures: as `systems.pictures.as_views` takes them; the object is found where no mask is there.
            options: another threshold than that of the weights, or the field of view of the picture; else that of its
                camera counts, or what its file says of the lens.

        Returns:
            a list of one reconstruction in the camera frame: in units of the object frame where the camera is known
            to be R2N2's, else in sides of the square around the object. Its facts: threshold, field of view in
            degrees and, of a dynamic variant, the share of positions at which its blocks worked (`active`).

        Raises:
            BadInput: a threshold, gates or scores of a variant without any; several pictures, a file that is no
                picture, or a picture in which no object is found.
        """
        from ...lift import Result
        from ...lift.colours import paint_from_views
        from ...segment import with_masks

        began = time.perf_counter()
        options = options or MeshRCNNOptions()
        views = with_masks(as_views(pictures))
        name = (views.names or ["the picture"])[0]
        if len(views) > 1:
            raise BadInput(name, f"one picture at a time, not {len(views)}")
        if options.threshold is not None and not self.network_config.has_voxels:
            raise BadInput(self.weights, f"variant {self.variant} has no cells for a threshold")
        if options.show_gates and not self.network_config.shares_map:
            raise BadInput(self.weights, f"variant {self.variant} has no gates to show")
        if options.score is not None:
            raise BadInput(self.weights, f"variant {self.variant} gives objects no score")
        (image,), (mask,) = views.images, views.masks or ()
        assert mask is not None
        lens = Lens.of_views(views, options.fov)
        framed = self._framed(views, lens)
        made, empty, gates = self.see(framed.image[None], options.threshold)
        seen = time.perf_counter()
        mesh = _in_picture(made, framed, image.device)
        mesh = paint_from_views(mesh, [image], [mask], [framed.camera])
        seconds = {"network": seen - began, "surface": time.perf_counter() - seen}
        height, width = image.shape[1:]
        facts: dict[str, Any] = {
            "threshold": options.threshold or self.threshold,
            "fov": round(lens.fov((height, width)), 2),
        }
        attention = None
        if gates:
            worked = torch.stack([gate.hard.float() for gate in gates]).mean(0)
            facts["active"] = round(float(worked.mean()), 3)
            attention = framed.over_picture(worked[0], (height, width)) if options.show_gates else None
        info = {"system": self.name, "variant": self.variant, "weights": self.weights, "seconds": seconds}
        return [
            Result(
                mesh,
                "camera",
                attention=attention,
                up=_up(views),
                info=info,
                facts=facts,
                remarks=(_NOTHING,) if empty else (),
                unit=1.0 if framed.whole else None,
                pictures=views,
            )
        ]

    @torch.no_grad()
    def refine(self, pictures: Pictures, mesh: Meshes, fov: float | None = None) -> Meshes:
        """A mesh that another system made of a picture, moved by the stages instead of that of the cubes.

        Args:
            pictures: one, as `reconstruct` takes it.
            mesh: one, in the frame of its camera, in any unit, where the picture shows the object; a few thousand
                vertices, as cubes have.
            fov: field of view of the picture in degrees; as known of it when not given.

        Returns:
            the mesh in the same frame and unit, with the picture's colours.

        Raises:
            BadInput: as `reconstruct`; weights of a variant without stages.
        """
        from ...lift.colours import paint_from_views
        from ...segment import with_masks

        views = with_masks(as_views(pictures))
        name = (views.names or ["the picture"])[0]
        if len(views) > 1:
            raise BadInput(name, f"one picture at a time, not {len(views)}")
        if not self.network_config.has_mesh:
            raise BadInput(self.weights, f"variant {self.variant} has no stages that refine a mesh")
        framed = self._framed(views, Lens.of_views(views, fov))
        verts, unit = framed.camera_space(mesh.verts_packed())
        start = Meshes([verts.to(self.device)], [mesh.faces_packed().to(self.device)])
        maps = self.network.see(framed.image[None].to(self.device)).maps
        made = _in_picture(self.network.refine(maps, start)[-1], framed, views.device)
        masks = [mask for mask in views.masks or () if mask is not None]
        return paint_from_views(made.scale_verts(unit), views.images, masks, [framed.camera])

    def _framed(self, views: Views, lens: Lens) -> Framed:
        """What the network sees of one picture with a mask."""
        (image,), (mask,) = views.images, views.masks or ()
        assert mask is not None
        with as_bad_input((views.names or ["the picture"])[0], ValueError):
            return frame(
                image, mask, lens, self.network_config.size, views.cameras is not None and self.tells_distance
            )

    @property
    def tells_distance(self) -> bool:
        """Whether the network was trained on objects at various distances; else it sees all of them at one."""
        nearest, farthest = self.views_config.ratio
        return nearest < farthest

    @torch.no_grad()
    def see(
        self, images: Float[Tensor, "1 3 size size"], threshold: float | None = None
    ) -> tuple[Meshes, bool, Gates]:
        """The mesh that the network makes of a picture, in camera space; whether no cell was solid; its gates.

        Args:
            images: RGB in [0, 1], framed as in training (`framing.frame`).
            threshold: least probability of a solid cell; that of the weights when not given.
        """
        seen = self.network.see(images.to(self.device))
        if seen.logits is None:
            start, empty = self.network.spheres(len(images), self.device), False
        else:
            config = self.network_config
            cubes = cubes_of(seen.logits, threshold or self.threshold, config.original, config.z_range)
            start, empty = cubes.meshes, bool(cubes.empty.any())
        return [start, *self.network.refine(seen.maps, start)][-1], empty, seen.gates

    def occupancies_seen(
        self,
        images: Float[Tensor, "batch 3 size size"],
        cameras: Float[Tensor, "batch 3"],
        side: int,
    ) -> Float[Tensor, "batch {side} {side} {side}"]:
        """Which cells of the cube around an object are solid, 0 or 1, from a picture and its camera.

        They are indexed (x, y, z). The cube is that of the mesh which is made: around its box, whose longest edge is
        the cube's.

        Args:
            images: as R2N2's camera takes them.
            cameras: as R2N2 states them.
            side: cells along each edge.
        """
        found = []
        for image, camera in zip(images, cameras, strict=True):
            mesh = self.see(image[None])[0].to("cpu")
            verts = View.of_cameras(camera[None].cpu()).to_object(mesh.verts_padded())[0]
            low, high = verts.amin(0), verts.amax(0)
            placed = Meshes([verts - (low + high) / 2], mesh.faces_list())
            found.append(voxelize(placed, side, float((high - low).amax())).occupancy)
        return torch.cat(found).to(images)

    @classmethod
    def _described(cls, network: Any) -> Info:
        """What refining spheres of 2,562 vertices costs beside the rest: see `MeshRCNN.forward`.

        Dynamic blocks count at every position: where they work follows from the picture.
        """
        parts = dict(network.named_children())
        device = next(network.parameters()).device
        inputs = cls.example(network.config, device)
        was = network.training
        with torch.no_grad(), executing(network.eval(), "layers"):
            macs = measure_products(network, *inputs.values())
            seen = network.see(**inputs)
        network.train(was)
        shapes = {name: tuple(x.shape) for name, x in inputs.items()}
        shapes |= {f"map {i + 1}": tuple(one.shape) for i, one in enumerate(seen.maps)}
        if seen.logits is not None:
            shapes["voxels"] = tuple(seen.logits.shape)
        counts = {name: sum(p.numel() for p in part.parameters()) for name, part in parts.items()}
        return Info(cls.about.name, network.config.variant, counts, macs, shapes)

    @staticmethod
    def example(config: NetworkConfig, device: torch.device) -> dict[str, Tensor]:
        """One picture."""
        return {"images": torch.zeros(1, 3, config.size, config.size, device=device)}

    def portable(self) -> Portable:
        """Two graphs: a picture to voxels and maps; a mesh's vertices and edges, and the maps, to moved vertices.

        Raises:
            BadInput: faces are split between the stages.
        """
        from .portable import PortableRefinement, PortableSight, example

        config = self.network_config
        if config.variant == "pixel2mesh":
            raise BadInput("pixel2mesh", "its faces are split between the stages, which no single graph does")
        with torch.no_grad():
            seen = self.network.see(**self.example(config, self.device))
        shapes = {f"map_{i + 1}": tuple(one.shape) for i, one in enumerate(seen.maps)}
        told = ("voxels",) if seen.logits is not None else ()
        settings = {**self.framing(), "margin": MARGIN, "focal": FOCAL, "z_range": config.z_range}
        parts = {}
        if self.network.refinement is not None:
            inputs = {"verts": ("vert", 3), "edges": ("edge", 2), **shapes}
            module = PortableRefinement(self.network.refinement)
            parts["refine"] = Portable(module, inputs, ("moved",), {}, partial(example, shapes))
        return Portable(
            PortableSight(self.network),
            {"images": ("batch", 3, config.size, config.size)},
            (*told, *shapes),
            settings,
            parts=parts,
        )

    @staticmethod
    def training_module(config: Any) -> "TrainingModule":
        """What is trained with a recipe's settings."""
        if isinstance(config, DetectRunConfig):
            from .detect.training import DetectTraining

            return DetectTraining(config)
        from .training import MeshRCNNTraining

        return MeshRCNNTraining(config)


def _in_picture(made: Meshes, framed: Framed, device: torch.device) -> Meshes:
    """One mesh in the frame of the picture's camera."""
    return Meshes([framed.points(made.verts_packed().to(device))], [made.faces_packed().to(device)])


def _up(views: Views) -> Float[Tensor, " 3"]:
    """The direction upwards in the camera frame: its camera's where there is one, else R2N2's on average."""
    if views.cameras is not None:
        rotation: Tensor = views.cameras.R
        return rotation[0, 1].float().cpu()
    return torch.tensor([0.0, math.cos(_ELEVATION), -math.sin(_ELEVATION)])


if TYPE_CHECKING:
    _: type[Reconstructs] = MeshRCNNSystem
    __: type[Exports] = MeshRCNNSystem
