"""Where the object is in a picture: masks from transparency, a plain background, or GrabCut; and where faces are."""

from .faces import FoundFace as FoundFace
from .faces import Square as Square
from .faces import cut_face as cut_face
from .faces import cut_square as cut_square
from .faces import face_square as face_square
from .faces import find_faces as find_faces
from .found import UNSURE as UNSURE
from .found import Found as Found
from .found import find_object as find_object
from .masks import find_masks as find_masks
from .masks import given_mask as given_mask
from .masks import with_masks as with_masks
