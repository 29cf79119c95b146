"""From a field of occupancy and the picture it came from to a coloured mesh: surface, viewpoint, colours."""
