"""Noise, and what cameras do to pictures: for `face_scenes`."""

import cv2
import numpy as np

Array = np.ndarray


def fine_noise(side: int, rng: np.random.Generator) -> Array:
    """(side, side, 3) noise of every pixel, as it is, smoothed, or coarse and fine together, in colours or grey."""
    noise = rng.random((side, side, 3 if rng.random() < 0.6 else 1)).astype(np.float32)
    kind = rng.random()
    if kind < 0.3:
        noise = _evened(cv2.GaussianBlur(noise, (0, 0), float(np.exp(rng.uniform(-1, 2.3)))), side)
    elif kind < 0.6:  # in proportion to some power of the wavelength
        wave = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side))[..., None] + 1 / side
        shaped = np.fft.fft2(noise - 0.5, axes=(0, 1)) * wave ** -rng.uniform(0.5, 2)
        noise = _evened(np.fft.ifft2(shaped, axes=(0, 1)).real, side)
    noise = noise.reshape(side, side, -1)
    wide = 0.5 + (noise - 0.5) * rng.uniform(0.2, 1)
    return np.asarray(np.broadcast_to(wide, (side, side, 3)) + 0.0, np.float32).clip(0, 1)


def _evened(noise: Array, side: int) -> Array:
    """Noise around a half, with a standard deviation of a quarter."""
    noise = noise.reshape(side, side, -1)
    return np.asarray(0.5 + (noise - noise.mean()) * (0.25 / max(float(noise.std()), 1e-6)), np.float32)


def changed(picture: Array, rng: np.random.Generator) -> Array:
    """A picture in another light and by another camera: shadows, colours, grey, softness, noise, JPEG."""
    side = picture.shape[0]
    if rng.random() < 0.4:
        shadow = cv2.resize(
            rng.random((3, 3)).astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC
        )
        picture = picture * (1 + (shadow[..., None] - 0.5) * rng.uniform(0.2, 1.4))
    picture = picture.clip(0, 1) ** np.exp(rng.normal(0, 0.3))
    picture = picture * np.exp(rng.normal(0, 0.12, 3))
    if rng.random() < 0.5:
        grey = picture.mean(axis=2, keepdims=True)
        picture = grey + (picture - grey) * rng.choice([0.0, rng.uniform(0, 1.6)])
    if rng.random() < 0.6:
        picture = (
            picture.mean() + (picture - picture.mean()) * np.exp(rng.normal(0, 0.35)) + rng.normal(0, 0.1)
        )
    picture = picture.clip(0, 1).astype(np.float32)
    if rng.random() < 0.5:
        fewer = round(side * rng.uniform(0.3, 1))
        small = cv2.resize(picture, (fewer, fewer), interpolation=cv2.INTER_AREA)
        picture = cv2.resize(small, (side, side), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.25:  # as it is where pictures were sharpened
        picture = picture + (picture - cv2.GaussianBlur(picture, (0, 0), 1.5)) * rng.uniform(0, 1.5)
    if rng.random() < 0.5:
        picture = picture + rng.standard_normal(picture.shape, np.float32) * rng.uniform(0, 0.06)
    whole = (picture.clip(0, 1) * 255).round().astype(np.uint8)
    if rng.random() < 0.4:
        _, packed = cv2.imencode(".jpg", whole, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 95))])
        whole = cv2.imdecode(packed, cv2.IMREAD_COLOR)
    return np.asarray(whole, np.float32) / 255
