"""Words written into a file and read again, and what of the file stays as it was."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from menus.editing.sections import Kind, Section, passages, typed, words_at
from menus.editing.yaml_edit import NotWritable, Wording, Words, rewritten
from menus.parsing.yaml_source import Source, Steps, read
from tests.support.trees import MENUS

LANGUAGES = ("kk", "ru", "en")
TEXTS = {code: (MENUS / f"{code}.yaml").read_text(encoding="utf-8") for code in LANGUAGES}
SOURCES = {code: read(MENUS / f"{code}.yaml", f"menus/{code}.yaml") for code in LANGUAGES}
NODES = read(MENUS / "tree.yaml", "tree.yaml").data["nodes"]  # type: ignore[index]
PASSAGES = passages(NODES)
EVERY = [(code, name) for code in LANGUAGES for name in PASSAGES]
every_passage = pytest.mark.parametrize(("code", "name"), EVERY)

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


def written(text: str, passage: Section, words: Words) -> str:
    required = {field.key for field in passage.fields if field.required}
    return rewritten(text, passage.steps, words, required)


def other(said: Wording) -> Wording:
    """Other words of the same kind, awkward ones."""
    if isinstance(said, str):
        return "Call: now\n\n# {hotline}"
    if any("\n" in each for each in said):
        return ("New\nfirst", *said[2:], "New\nlast")
    return (*said[1:], "YES", "a: b", "#c")


@every_passage
def test_the_same_words_change_no_byte(code: str, name: str) -> None:
    words = words_at(SOURCES[code], PASSAGES[name])
    assert written(TEXTS[code], PASSAGES[name], words) == TEXTS[code]


def come_back(code: str, steps: Steps, key: str, said: Wording) -> str:
    """The file after other words were written, and then these again."""
    changed = rewritten(TEXTS[code], steps, {key: other(said)})
    assert changed != TEXTS[code]
    return rewritten(changed, steps, {key: said})


@pytest.mark.parametrize("code", LANGUAGES)
def test_words_that_come_back_bring_the_same_lines_back(code: str) -> None:
    """To the byte, but for the few values that a person gave another form by hand."""
    values = [
        (passage.steps, key, said)
        for passage in PASSAGES.values()
        for key, said in words_at(SOURCES[code], passage).items()
        if said
    ]
    other_form = [
        f"{steps} {key}"
        for steps, key, said in values
        if come_back(code, steps, key, said) != TEXTS[code]
    ]
    assert len(other_form) <= len(values) / 20, other_form


@every_passage
def test_a_key_that_comes_back_finds_its_place(code: str, name: str) -> None:
    passage = PASSAGES[name]
    words = words_at(SOURCES[code], passage)
    if passage.is_node and words["keywords"]:
        without = rewritten(TEXTS[code], passage.steps, {"keywords": ()})
        assert "keywords" not in without.split(f"\n  {name}:\n")[1].split("text:")[0]
        assert rewritten(without, passage.steps, words) == TEXTS[code]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_words_are_read_as_they_were_written(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    code, name = data.draw(st.sampled_from(EVERY))
    passage = PASSAGES[name]
    values = {
        field.key: [data.draw(lines.filter(str.strip))]
        if not field.kind.lists
        else data.draw(st.lists(lines, min_size=1, max_size=12))
        for field in passage.fields
    }
    words = typed(passage, values.__getitem__)
    new = written(TEXTS[code], passage, words)
    file = tmp_path_factory.getbasetemp() / "new.yaml"
    file.write_text(new, encoding="utf-8", newline="")
    source = read(file, "new.yaml")

    assert not source.faults
    assert words_at(source, passage) == words
    assert written(new, passage, words) == new
    for each in PASSAGES.values():
        if each.name != name:
            assert words_at(source, each) == words_at(SOURCES[code], each)
    if passage.is_node:
        assert around(source, passage.steps) == around(SOURCES[code], passage.steps)


def around(source: Source, steps: Steps) -> tuple[list[str], list[str]]:
    """The lines before a node's words and those from the next node or note on."""
    first, last = source.key(*steps).line, source.ends[steps]
    return [*source.lines[:first]], [line for line in source.lines[last:] if line.strip()]


FILE = """\
# About the file
nodes:   # all
  one:
    label: Old   # why it is short
    # what people send
    keywords: [A, B]  # two
    text: |  # shown
      First.

      Second.

  # between
  two:
    label: "Two: it"
    text: Plain
      and longer  # note
  three:
    label: Three
    keywords:
      - A
      # the second
      - B
      - C
    text: >-
      Folded
      words

"""


@pytest.mark.parametrize(
    ("node", "words", "old", "new"),
    [
        ("one", {"label": "New"}, "label: Old   #", "label: New   #"),
        ("one", {"label": "New: it"}, "label: Old ", 'label: "New: it" '),
        ("one", {"label": 'Say "it": now'}, "label: Old ", "label: 'Say \"it\": now' "),
        ("one", {"label": "{hotline} now"}, "label: Old ", 'label: "{hotline} now" '),
        ("one", {"label": "Call {hotline}"}, "label: Old ", "label: Call {hotline} "),
        ("one", {"label": "0711"}, "label: Old ", 'label: "0711" '),
        ("one", {"label": ""}, "    label: Old   # why it is short\n", ""),
        ("one", {"keywords": ("A", "NO")}, "[A, B]  #", '[A, "NO"]  #'),
        ("one", {"keywords": ()}, "    keywords: [A, B]  # two\n", ""),
        ("one", {"text": "Short"}, "|  # shown\n      First.\n\n      Second.", "Short  # shown"),
        ("one", {"text": "A\n\n\nB"}, "      First.\n\n      Second.", "      A\n\n\n      B"),
        ("one", {"text": "# A\n- B"}, "      First.\n\n      Second.", "      # A\n      - B"),
        (
            "two",
            {"text": "A\nB"},
            "Plain\n      and longer  # note\n",
            "|  # note\n      A\n      B\n",
        ),
        ("two", {"keywords": ("X", "Y")}, '"Two: it"\n', '"Two: it"\n    keywords: [X, Y]\n'),
        ("three", {"keywords": ("A", "Z", "C")}, "- B", "- Z"),
        ("three", {"keywords": ("A", "C")}, "      - B\n", ""),
        ("three", {"keywords": ("N", "A", "B", "C")}, "      - A\n", "      - N\n      - A\n"),
        ("three", {"keywords": ("A", "B", "C", "D")}, "      - C\n", "      - C\n      - D\n"),
        ("three", {"text": "Folded"}, ">-\n      Folded\n      words", "Folded"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_only_what_changes_is_written_anew(
    node: str, words: Words, old: str, new: str, ends: str
) -> None:
    file = FILE.replace("\n", ends)
    assert FILE.count(old) == 1
    expected = FILE.replace(old, new).replace("\n", ends)
    assert rewritten(file, ("nodes", node), words) == expected


def test_a_list_is_cut_into_lines_that_fit() -> None:
    words = tuple(f"WORD {n}" for n in range(30))
    new = rewritten(FILE, ("nodes", "one"), {"keywords": words}).splitlines()
    listed = [line for line in new if "WORD" in line]
    assert [len(line.split("  #")[0]) <= 100 for line in listed] == [True] * 3
    assert all(line.startswith("      WORD") for line in listed[1:])


def test_what_is_required_stays_though_it_is_empty() -> None:
    new = rewritten(FILE, ("nodes", "one"), {"text": "", "keywords": ()}, {"text", "keywords"})
    assert '    text: ""  # shown\n' in new
    assert "    keywords: []  # two\n" in new


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("nodes:\n  one: {label: A, text: B}\n", "do not stand on lines of their own"),
        ("nodes:\n  one: words\n", "do not stand on lines of their own"),
        ("nodes:\n  two:\n    text: A\n", "no such words yet"),
        ("nodes: [\n", "is not YAML"),
        ("", "is not YAML"),
        (
            "nodes:\n  one:\n    label: A\n    keywords: [A, # why\n      B]\n",
            "a note stands inside",
        ),
    ],
)
def test_what_only_a_person_should_change_is_left(text: str, what: str) -> None:
    with pytest.raises(NotWritable, match=what):
        rewritten(text, ("nodes", "one"), {"label": "New", "keywords": ("C",)})


def test_every_key_of_a_form_is_edited() -> None:
    kinds = {field.key: field.kind for field in PASSAGES["danger"].fields}
    assert kinds["label"] is Kind.LINE
    assert kinds["text"] is Kind.TEXT
    assert kinds["keywords"] is Kind.LINES
    sms = {field.key: field.kind for field in PASSAGES["all.sms"].fields}
    assert sms["tips"] is Kind.TEXTS
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
    words = typed(PASSAGES["danger"], lambda _: [value])
    assert (words["text"], words["label"], words["keywords"]) == (text, label, keywords)
