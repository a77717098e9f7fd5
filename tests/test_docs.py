"""The documents say what is so: links lead somewhere, files, names and commands exist."""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from pydantic_settings import BaseSettings

import main
from runtime.settings import Settings
from sms.requests import Unknown
from sms.understanding import countries_of, understand, vocabulary_of
from tests.support.menus_read import read_once
from tests.support.trees import MENUS, copied_menus, faults_of
from tests.test_house import HOUSE, committed
from tests.ussd.animated_dial import PICTURE, draw
from ussd.gateways import GATEWAYS

COMMITTED = committed()
DOCUMENTS = sorted(path for path in COMMITTED if path.endswith(".md"))
CODE = (".py", ".js", ".yaml", ".csv", ".html", ".css", ".toml", ".txt")
MADE_LATER = {
    "tr.yaml": "a language to come",
    "words-history.jsonl": "in the data directory",
    "contacts-history.jsonl": "in the data directory",
    "operators.jsonl": "in the data directory",
    "redis.log": "in the data directory",
}
"""Files that a document may name although nobody has committed them."""
NOT_OURS = {"FORWARDED_ALLOW_IPS"}
"""Names of other programs."""

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_INLINE = re.compile(r"`([^`\n]+)`")
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_PLACED = re.compile(r"((?:`[\w.]+`(?: and |, )?)+) in\s`(\w+/[\w/]+\.\w+)`")
_MODULE = re.compile(r"python -m ([\w.]+)")
_PATH = re.compile(r"[\w.-]+(/[\w.-]+)*/?")
_PLACE = re.compile(r":\d+:\d+:")
_FILE = re.compile(r".+\.(py|md|yaml|yml|csv|txt|js|css|html|json|jsonl|toml|png|svg|log|lua)")
_NAME = re.compile(r"[A-Za-z]\w*(\.[a-z_]\w*)*(\(\))?")


@cache
def text_of(document: str) -> str:
    return (HOUSE / document).read_text(encoding="utf-8")


def prose_of(document: str) -> str:
    """Without what stands in fences."""
    return _FENCED.sub("", text_of(document))


def quoted() -> Iterator[tuple[str, str]]:
    """What each document sets in backticks, in its prose."""
    for document in DOCUMENTS:
        for found in _INLINE.finditer(prose_of(document)):
            yield document, found[1]


def fences(document: str) -> list[tuple[str, str]]:
    """What stands in fences, each with its kind."""
    return _FENCED.findall(text_of(document))


def headings(document: str) -> set[str]:
    """The anchors of a document, as its readers' sites make them."""
    titles = re.findall(r"^#+ (.+)$", prose_of(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in titles}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_relative_link_leads_somewhere(document: str) -> None:
    for link in _LINK.findall(prose_of(document)):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = ((HOUSE / document).parent / path).resolve() if path else HOUSE / document
        assert target.exists(), f"{document}: {link}"
        if anchor:
            assert anchor in headings(str(target.relative_to(HOUSE))), f"{document}: {link}"


def test_every_picture_is_shown() -> None:
    shown = {Path(link).name for document in DOCUMENTS for link in _LINK.findall(text_of(document))}
    pictures = {Path(each).name for each in COMMITTED if each.endswith((".png", ".svg"))}
    assert {each for each in pictures if (HOUSE / "docs" / each).exists()} <= shown


def test_every_file_that_is_named_exists() -> None:
    wrong = [f"{document}: {path}" for document, path in named_files() if not exists(path)]
    assert not wrong


def named_files() -> Iterator[tuple[str, str]]:
    top = {path.split("/")[0] for path in COMMITTED}
    for document, token in quoted():
        if _PATH.fullmatch(token) and (
            ("/" in token and token.split("/")[0] in top) or _FILE.fullmatch(token)
        ):
            yield document, token


@cache
def exists(path: str) -> bool:
    """A path from the top of the repository, or the bare name of any file in it."""
    if "/" not in path:
        return (
            path in MADE_LATER
            or any(each.endswith(f"/{path}") for each in COMMITTED)
            or (HOUSE / path).is_file()
        )
    return (HOUSE / path).exists()


def test_what_no_document_names_is_no_exception() -> None:
    named = {path for _, path in named_files()}
    assert not MADE_LATER.keys() - named


def test_every_name_of_the_code_exists() -> None:
    """Where a document says `Dialogue.answer` or `REDIS_SECONDS`, the code says it too."""
    words = words_of_the_code()
    wrong = [f"{document}: {name}" for document, name in names() if not set(parts(name)) <= words]
    assert not wrong


def names() -> Iterator[tuple[str, str]]:
    for document, token in quoted():
        looks_like_code = re.search(r"_|[a-z][A-Z]|\w\.\w|\(\)", token)
        is_ours = not token.startswith("KOMEK_") and token not in NOT_OURS
        if _NAME.fullmatch(token) and looks_like_code and is_ours and not _FILE.fullmatch(token):
            yield document, token


def test_the_glossary_gives_the_words_of_the_code() -> None:
    cells = re.findall(r"^\|[^|]+\|([^|]+)\|[^|]+\|$", text_of("docs/glossary.md"), re.MULTILINE)
    given = {name for cell in cells for name in _INLINE.findall(cell)}
    assert len(given) > 30
    assert given <= words_of_the_code()


def test_a_name_is_in_the_file_that_is_said_to_have_it() -> None:
    """As in "`Caps` and `Rate` in `sms/outbox/outbox.py`"."""
    placed = [
        (name, found[2])
        for document in DOCUMENTS
        for found in _PLACED.finditer(prose_of(document))
        for name in _INLINE.findall(found[1])
    ]
    assert len(placed) > 8
    for name, path in placed:
        assert set(parts(name)) <= set(re.findall(r"\w+", text_of(path))), f"{name} in {path}"


def test_the_architecture_names_every_package() -> None:
    packages = {each.rsplit("/", 1)[0] for each in COMMITTED if each.endswith("/__init__.py")}
    rooms = {each for each in packages if not each.startswith(("tests", "benchmarks"))}
    named = {path.rstrip("/") for page, path in named_files() if page == "docs/architecture.md"}
    assert rooms <= named


def parts(name: str) -> list[str]:
    return name.removesuffix("()").split(".")


@cache
def words_of_the_code() -> set[str]:
    files = [path for path in COMMITTED if path.endswith(CODE) and path != "tests/test_docs.py"]
    return {word for path in files for word in re.findall(r"\w+", text_of(path))}


def test_every_setting_exists() -> None:
    kinds: set[type[BaseSettings]] = {
        Settings,
        *(own for each in GATEWAYS.values() for own in each.settings),
    }
    fields = {
        f"{kind.model_config['env_prefix']}{name.upper()}"
        for kind in kinds
        for name in kind.model_fields
    }
    for document in DOCUMENTS:
        named = set(re.findall(r"\bKOMEK_[A-Z_]*[A-Z]", text_of(document)))
        assert named <= fields, document
    assert fields <= set(re.findall(r"KOMEK_[A-Z_]*[A-Z]", text_of("docs/running.md")))


def test_every_key_of_redis_is_listed() -> None:
    key = re.compile(r"[\"'`]((?:ussd|sms|web):[a-z-]+)")
    ours = [path for path in COMMITTED if path.endswith(".py") and not path.startswith("tests")]
    in_scripts = re.compile(r"(?:SMS|KEYS\[1\]) \.\. '([a-z-]+)")
    named = {name for path in ours for name in key.findall(text_of(path))}
    named |= {f"sms:{name}" for path in ours for name in in_scripts.findall(text_of(path))}
    assert set(key.findall(text_of("docs/redis.md"))) == named


# --- Commands -------------------------------------------------------------------


def commands() -> Iterator[tuple[str, list[str]]]:
    """Every command line of ours: in fences of `sh`, and in backticks."""
    for document in DOCUMENTS:
        shells = [body for kind, body in fences(document) if kind == "sh"]
        lines = [line for body in shells for line in body.replace("\\\n", " ").splitlines()]
        for line in [*lines, *_INLINE.findall(prose_of(document))]:
            if "…" not in line and re.search(r"(^|/)make |main\.py \w", line):
                yield document, shlex.split(line, comments=True)


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    asked = {(document, words[1]) for document, words in commands() if words[0] == "make"}
    assert {"run", "test"} <= {target for _, target in asked}
    assert not [each for each in asked if each[1] not in targets]


def test_every_command_exists_with_its_options() -> None:
    tried = 0
    for document, words in commands():
        ours = [n for n, word in enumerate(words) if word.endswith("main.py")]
        if ours:
            parse(document, words[ours[0] + 1 :])
            tried += 1
    assert tried > 20


def parse(document: str, arguments: list[str]) -> None:
    """As the command line does, without doing anything."""
    command: Any = typer.main.get_command(main.cli)
    while hasattr(command, "get_command") and not arguments[0].startswith("-"):
        name, *arguments = arguments
        command = command.get_command(typer.Context(command), name)
        assert command, f"{document}: main.py … {name}"
        if not arguments:
            return
    options = {name for each in command.params for name in each.opts} | {"--help"}
    unknown = [each for each in arguments if each.startswith("-") and each not in options]
    assert not unknown, f"{document}: {command.name} {unknown}"


def test_every_module_that_is_run_exists() -> None:
    run = {name for document in DOCUMENTS for name in _MODULE.findall(text_of(document))}
    assert run
    for name in run:
        assert (HOUSE / f"{name.replace('.', '/')}.py").is_file(), name


# --- Examples -------------------------------------------------------------------


def test_what_the_readme_says_to_text_is_understood() -> None:
    menu = read_once(MENUS)
    vocabulary = vocabulary_of(menu, countries_of(menu))
    table = re.findall(r"^\| (`[A-Z].*?) \|", text_of("README.md"), re.MULTILINE)
    texts = [text for cell in table for text in _INLINE.findall(cell)]
    assert len(texts) > 6
    for text in texts:
        assert not isinstance(understand(text, vocabulary), Unknown), text


def test_every_example_in_yaml_can_be_read() -> None:
    examples = [body for document in DOCUMENTS for kind, body in fences(document) if kind == "yaml"]
    assert len(examples) > 2
    for body in examples:
        assert yaml.safe_load(body)


def test_the_alarms_ask_for_figures_that_there_are() -> None:
    rules = [body for kind, body in fences("docs/running.md") if "alert:" in body]
    asked = set(re.findall(r"komek_\w+", "".join(rules)))
    assert asked <= set(re.findall(r"komek_\w+", text_of("web/figures/metrics.py")))
    assert len(asked) > 4


def test_the_faults_in_the_words_page_are_what_check_says(tmp_path: Path) -> None:
    """But for their lines and columns, which move with every edit."""
    menus = copied_menus(tmp_path)
    for name, right, wrong in (("ru", "консульство", "кoнсульство"), ("en", "police}", "polise}")):
        file = menus / f"{name}.yaml"
        file.write_text(file.read_text("utf-8").replace(right, wrong), "utf-8")
    examples = [body for _, body in fences("docs/words.md") if "mixes alphabets" in body]
    said = {_PLACE.sub(":", fault) for fault in faults_of(menus)}
    assert {_PLACE.sub(":", line) for line in examples[0].splitlines()} <= said


def test_the_moving_picture_shows_the_screens_of_today() -> None:
    assert PICTURE.read_text(encoding="utf-8") == draw(), "run `make animation`"


def test_the_readme_is_read_in_two_minutes() -> None:
    assert len(text_of("README.md").splitlines()) <= 120
