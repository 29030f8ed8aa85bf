"""The trainer, its children, and what they are put together from."""
