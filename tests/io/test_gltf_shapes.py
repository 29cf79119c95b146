"""Where glTF puts vertices: nodes, skins, morph targets, instances, sparse accessors, and extensions."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maquette.io.errors import LeftOut
from maquette.io.gltf_nodes import rotations_of_quaternions
from tests.io.gltf_samples import SQUARE, Sample, read, refused


def skinned(**node: Any) -> Sample:
    """The square, its left side bound to one joint and its right side to another."""
    sample = Sample()
    sample.attribute("JOINTS_0", [[0, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]], "u1")
    sample.attribute("WEIGHTS_0", [[255, 0, 0, 0]] * 4, "u1", normalized=True)
    sample.tree["nodes"] = [{"mesh": 0, "skin": 0, **node}, {"children": [2], "scale": [2, 2, 2]}]
    sample.tree["nodes"] += [{"translation": [0, 0, 1]}, {"translation": [5, 0, 0]}]
    sample.tree["skins"] = [{"joints": [2, 3]}]
    sample.tree["scenes"] = [{"nodes": [0, 1]}]  # the second joint hangs in no scene
    return sample


def test_a_skin_moves_with_its_joints_alone(tmp_path: Path) -> None:
    wanted = [[0, 0, 2], [6, 0, 0], [6, 1, 0], [0, 2, 2]]
    for node in ({}, {"scale": [100, 100, 100]}, {"translation": [9, 9, 9]}):
        assert read(skinned(**node), tmp_path).verts.tolist() == wanted
    sample = skinned()
    shift = np.eye(4)
    shift[:3, 3] = 0, 0, -1
    matrices = [shift.T.reshape(-1), np.eye(4).reshape(-1)]  # stored column after column
    sample.tree["skins"][0]["inverseBindMatrices"] = sample.add(matrices)
    assert read(sample, tmp_path).verts.tolist() == [[0, 0, 0], [6, 0, 0], [6, 1, 0], [0, 2, 0]]


def test_weights_are_shares_of_several_joints(tmp_path: Path) -> None:
    sample = skinned()
    sample.attribute("JOINTS_0", [[0, 1, 0, 0]] * 4, "u2")
    sample.attribute("WEIGHTS_0", [[0.5, 1.5, 0, 0]] * 4)
    found = read(sample, tmp_path).verts
    assert np.allclose(found, np.array([0.25 * 2, 0.25 * 2, 1]) * SQUARE + 0.75 * np.array(SQUARE) * [1, 1, 0]
                       + [0.75 * 5, 0, 0.5])  # fmt: skip
    sample.attribute("JOINTS_1", [[1, 0, 0, 0]] * 4, "u1")
    sample.attribute("WEIGHTS_1", [[1e9, 0, 0, 0]] * 4)
    assert np.allclose(read(sample, tmp_path).verts, np.add(SQUARE, [5, 0, 0]))


def test_skins_that_cannot_be_applied_are_refused(tmp_path: Path) -> None:
    sample = skinned()
    sample.tree["skins"][0]["joints"] = [2]
    refused(sample, tmp_path, "joint 1 of 1")
    sample.tree["skins"][0]["joints"] = [2, 7]
    refused(sample, tmp_path, "joints that are not there")
    sample = skinned()
    sample.attribute("WEIGHTS_0", [[0, 0, 0, 0]] * 4)
    refused(sample, tmp_path, "hangs on no joint")
    sample = skinned()
    del sample.primitive["attributes"]["JOINTS_0"]
    refused(sample, tmp_path, "hangs on no joint")
    sample = skinned()
    sample.tree["skins"][0]["inverseBindMatrices"] = sample.add([np.eye(4).reshape(-1)])
    refused(sample, tmp_path, "has 1 values instead of 2")


def test_a_mirrored_skeleton_turns_faces_round(tmp_path: Path) -> None:
    sample = skinned()
    sample.tree["skins"][0]["joints"] = [1, 1]
    sample.tree["nodes"][1]["scale"] = [-1, 1, 1]
    assert read(sample, tmp_path).faces.tolist() == [[2, 1, 0], [3, 2, 0]]


def test_morph_targets_have_the_weights_of_the_file(tmp_path: Path) -> None:
    sample = Sample()
    sample.primitive["targets"] = [
        {"POSITION": sample.add([[0, 0, 1]] * 4)},
        {"POSITION": sample.add([[4, 0, 0]] * 4)},
    ]
    mesh, node = sample.tree["meshes"][0], sample.tree["nodes"][0]
    assert read(sample, tmp_path).verts.tolist() == SQUARE
    mesh["weights"] = [0.5, 0]
    assert np.array_equal(read(sample, tmp_path).verts, np.add(SQUARE, [0, 0, 0.5]))
    node["weights"] = [0, 0.25]  # goes before that of the mesh
    assert np.array_equal(read(sample, tmp_path).verts, np.add(SQUARE, [1, 0, 0]))
    node["weights"] = [1]
    refused(sample, tmp_path, '"weights" is not a list of 2 numbers')
    node["weights"] = [1, 1]
    sample.primitive["targets"][0]["POSITION"] = sample.add([[0, 0, 1]] * 3)
    refused(sample, tmp_path, "has 3 values instead of 4")


def test_instances_of_a_mesh(tmp_path: Path) -> None:
    sample = Sample(material=0)
    half = np.sqrt(0.5)
    attributes = {
        "TRANSLATION": sample.add([[0, 0, 0], [5, 0, 0]]),
        "ROTATION": sample.add([[0, 0, 0, 1], [0, 0, half, half]]),
        "SCALE": sample.add([[1, 1, 1], [2, 1, -1]]),
    }
    sample.tree["nodes"][0] |= {"extensions": {"EXT_mesh_gpu_instancing": {"attributes": attributes}}}
    sample.tree["nodes"][0]["translation"] = [0, 0, 3]
    sample.tree["extensionsRequired"] = sample.tree["extensionsUsed"] = ["EXT_mesh_gpu_instancing"]
    sample.tree["materials"] = [{"pbrMetallicRoughness": {"baseColorFactor": [1, 0, 0, 1]}}]
    found = read(sample, tmp_path)
    assert np.allclose(found.verts[:4], np.add(SQUARE, [0, 0, 3]))
    assert np.allclose(found.verts[4:], [[5, 0, 3], [5, 2, 3], [4, 2, 3], [4, 0, 3]])
    assert found.faces.tolist() == [[0, 1, 2], [0, 2, 3], [6, 5, 4], [7, 6, 4]]  # the second one is mirrored
    assert found.faces_colors is not None
    assert found.faces_colors.tolist() == [[1, 0, 0]] * 4
    attributes["SCALE"] = sample.add([[1, 1, 1]])
    refused(sample, tmp_path, "attributes of one length")


def test_hidden_nodes_and_what_hangs_below_them_do_not_count(tmp_path: Path) -> None:
    sample = Sample()
    hidden = {"extensions": {"KHR_node_visibility": {"visible": False}}}
    shown = {"extensions": {"KHR_node_visibility": {"visible": True}}}
    sample.tree["nodes"] = [
        {"mesh": 0, "children": [1, 3], "translation": [1, 0, 0]} | shown,
        {"mesh": 0, "children": [2]} | hidden,
        {"mesh": 0} | shown,
        {"mesh": 0, "translation": [5, 0, 0]},
    ]
    sample.tree["extensionsRequired"] = sample.tree["extensionsUsed"] = ["KHR_node_visibility"]
    found = read(sample, tmp_path)
    assert np.allclose(found.verts, [*np.add(SQUARE, [1, 0, 0]), *np.add(SQUARE, [6, 0, 0])])
    sample.tree["nodes"][0]["extensions"] = {"KHR_node_visibility": 1}
    refused(sample, tmp_path, "KHR_node_visibility is not an object")
    sample.tree["nodes"][0] |= hidden
    refused(sample, tmp_path, "the mesh has no faces")


def test_sparse_accessors(tmp_path: Path) -> None:
    sample = Sample()
    index, values = sample.add([2, 0], "u2"), sample.add([[7, 7, 7], [1, 2, 3]])
    views = [sample.tree["accessors"][i]["bufferView"] for i in (index, values)]
    sparse = {"count": 2, "indices": {"bufferView": views[0], "componentType": 5123}}
    sparse["values"] = {"bufferView": views[1]}
    place = sample.tree["accessors"][0]
    place["sparse"] = sparse
    assert read(sample, tmp_path).verts.tolist() == [[1, 2, 3], [1, 0, 0], [7, 7, 7], [0, 1, 0]]
    del place["bufferView"]
    assert read(sample, tmp_path).verts.tolist() == [[1, 2, 3], [0, 0, 0], [7, 7, 7], [0, 0, 0]]
    place["count"] = 2
    refused(sample, tmp_path, "replaces value 2 of 2")
    place["count"] = 10**9
    refused(sample, tmp_path, "repeated to more than 2.1 million")
    place["count"], sparse["count"] = 4, 3
    refused(sample, tmp_path, "not have enough data")


def test_extensions_that_are_not_known(tmp_path: Path) -> None:
    sample = Sample()
    sample.tree["extensionsUsed"] = ["KHR_draco_mesh_compression", "X_fur", "KHR_materials_clearcoat"]
    sample.primitive["mode"] = 4
    sample.tree["meshes"][0]["primitives"].append({"attributes": {}, "mode": 0})
    with pytest.warns(LeftOut) as said:
        assert len(read(sample, tmp_path).faces) == 2
    assert [str(one.message) for one in said] == [
        f"{tmp_path}/m.glb: the extension KHR_draco_mesh_compression, the extension X_fur, points and lines"
    ]
    sample.tree["extensionsRequired"] = ["KHR_materials_clearcoat", "X_fur"]
    refused(sample, tmp_path, "requires X_fur, which is not supported")


def test_few_bytes_do_not_stand_for_many_vertices(tmp_path: Path) -> None:
    sample = Sample()
    sample.primitive["indices"] = sample.add(np.zeros(30000), "u1")
    sample.tree["nodes"] = [{"mesh": 0}] * 200
    sample.tree["scenes"] = [{"nodes": list(range(200))}]
    refused(sample, tmp_path, "repeated to more than 2.1 million")


def test_rotations_turn_as_they_should() -> None:
    half = np.sqrt(0.5)
    turns = rotations_of_quaternions(np.array([[0, 0, half, half], [3, 0, 0, 0], [0, 0, 0, 0]]))
    assert np.allclose(turns[0], [[0, -1, 0], [1, 0, 0], [0, 0, 1]])
    assert np.allclose(turns[1], np.diag([1, -1, -1]))
    assert np.array_equal(turns[2], np.eye(3))
