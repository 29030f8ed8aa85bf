"""The evaluators, which are bundled classifiers, and the judge that scores samples with them.

Importing this room loads TensorFlow.
"""

from gan_utils.judging.evaluators import Evaluator, evaluator
from gan_utils.judging.judge import Judge, images_of

__all__ = ["Evaluator", "Judge", "evaluator", "images_of"]
