"""Right answers to exercises that differ from the notebook's solution: what their tests share."""

from gan_utils.lesson.exercises import exercises


def coded_exercises(lesson):
    """The names of the exercises of a module such as "lesson_04" that have a check."""
    return {name for name, one in exercises().items() if one.test.__module__.endswith(lesson)}


def cases_of(table):
    """The rows of {name: [rows]}, each with its name before it."""
    return [(name, *case) for name, cases in table.items() for case in cases]
