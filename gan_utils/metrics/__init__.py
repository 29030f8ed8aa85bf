"""Scores of generative models: arrays in, numbers out, no TensorFlow."""

from gan_utils.metrics.classes import class_coverage, class_entropy, class_histogram
from gan_utils.metrics.frechet import frechet_distance
from gan_utils.metrics.modes import ModeScores, modes_captured
from gan_utils.metrics.neighbours import nearest_neighbours
from gan_utils.metrics.score import Score, over_seeds, paired_difference

__all__ = [
    "ModeScores",
    "Score",
    "class_coverage",
    "class_entropy",
    "class_histogram",
    "frechet_distance",
    "modes_captured",
    "nearest_neighbours",
    "over_seeds",
    "paired_difference",
]
