"""The trainer, its children, and what they are put together from."""

# Of the environment: the path of a file in which trainings note how far they have come.
PROGRESS = "GAN_COURSE_PROGRESS"
