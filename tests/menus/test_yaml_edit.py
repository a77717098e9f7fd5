"""Values written into a file and read again, and what of the file stays as it was."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from menus.editing.sections import FieldKind, Section, sections, typed, words_at
from menus.editing.values import NotWritable, Value, Values
from menus.editing.yaml_edit import usual_form, with_values
from menus.parsing.yaml_source import KeyPath, Source, read
from tests.support.menus_read import read_once
from tests.support.trees import MENUS

LANGUAGES = ("kk", "ru", "en", "uz", "ky", "tg")
TEXTS = {code: (MENUS / f"{code}.yaml").read_text(encoding="utf-8") for code in LANGUAGES}
SOURCES = {code: read(MENUS / f"{code}.yaml", f"menus/{code}.yaml") for code in LANGUAGES}
NODES = read(MENUS / "en.yaml", "en.yaml").data["nodes"]  # type: ignore[index]
SECTIONS = sections(node for name, node in read_once(MENUS).nodes.items() if name in NODES)
EVERY = [(code, name) for code in LANGUAGES for name in SECTIONS]
WHOLE = {code: list(SECTIONS.values())[0 if n % 2 else -1] for n, code in enumerate(LANGUAGES)}
"""One section of each whole file, a node or what stands beside the nodes: one takes 0.1 s."""

TEXT = re.compile(r"(    text: \|.*\n      .*\n)(?:\n*      .*\n)+")
ENTRIES = re.compile(r"(?::\n +- (.*)\n +- (.*)(?:\n +- .*)*|: \[([^],]*), ([^],]*), .*\])$", re.M)
STATEMENT = r"      \w+:\n(?:        .*\n)+"
LIST = re.compile(r"(?m)^  \w+:\n(?:    - .*\n(?:      .*\n|\n(?=    ))*)+")
STATEMENTS = re.compile(rf"(?<=    statements:\n)(?:{STATEMENT})+")

AWKWARD = "".join(
    [
        "aZ \n",
        "-?:,[]{}#&*!|>'\"%@`~=<",
        "0179.+_/",
        "НоқәӨ",
        "é\u0301\u0308",
        "😀\u00a0\u2028\t\x07\\",
    ]
)
lines = st.text(AWKWARD, max_size=40) | st.sampled_from(
    [
        "no",
        "YES",
        "0711",
        "null",
        "~",
        "a: b",
        "- a",
        "2026-11-22",
        "<<",
        "=",
        "#x",
        "{hotline}",
        "x" * 120,
    ]
)


def written(text: str, section: Section, values: Values) -> str:
    required = {field.key for field in section.fields if field.required}
    return with_values(text, section.steps, values, required)


def around_section(text: str, section: Section) -> str:
    """The part of a file that has the section: a node between its neighbours, with the last
    node, an action, and one that has keywords, since a key is put where others have it; of
    what stands beside the nodes, what is above or below, with one node.
    """
    beside, nodes = text.split("\nnodes:\n")
    each = re.split(r"(?m)^(?=  \w+:$)", nodes)
    if not section.node:
        head, phrases, sms = re.split(r"(?m)^(?=phrases:$|sms:$)", f"{beside}\n")
        in_sms = {"sms": sms, "embassy": LIST.sub("", sms)}
        near = in_sms.get("".join(map(str, section.steps[-1:])), phrases)
        return ended(f"{head}{near}nodes:\n{each[0]}{shortened(each[1])}")
    [place] = [n for n, words in enumerate(each) if words.startswith(f"  {section.node}:\n")]
    itself = each[place] if section.is_node else near_statement(each[place], section)
    above, below = each[:place], [*each[place + 1 :], ""]
    farther = (words for words in (*below[1:-1], *above[:-1]) if "    keywords:" in words)
    under = dict.fromkeys([*below[:1], *below[1:-1][-1:], next(farther)])
    near = [*map(shortened, above[-1:]), itself, *map(shortened, under)]
    return ended("nodes:\n" + "".join(near))


def ended(part: str) -> str:
    """Without the notes at its end, which in the whole file stand above what follows."""
    return re.sub(r"(\s*^ *#[^\n]*)+\s*\Z", "\n", part.rstrip() + "\n", flags=re.M)


def shortened(node: str) -> str:
    """The same node with fewer words, entries and statements."""
    first = STATEMENTS.sub(lambda found: re.findall(STATEMENT, found[0])[0], node)
    return ENTRIES.sub(r": [\1\3, \2\4]", TEXT.sub(r"\1      More.\n", first))


def near_statement(node: str, section: Section) -> str:
    """The node with one of its statements, between the neighbours of that."""
    found = re.findall(STATEMENT, STATEMENTS.search(node)[0])  # type: ignore[index]
    [place] = [n for n, said in enumerate(found) if said.startswith(f"      {section.steps[-1]}:")]
    return STATEMENTS.sub("".join(found[max(place - 1, 0) : place + 2]), node)


PARTS = {(code, name): around_section(TEXTS[code], SECTIONS[name]) for code, name in EVERY}


def texts_with_sections(code: str) -> Iterator[tuple[str, Section]]:
    """Every section in its part of the file."""
    yield from ((PARTS[code, name], section) for name, section in SECTIONS.items())


def other(said: Value) -> Value:
    """Another value of the same kind, an awkward one."""
    if isinstance(said, str):
        return "Call: now\n\n# {hotline}"
    if any("\n" in each for each in said):
        return ("New\nfirst", *said[2:], "New\nlast")
    return (*said[1:], "YES", "a: b", "#c")


# --- Values that come back ------------------------------------------------------


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_same_words_change_no_byte(code: str) -> None:
    was = words_at(SOURCES[code], WHOLE[code])
    assert written(TEXTS[code], WHOLE[code], was) == TEXTS[code]


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_value_and_key_that_comes_back_brings_the_same_bytes_back(code: str) -> None:
    """Two keys of a node are changed in three languages, and taken out in the others."""
    everything = (*texts_with_sections(code), (TEXTS[code], WHOLE[code]))
    for n, (text, section) in enumerate(everything, LANGUAGES.index(code)):
        was = words_at(SOURCES[code], section)
        gone: Values = {"keywords": (), "done": ""} if section.is_node and n % 2 else {}
        changed_values = {key: other(said) for key, said in was.items() if said}
        changed = written(text, section, {**changed_values, **gone})
        assert changed != text, section.name
        if gone:
            words = re.split(rf"(?m)^  {section.name}:\n", changed)[1]
            assert "keywords" not in re.split(r"\n  \w", words)[0]
        assert written(changed, section, was) == text, section.name


def says_something(line: str) -> bool:
    """Whether anything is left of it in a file: control characters are dropped."""
    return any(char.isprintable() and not char.isspace() for char in line)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_words_are_read_as_they_were_written(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    code, name = data.draw(st.sampled_from(EVERY))
    section, text = SECTIONS[name], PARTS[code, name]
    typed_in = {
        field.key: [data.draw(lines.filter(says_something))]
        if not field.kind.lists
        else data.draw(st.lists(lines, min_size=1, max_size=12))
        for field in section.fields
    }
    values = typed(section, typed_in.__getitem__)
    new = written(text, section, values)
    folder = tmp_path_factory.getbasetemp()
    before, source = source_of(text, folder), source_of(new, folder)

    assert not source.faults
    assert words_at(source, section) == values
    assert usual_form(new) == new
    assert written(new, section, words_at(before, section)) == text
    for each in SECTIONS.values():
        if each.name != name:
            assert words_at(source, each) == words_at(before, each)
    if section.is_node:
        assert around(source, section.steps) == around(before, section.steps)


def source_of(text: str, folder: Path) -> Source:
    file = folder / "words.yaml"
    file.write_text(text, encoding="utf-8", newline="")
    return read(file, "words.yaml")


def around(source: Source, steps: KeyPath) -> tuple[list[str], list[str]]:
    """The lines before a node's words and those from the next node or note on."""
    first, last = source.key(*steps).line, source.places.ends[steps]
    return [*source.lines[:first]], [line for line in source.lines[last:] if line.strip()]


# --- What is written ------------------------------------------------------------

FILE = """\
# About the file
nodes: # all
  one:
    label: Old # why it is short
    # what people send
    keywords: [A, B] # two
    text: | # shown
      First.

      Second.

  # between
  two:
    label: 'Two: it'
    text: Plain and longer # note
  three:
    label: Three
    keywords:
      - A
      # the second
      - B
      - C
    text: Folded words

"""

BY_HAND = (
    FILE.replace("Old #", "Old   #")
    .replace("'Two: it'", '"Two: it"')
    .replace("Plain and", "Plain\n      and")
    .replace("Folded words", ">-\n      Folded\n      words")
)


@pytest.mark.parametrize(
    "text",
    [BY_HAND, f"\ufeff{BY_HAND}", BY_HAND.replace("\n", "\r\n"), f"---\n{BY_HAND}"],
    ids=["by hand", "a byte order mark", "the line ends of Windows", "a document's start"],
)
def test_the_usual_form_is_one(text: str) -> None:
    assert usual_form(text) == FILE
    assert usual_form(FILE) == FILE


@pytest.mark.parametrize(
    ("node", "values", "old", "new"),
    [
        ("one", {"label": "New"}, "label: Old #", "label: New #"),
        ("one", {"label": "New: it"}, "label: Old ", "label: 'New: it' "),
        ("one", {"label": "Say 'it': now"}, "label: Old ", "label: \"Say 'it': now\" "),
        ("one", {"label": "{hotline} now"}, "label: Old ", "label: '{hotline} now' "),
        ("one", {"label": "Call {hotline}"}, "label: Old ", "label: Call {hotline} "),
        ("one", {"label": "0711"}, "label: Old ", "label: '0711' "),
        ("one", {"keywords": ("A", "12")}, "[A, B] #", "[A, '12'] #"),
        ("one", {"text": "A\n\n\nB"}, "      First.\n\n      Second.", "      A\n\n\n      B"),
        ("one", {"text": "# A\n- B"}, "      First.\n\n      Second.", "      # A\n      - B"),
        ("two", {"label": ""}, "    label: 'Two: it'\n", ""),
        ("two", {"text": "A\nB"}, "Plain and longer # note\n", "| # note\n      A\n      B\n"),
        ("one", {"done": "D"}, "      Second.\n", "      Second.\n    done: D\n"),
        ("two", {"done": "D"}, "longer # note\n", "longer # note\n    done: D\n"),
        ("two", {"keywords": ("X", "Z")}, "'Two: it'\n", "'Two: it'\n    keywords: [X, Z]\n"),
        ("three", {"keywords": ("A", "Z", "C")}, "- B", "- Z"),
        ("three", {"keywords": ("A", "C")}, "      - B\n", ""),
        ("three", {"keywords": ("M", "A", "B", "C")}, "      - A\n", "      - M\n      - A\n"),
        ("three", {"keywords": ("A", "B", "C", "D")}, "      - C\n", "      - C\n      - D\n"),
        ("three", {"text": "W " * 60}, "Folded words", f"|\n      {'W ' * 60}".rstrip()),
    ],
)  # fmt: skip
def test_only_what_changes_is_written_anew(node: str, values: Values, old: str, new: str) -> None:
    assert FILE.count(old) == 1
    assert with_values(FILE, ("nodes", node), values) == FILE.replace(old, new)


def test_a_list_is_in_brackets_where_it_fits_into_a_line() -> None:
    few, many = (tuple(f"WORD {n}" for n in range(10, end)) for end in (19, 20))
    file = with_values(FILE, ("nodes", "two"), {"keywords": few})
    assert f"\n    keywords: [{', '.join(few)}]\n" in file
    longer = with_values(file, ("nodes", "two"), {"keywords": many})
    assert "\n    keywords:\n      - WORD 10\n      - WORD 11\n" in longer
    assert with_values(longer, ("nodes", "two"), {"keywords": few}) == file


def test_what_is_required_stays_though_it_is_empty() -> None:
    new = with_values(FILE, ("nodes", "one"), {"text": "", "keywords": ()}, {"text", "keywords"})
    assert "    text: '' # shown\n" in new
    assert "    keywords: [] # two\n" in new


def unwritable() -> Iterator[tuple[str, str]]:
    yield "nodes:\n  one: words\n", "no such words yet"
    yield "nodes:\n  two:\n    text: A\n", "no such words yet"
    yield "nodes: [\n", "is not YAML"
    yield "", "is not YAML"
    yield "nodes:\n  one:\n    label: A\n    label: B\n", "is not YAML"
    for notes in ("    label: A # why\n", "    keywords: [A, # why\n      B]\n"):
        yield f"nodes:\n  one:\n    text: C\n{notes}", "note stands beside|cannot be written"


@pytest.mark.parametrize(("text", "what"), list(unwritable()))
def test_what_only_a_person_should_change_is_left(text: str, what: str) -> None:
    with pytest.raises(NotWritable, match=what):
        with_values(text, ("nodes", "one"), {"label": "", "keywords": ("C",)})


# --- What is typed --------------------------------------------------------------


def test_every_key_of_a_form_is_edited() -> None:
    kinds = {field.key: field.kind for field in SECTIONS["danger"].fields}
    assert kinds["label"] is FieldKind.LINE
    assert kinds["text"] is FieldKind.TEXT
    assert kinds["keywords"] is FieldKind.LINES
    sms = {field.key: field.kind for field in SECTIONS["all.sms"].fields}
    assert sms["series"] is FieldKind.TEXTS
    assert "embassy" not in sms


@pytest.mark.parametrize(
    ("value", "text", "label", "keywords"),
    [
        ("a\r\nb\rc", "a\nb\nc", "a b c", ("a", "b", "c")),
        ("  a \n\n b  ", "a\n\n b", "a   b", ("a", "b")),
        ("a\tb\x00\x07\ufeff\ud800", "a b", "a b", ("a b",)),
        ("е\u0301 и\u0306", "е\u0301 й", "е\u0301 й", ("е\u0301 й",)),
        ("a\u2028b", "a\nb", "a b", ("a", "b")),
        ("<script>", "<script>", "<script>", ("<script>",)),
    ],
)
def test_what_is_typed_takes_the_form_of_the_files(
    value: str, text: str, label: str, keywords: tuple[str, ...]
) -> None:
    words = typed(SECTIONS["danger"], lambda _: [value])
    assert (words["text"], words["label"], words["keywords"]) == (text, label, keywords)
