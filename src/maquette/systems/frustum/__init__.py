"""The viewer-centred system: a picture of an object to what lies behind its pixels, and from this to a mesh."""
