"""Where cameras stood: found for pictures of one object that bring none."""
