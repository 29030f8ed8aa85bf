"""Scores of generative models: arrays in, numbers out, no TensorFlow."""

from gan_utils.metrics.classes import accuracy, class_coverage, class_entropy, class_histogram
from gan_utils.metrics.frechet import frechet_distance
from gan_utils.metrics.inception import inception_score
from gan_utils.metrics.kernel_distance import kernel_distance
from gan_utils.metrics.modes import ModeScores, label_modes, modes_captured
from gan_utils.metrics.neighbours import closer_to_training, nearest_neighbours, share_closer
from gan_utils.metrics.prdc import PRDC, prdc
from gan_utils.metrics.score import Score, over_seeds, paired_difference, proportion
from gan_utils.metrics.train_test import GANTrainTest, gan_train_test

__all__ = [
    "PRDC",
    "GANTrainTest",
    "ModeScores",
    "Score",
    "accuracy",
    "class_coverage",
    "class_entropy",
    "class_histogram",
    "closer_to_training",
    "frechet_distance",
    "gan_train_test",
    "inception_score",
    "kernel_distance",
    "label_modes",
    "modes_captured",
    "nearest_neighbours",
    "over_seeds",
    "paired_difference",
    "prdc",
    "proportion",
    "share_closer",
]
