"""The helpers that the lessons of the GAN course share.

Data, scores, networks, losses, training, pictures and runs each have a module of their own; import
what you need from there. Importing the package itself loads neither TensorFlow nor Keras.
"""

__version__ = "0.1.0"
