"""Known data sets: what they hold, under which licence, where they are, and how they lie on disk. Without torch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DataSet:
    """What a person should know of a data set before getting it.

    Attributes:
        name: word for commands.
        title: its name, authors and year.
        holds: what is in it and how much.
        size: of what is downloaded, as far as it is known.
        licence: what one may do with it.
        where: address of its own site; empty where there is nothing to get.
        layout: lines of the folder that maquette reads.
        splits: which there are.
        front: axis of the files that objects face; up is +Y.
        reads: what training and evaluation take it for.
    """

    name: str
    title: str
    holds: str
    size: str
    licence: str
    where: str
    layout: tuple[str, ...]
    splits: str
    front: str
    reads: str


_SHAPENET_TERMS = "ShapeNet's terms of use: research and education, not commercial; an account is needed"
_UNKNOWN = "not known to us"
_FROM_FILE = "from a table, else 80/10/10 by a hash of the family or name"

DATA_SETS = (
    DataSet(
        "families",
        "Shape families of maquette",
        "unlimited: furniture, lamps, cups, bottles, cars and planes, made from a seed",
        "nothing to download",
        "that of maquette (Apache-2.0)",
        "",
        ("nothing to download",),
        _FROM_FILE,
        "+Z",
        "shapes that pictures are drawn of",
    ),
    DataSet(
        "faces",
        "Synthetic faces of maquette (shapes of the ICT face model, 2020)",
        "unlimited: pictures of people with true depth, normals, albedo, light and view, made from a seed",
        "nothing to download",
        "that of maquette (Apache-2.0); the head's shapes MIT",
        "",
        ("nothing to download",),
        "80/10/10 by a hash of the person's id",
        "+Z",
        "pictures that are drawn",
    ),
    DataSet(
        "meshes",
        "Your own meshes",
        "any number of .ply, .obj, .glb, .gltf, .off and .stl files",
        "yours",
        "yours",
        "",
        (
            "<category>/<name>.<any>",
            "MANIFEST.csv with a column file, and any of category, split, family, source",
        ),
        _FROM_FILE,
        "+Z",
        "shapes that pictures are drawn of (pack them first), or `data make`",
    ),
    DataSet(
        "pictures",
        "Your own pictures",
        "any number of pictures, with or without masks",
        "yours",
        "yours",
        "",
        ("<name>.<png|jpg|webp|...>", "<name>_mask.png (optional)"),
        "80/10/10 by a hash of the name",
        "",
        "pictures to reconstruct from, backgrounds",
    ),
    DataSet(
        "r2n2",
        "ShapeNet R2N2: pictures and voxels of 3D-R2N2 (Choy et al., ECCV 2016)",
        "43,784 objects of 13 categories, 24 pictures of 137 x 137 and 32^3 voxels each",
        "about 12 GB",
        _SHAPENET_TERMS,
        "cvgl.stanford.edu/data2/ShapeNetRendering.tgz and cvgl.stanford.edu/data2/ShapeNetVox32.tgz",
        (
            "ShapeNetRendering/<synset>/<model>/rendering/{00..23.png, renderings.txt, rendering_metadata.txt}",
            "ShapeNetVox32/<synset>/<model>/model.binvox",
            "ShapeNet.json (Pix2Vox's split, optional)",
            "ShapeNetShapes/<synset>/<model>.pack (written by `data prepare` where ShapeNetCore.v1 is there)",
        ),
        "sorted 80/20 (3D-R2N2), 70/10/20 (Pix2Vox), views of Mesh R-CNN",
        "+X",
        "pictures and voxels as they are (`--data`)",
    ),
    DataSet(
        "shapenetcore",
        "ShapeNetCore.v1 (Chang et al., 2015)",
        "about 51,300 meshes of 55 categories, solid 128^3 voxels apart",
        _UNKNOWN,
        _SHAPENET_TERMS,
        "shapenet.org",
        (
            "ShapeNetCore.v1/<synset>/<model>/model.obj",
            "ShapeNetCore.v1.binvox/<synset>/<model>/model.presolid.binvox (optional)",
        ),
        "as r2n2",
        "+X",
        "shapes that pictures are drawn of (`data prepare`)",
    ),
    DataSet(
        "pix3d",
        "Pix3D (Sun et al., CVPR 2018)",
        "10,069 photographs of furniture in 9 categories with masks, cameras and meshes",
        "about 3.6 GB",
        "CC BY 4.0",
        "pix3d.csail.mit.edu",
        (
            "pix3d.json",
            "img/<category>/<number>.<jpg|png>",
            "mask/<category>/<number>.png",
            "model/<category>/<name>/model.obj",
            "pix3d_{s1,s2}_{train,test}.json (lists of Mesh R-CNN, optional)",
        ),
        "S1 (photographs) and S2 (meshes) of Mesh R-CNN",
        "-Z",
        "photographs; shapes that pictures are drawn of (`data prepare`)",
    ),
    DataSet(
        "3d-future",
        "3D-FUTURE (Fu et al., 2020)",
        "16,563 meshes of furniture with textures",
        _UNKNOWN,
        "Alibaba's terms: research, not commercial; an account is needed",
        "tianchi.aliyun.com/specials/promotion/alibaba-3d-future",
        (
            "model_info.json",
            "<id>/{normalized_model.obj, raw_model.obj, model.mtl, texture.png, image.jpg}",
            "train.txt, val.txt, test.txt (lists of ids, optional)",
        ),
        "lists of ids, else 80/10/10 by a hash of the id",
        "+Z",
        "shapes that pictures are drawn of (`data prepare`)",
    ),
    DataSet(
        "celeba",
        "CelebA (Liu et al., ICCV 2015)",
        "202,599 photographs of 10,177 faces",
        f"about 1.4 GB aligned; as photographed {_UNKNOWN}",
        "research, not commercial",
        "mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
        (
            "img_celeba/<number>.jpg or img_align_celeba/<number>.jpg",
            "list_eval_partition.txt",
            "identity_CelebA.txt, celeba_crop_bbox.txt or list_bbox_celeba.txt (optional)",
        ),
        "train, val and test of list_eval_partition.txt",
        "",
        "faces",
    ),
    DataSet(
        "synface",
        "Renderings of the Basel face model (Unsup3D: Wu et al., CVPR 2020)",
        "200,000 pictures of faces with their depth",
        _UNKNOWN,
        "the Basel face model's: research, not commercial",
        "github.com/elliottwu/unsup3d",
        (
            "{train,val,test}/image/<name>.png",
            '{train,val,test}/depth/<name>.png ("depth" where the picture\'s name has "image")',
        ),
        "its folders",
        "",
        "faces whose depth is known (`evaluate --protocol unsup3d`)",
    ),
)
