"""What the course's errors have to be: one sentence each."""


def one_sentence(error) -> str:
    """The message of a caught error, once it is seen to be one sentence on one line."""
    message = str(error.value)
    assert message.endswith(".") and ". " not in message and "\n" not in message, message
    return message
