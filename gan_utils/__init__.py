"""The helpers that the lessons of the GAN course share, in rooms of which each uses those below.

Import what you need from its room. `gan_utils.GAN` is the one short cut; importing the package
itself loads neither TensorFlow nor Keras.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gan_utils.training.gan import GAN

__version__ = "0.2.0"
__all__ = ["GAN"]


def __getattr__(name: str) -> Any:
    if name == "GAN":
        from gan_utils.training.gan import GAN

        return GAN
    raise AttributeError(f"module 'gan_utils' has no attribute {name!r}")
