"""Errors whose message is one sentence for the reader: the thing, its value and the mend."""


class CourseError(Exception):
    """A fault that the reader can mend; the command line prints its message and no traceback."""


class ParameterError(CourseError):
    """A parameter of a lesson or a function is unknown, out of range or of the wrong type."""


class DataError(CourseError):
    """Images, labels or a data file cannot be had or are not what they should be."""


class CheckpointError(CourseError):
    """A saved training state cannot be read or belongs to another network."""


class OutputError(CourseError):
    """A result cannot be written where it was asked for."""


class TrainingDiverged(CourseError):
    """A loss became infinite or not a number, so training stopped."""
