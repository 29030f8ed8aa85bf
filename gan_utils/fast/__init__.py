"""Keras' mathematics in fewer passes over memory: skip this room on first reading."""
