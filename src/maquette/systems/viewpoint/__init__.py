"""The viewpoint of a picture of one object: azimuth, elevation, and how sure they are."""
