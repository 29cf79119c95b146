"""A system's network as an ONNX file, which runs without maquette and torch.

It is written only where its results are those of torch. Needs the packages of the extra `export`.
"""

import json
import logging
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from . import __version__
from .io.atomic import replacing_paths
from .io.errors import BadInput, as_bad_input
from .systems.face import Exports
from .systems.portable import Portable, Shape


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        inputs, outputs: their shapes; an axis of any length has a name instead of a number.
        opset: version of ONNX's operators.
        difference: largest absolute difference of each output between ONNX Runtime and torch.
        parts: further graphs of the system (`Portable.parts`), by the files that they are in.
    """

    inputs: Mapping[str, Shape]
    outputs: Mapping[str, Shape]
    opset: int
    difference: Mapping[str, float]
    parts: Mapping[Path, "Exported"] = field(default_factory=dict)


def export_onnx(system: Exports, path: str | PathLike[str], tolerance: float = 1e-4) -> Exported:
    """Write the network of a system as ONNX, after its results are compared with torch's on random inputs.

    Metadata of the file: `maquette` (version), `system`, `variant`, and `settings` (JSON), which are those of
    `Portable` with the system's facts.

    Args:
        system: with its weights, on the CPU.
        path: the file to write or replace; those of further graphs lie beside it, as `<stem>_<name>.onnx`.
        tolerance: largest absolute difference of any number that is allowed.

    Raises:
        BadInput: results differ by more, or the file cannot be written.
    """
    portable, path = system.portable(), Path(path)
    made = {path: _compared(system, portable, path, tolerance)}
    for name, part in portable.parts.items():
        place = path.with_name(f"{path.stem}_{name}{path.suffix}")
        made[place] = _compared(system, part, place, tolerance)
    with as_bad_input(path, OSError, say="cannot be written"), replacing_paths(list(made)) as files:
        for file, (content, _) in zip(files, made.values(), strict=True):
            file.write_bytes(content)
    (_, whole), *rest = made.values()
    return replace(whole, parts={place: part for place, (_, part) in zip(list(made)[1:], rest, strict=True)})


def _compared(system: Exports, portable: Portable, path: Path, tolerance: float) -> tuple[bytes, Exported]:
    """A graph, whose results are those of torch, and what is known of it."""
    about = {
        "maquette": __version__,
        "system": system.about.name,
        "variant": system.variant,
        "settings": json.dumps({**portable.settings, **system.facts()}),
    }
    model = _onnx_model(portable, about)
    content = model.SerializeToString()
    difference = _differences(content, portable)
    if not all(apart <= tolerance for apart in difference.values()):
        apart = ", ".join(f"{name} by {most:.2g}" for name, most in difference.items())
        raise BadInput(path, f"not written: ONNX Runtime and torch differ, {apart}; {tolerance:g} is allowed")
    graph = model.graph
    return content, Exported(
        _shapes(graph.input), _shapes(graph.output), model.opset_import[0].version, difference
    )


def _onnx_model(portable: Portable, about: Mapping[str, str]) -> Any:
    """The module as a graph, without notes on where it was traced: they name folders of this machine."""
    from onnx_ir.passes.common import ClearMetadataAndDocStringPass

    axes = {axis: torch.export.Dim(axis) for axis in portable.axes}
    free = {
        name: {i: axes[side] for i, side in enumerate(shape) if isinstance(side, str)}
        for name, shape in portable.inputs.items()
    }
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they speak of torch's own ways, as its optimiser's log does
        logging.getLogger("onnxscript.optimizer").setLevel(logging.ERROR)
        program = torch.onnx.export(
            portable.module.eval(),
            kwargs=_random_inputs(portable, single=False),
            input_names=list(portable.inputs),
            output_names=list(portable.outputs),
            dynamic_shapes=free,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    ClearMetadataAndDocStringPass()(program.model)
    program.model.metadata_props.update(about)
    return program.model_proto


def _differences(content: bytes, portable: Portable) -> dict[str, float]:
    """Largest difference of each output, of one sample and of several; NaN where there is one."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    apart = []
    for given in (_random_inputs(portable, single) for single in (True, False)):
        with torch.no_grad():
            ours = portable.module(**given)
        theirs = session.run(portable.outputs, {name: x.numpy() for name, x in given.items()})
        apart.append([(x - torch.from_numpy(y)).abs().max() for x, y in zip(ours, theirs, strict=True)])
    return dict(zip(portable.outputs, torch.tensor(apart).amax(0).tolist(), strict=True))


def _random_inputs(portable: Portable, single: bool) -> dict[str, Tensor]:
    """The system's examples; or noise, for one of everything or for some, of each kind another number."""
    if portable.example is not None:
        return portable.example(single)
    lengths = {axis: 1 if single else 2 + i for i, axis in enumerate(portable.axes)}
    draw = torch.Generator().manual_seed(0)
    return {
        name: torch.rand([side if isinstance(side, int) else lengths[side] for side in shape], generator=draw)
        for name, shape in portable.inputs.items()
    }


def _shapes(values: Any) -> dict[str, Shape]:
    """Shapes of what goes into a graph of ONNX, or comes out of it."""
    return {
        value.name: tuple(
            str(side.dim_param) or int(side.dim_value) for side in value.type.tensor_type.shape.dim
        )
        for value in values
    }
