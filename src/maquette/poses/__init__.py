"""Cameras found from pictures.

`find.find_cameras` prepares the pictures (`photos`), places them by structure from motion through pycolmap (`sfm`,
the only file that imports it; `join` brings its models together), and turns the world upright (`world`); `preview`
shows what was found. Knows no system and no command.
"""
