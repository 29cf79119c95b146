"""Where the object is in a picture: masks from transparency, a plain background, or GrabCut."""
