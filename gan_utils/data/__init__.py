"""Real data: named image sets, folders of images, points of the plane, and recorded sweeps."""

from gan_utils.data.bundle import data_dir
from gan_utils.data.folders import load_folder, survey_folder, write_images
from gan_utils.data.images import CLASS_NAMES, ImageSet, load_images
from gan_utils.data.mixtures import Mixture, grid, ring
from gan_utils.data.pixels import resize, scale, unscale
from gan_utils.data.stacked import stack_digits

__all__ = [
    "CLASS_NAMES",
    "ImageSet",
    "Mixture",
    "data_dir",
    "grid",
    "load_folder",
    "load_images",
    "resize",
    "ring",
    "scale",
    "stack_digits",
    "survey_folder",
    "unscale",
    "write_images",
]
