"""The rows of `inputs.txt`: what people send, and what each must be answered."""

import re
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).parents[1] / "inputs.txt"
FORMS = ("keyword", "book", "plain", "latin", "latin2021", "joined", "slang", "mixed", "neighbour")
BLIND = "# ===== Blind"
ADDED = "# ===== Added"
"""Written blind like those, and then looked at."""
ASIDE = 5
"""Every so many of the blind rows is kept aside: nobody looks at how it fares while words
are being found.
"""

_SENDER = re.compile(r"from=(\+\d+) (.*)")
_NEED = re.compile(
    r"(danger|papers|embassy)( [A-Z]{2})*|stop|yes|digest|series|who|free|private|unknown"
    r"|about \w+|screen \w+"
)
_TOKEN = re.compile(
    r"HOTLINE|POLICE(@[A-Z]{2})?|DIPLOMAT|MISSION@[A-Z]{2}|STOPPED|ASKED-BACK|ADVICE"
    r'|"[^"]+"'
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line.  `part`: ours; blind; aside, which is blind and kept aside; or added."""

    line: int
    part: str
    form: str
    languages: tuple[str, ...]
    needs: tuple[str, ...]
    must: tuple[str, ...]
    must_not: tuple[str, ...]
    message: str
    sender: str

    @property
    def kind(self) -> str:
        """Its need in a word or two."""
        kind, *rest = self.needs[0].split()
        return f"{kind} abroad" if rest and kind in ("danger", "papers") else kind

    def __str__(self) -> str:
        needs, languages = " or ".join(self.needs), "/".join(self.languages)
        return f"{self.line} {self.form} {languages} {needs}: {self.sender} {self.message!r}"


def rows_of(path: Path = TABLE) -> list[Row]:
    """Every row; a file that is not the table is all blind.  Raises `ValueError` for a line
    that is none.
    """
    rows, part, blind = list[Row](), "ours" if path == TABLE else "blind", 0
    for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if text.startswith(BLIND):
            part = "blind"
        if text.startswith(ADDED):
            part = "added"
        if text and not text.startswith("#"):
            blind += part == "blind"
            aside = path == TABLE and part == "blind" and blind % ASIDE == 0
            rows.append(_row(line, text, "aside" if aside else part))
    return rows


def _row(line: int, text: str, part: str) -> Row:
    cells = text.split(" | ", 5)
    if len(cells) != 6:
        raise ValueError(f"line {line} has {len(cells)} cells")
    form, language, need, must, must_not, message = cells
    needs, tokens = tuple(need.split(" or ")), (_tokens(must), _tokens(must_not))
    bad = [each for each in needs if not _NEED.fullmatch(each)]
    bad += [each for each in (*tokens[0], *tokens[1]) if not _TOKEN.fullmatch(each)]
    if bad or form not in FORMS:
        raise ValueError(f"line {line}: {form}, {bad}")
    sent = _SENDER.fullmatch(message)
    sender, message = (sent[1], sent[2]) if sent else ("", message)
    return Row(line, part, form, tuple(language.split("/")), needs, *tokens, message, sender)


def _tokens(cell: str) -> tuple[str, ...]:
    return () if cell == "-" else tuple(re.findall(r'"[^"]+"|[^ ,;]+', cell))
