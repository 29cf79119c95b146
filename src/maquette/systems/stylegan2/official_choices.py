"""Which networks of an official file `maquette convert` can keep, known without torch."""

CHOICES = {
    "G_ema": "the averaged generator, for pictures",
    "G_ema+D": "with the discriminator, to train on",
    "G": "the generator of the last step",
    "G+D": "with the discriminator, to train on",
}
