"""What is wrong with the menu's files, told to the person who edits them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a file.  Lines and columns count from 1, as editors do."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that is wrong: where, on which screen, and how to mend it.

    `reason` and `values`: by which a page says `what` in its reader's language, where it can.
    """

    where: Location
    screen: str
    what: str
    reason: str = field(default="", compare=False)
    values: Mapping[str, str] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        return f"{self.where}: {self.screen}: {self.what}"


class BrokenMenu(Exception):
    """The menu cannot be used.  `faults` holds all of them, in file order."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(map(str, self.faults)))
