"""StyleGAN2-ADA: pictures from random numbers, learned from single pictures."""
