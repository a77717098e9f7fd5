"""Where keys of Redis stand: on one server all are together, and are named as they always were.

A script is told of its partition by `declared`: `KEYS[1]` begins the name of every key that it
touches, `KEYS[2]` tells of a cut of the append-only file (`runtime/append_only_file.py`).
"""

from dataclasses import dataclass

from runtime.append_only_file import CUT


@dataclass(frozen=True, slots=True)
class Partition:
    """Keys that one script may touch together.  `tag`: stands behind the room in their names."""

    tag: str = ""

    def key(self, name: str) -> str:
        """The key that is called so on one server, in this partition."""
        if not self.tag:
            return name
        room, _, rest = name.partition(":")
        return f"{room}:{self.tag}{rest}"

    @property
    def declared(self) -> tuple[str, str]:
        """What a script has for its `KEYS`."""
        return self.key("sms:"), self.key(CUT)


WHOLE = Partition()
"""All keys of one server."""
