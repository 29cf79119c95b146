"""The network that cuts objects out of photographs, and what it learns by (`maquette.segment.mask_net`)."""
