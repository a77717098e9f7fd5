"""What the keys of a section say, apart from the file that says it."""

from collections.abc import Mapping

Value = str | tuple[str, ...]
"""What one key says: words, or a list of them."""
Values = Mapping[str, Value]


class NotWritable(Exception):
    """The file is written in a way that only a person should change; says in which."""
