"""YAML files read node by node: every value as its text, every fault with its line.

The text is what the reader wrote: YAML itself would take `yes` for true, 010 for 8 and 1:30 for
90, but the type that a lesson declares knows better.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from gan_utils.errors import ParameterError


@dataclass(frozen=True)
class Node:
    """A node of a YAML file; `file` says which, as its sentences begin: "sweep file a.yaml"."""

    file: str
    node: yaml.Node

    def error(self, words: str) -> ParameterError:
        """An error that names the file and the line."""
        return ParameterError(f"{self.file}, line {self.node.start_mark.line + 1}: {words}")

    @property
    def is_list(self) -> bool:
        return isinstance(self.node, yaml.SequenceNode)

    @property
    def is_single(self) -> bool:
        return isinstance(self.node, yaml.ScalarNode)

    def items(self, what: str) -> dict[str, Node]:
        """The entries of a mapping, each name once."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.error(f"{what} holds no `name: value` lines: write some.")
        entries: dict[str, Node] = {}
        for key, value in self.node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            if name in entries:
                raise Node(self.file, key).error(
                    f"`{name}` is there a second time: keep one of the two."
                )
            entries[name] = Node(self.file, value)
        return entries

    def entries(self, what: str) -> list[Node]:
        """The entries of a list that is not empty."""
        if not self.is_list or not self.node.value:
            raise self.error(f"{what} is no list of values: write [first, second].")
        return [Node(self.file, value) for value in self.node.value]

    def text(self, what: str) -> str:
        """A single value as it is written."""
        if not self.is_single:
            raise self.error(f"{what} is a list or a mapping: give a single value.")
        if self.node.tag == "tag:yaml.org,2002:null":
            raise self.error(f"{what} has no value: give one or delete the line.")
        return self.node.value

    def whole(self, what: str, least: int) -> int:
        """A whole number from `least` on."""
        text = self.text(what)
        if not text.isdecimal() or int(text) < least:
            raise self.error(f"{what} is {text}: give a whole number from {least} on.")
        return int(text)


def read_yaml(path: Path, kind: str) -> Node:
    """Read a file of `name: value` lines; `kind` is what it is called: "sweep file".

    Raises ParameterError where it cannot be read or is no such file.
    """
    file = f"{kind} {path}"
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ParameterError(f"{file} cannot be read ({reason}).") from None
    except UnicodeDecodeError:
        raise ParameterError(f"{file} is not text: save it as UTF-8.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}," if mark else ""
        reason = " ".join(str(getattr(error, "problem", None) or "unreadable").split())
        raise ParameterError(
            f"{file}{line} is not YAML ({reason}): write `name: value` lines."
        ) from None
    if not isinstance(node, yaml.MappingNode):
        raise ParameterError(f"{file} holds no `name: value` lines: write some.")
    return Node(file, node)
