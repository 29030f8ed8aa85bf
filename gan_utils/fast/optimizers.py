"""Adam in one operation a weight, where Keras takes about a dozen.

On the small networks of this course, the optimizers' passes over memory are a good part of a
step.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from gan_utils.errors import ParameterError


@keras.saving.register_keras_serializable("gan_utils")
class Adam(keras.optimizers.Adam):
    """Keras' Adam, with its options and its state (Kingma and Ba 2015, end of section 2).

    Raises `ParameterError` for `amsgrad`, which the operation does not know.
    """

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, **options):
        super().__init__(learning_rate, beta_1, beta_2, **options)
        if self.amsgrad:
            raise ParameterError("amsgrad is True: use keras.optimizers.Adam for it.")

    def update_step(self, gradient, variable, learning_rate):
        index = self._get_variable_index(variable)
        step = tf.cast(self.iterations, tf.float32) + 1.0
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=self.beta_1**step,
            beta2_power=self.beta_2**step,
            lr=tf.cast(learning_rate, tf.float32),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=tf.cast(gradient, tf.float32),
        )
