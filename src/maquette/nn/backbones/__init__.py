"""Features of pictures by networks that others trained: torchvision's, cut behind the last layer that is wanted.

`backbone.backbone(name, ...)` makes one; `maquette backbone import` makes files of first weights for it.
"""
