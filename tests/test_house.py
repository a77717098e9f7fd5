"""The rules of the house that a machine can check."""

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from ussd.gateways import GATEWAYS

HOUSE = Path(__file__).parent.parent
ROOMS = ("runtime", "menus", "sms", "ussd", "web", "cli")
MAY_IMPORT = {room: set(ROOMS[: n + 1]) for n, room in enumerate(ROOMS)}
MAY_IMPORT["main.py"] = set(ROOMS)
"""Each room what stands below it.  Who only measures may use what the tests share."""
MAY_IMPORT["tests"] = {*ROOMS, "main", "tests"}
MAY_IMPORT["benchmarks"] = {*ROOMS, "main", "tests", "benchmarks"}
OURS = {*ROOMS, "main", "tests", "benchmarks"}
GATEWAY_WORDS = re.compile(
    r"\b(CON|sessionId|phoneNumber|serviceCode|networkCode|linkId|SMSMessageData)\b"
)
WORDS_OF = {
    "africastalking": GATEWAY_WORDS,
    "kannel": re.compile(r"(?i)x-kannel|ussd_service_op|its_session_info|sms-service"),
}


def files_of(room: str) -> list[Path]:
    place = HOUSE / room
    return [place] if place.is_file() else sorted(place.rglob("*.py"))


def imports(file: Path) -> set[str]:
    """The top-level names that a file imports, wherever in it."""
    return {module.split(".")[0] for module in modules(file)}


@cache
def nodes(file: Path) -> list[ast.AST]:
    """Everything in a file, from the whole of it down."""
    return list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))


@cache
def dumped(file: Path) -> str:
    return ast.dump(nodes(file)[0])


@cache
def modules(file: Path) -> set[str]:
    """The modules that a file imports, wherever in it, each by its whole name."""
    found = set[str]()
    for node in nodes(file):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            found |= {node.module or "", *(f"{node.module}.{each.name}" for each in node.names)}
    return found


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_arrows_point_one_way(room: str) -> None:
    files = files_of(room)
    assert files
    for file in files:
        forbidden = (imports(file) & OURS) - MAY_IMPORT[room]
        assert not forbidden, f"{file.relative_to(HOUSE)} imports {forbidden}"


def test_a_forbidden_arrow_would_be_seen(tmp_path: Path) -> None:
    file = tmp_path / "intruder.py"
    file.write_text("def late() -> None:\n    import ussd.engine\n", encoding="utf-8")
    assert imports(file) & OURS == {"ussd"}


@pytest.mark.parametrize("room", ROOMS)
def test_a_packages_inside_is_its_own(room: str) -> None:
    """Its neighbours take from it what its `__init__` names; the registry, each gateway's file."""
    registry = HOUSE / "ussd" / "gateways" / "registry.py"
    for file in {*files_of(room), HOUSE / "main.py"} - {registry}:
        for package in packages() - {file.parent}:
            reached = modules(file) & inside(package)
            assert not reached, f"{file.relative_to(HOUSE)} reaches into {reached}"


@cache
def inside(package: Path) -> set[str]:
    """The modules of a package that its `__init__` does not name."""
    names = {each.stem for each in package.glob("[!_]*.py")} - named_by(package)
    return {f"{dotted(package)}.{name}" for name in names}


def named_by(package: Path) -> set[str]:
    """The names that its `__init__` gives to others."""
    tree = ast.parse((package / "__init__.py").read_text(encoding="utf-8"))
    return {
        name
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        for name in ast.literal_eval(node.value)
    }


@cache
def packages() -> set[Path]:
    """The packages inside the rooms."""
    return {each.parent for room in ROOMS for each in (HOUSE / room).glob("*/__init__.py")}


def dotted(package: Path) -> str:
    return ".".join(package.relative_to(HOUSE).parts)


def test_only_the_command_line_knows_its_libraries() -> None:
    for room in set(ROOMS) - {"cli"}:
        for file in files_of(room):
            assert not imports(file) & {"typer", "rich"}, file.relative_to(HOUSE)


@pytest.mark.parametrize("gateway", WORDS_OF)
def test_the_gateways_words_stop_at_its_door(gateway: str) -> None:
    folders = [HOUSE / room / "gateways" for room in ("ussd", "sms")]
    doors = {file for folder in folders for file in folder.glob(f"{gateway}*.py")}
    for room in ROOMS:
        for file in set(files_of(room)) - doors:
            assert not WORDS_OF[gateway].search(dumped(file)), file.relative_to(HOUSE)


def test_each_gateway_has_words_that_stop_at_its_door() -> None:
    assert WORDS_OF.keys() == GATEWAYS.keys() - {"simulator"}


def test_one_line_of_the_registry_is_a_gateway() -> None:
    """Only the registry imports a gateway's file, and nothing else has its name in it."""
    files = {each.stem for each in (HOUSE / "sms" / "gateways").glob("*.py")}
    real = {name for name in GATEWAYS if name != "simulator"}
    assert real <= files
    outside = {file for room in ROOMS for file in files_of(room) if file.parent.name != "gateways"}
    outside -= {HOUSE / "web" / "health" / "versions.py"}  # there it is the name of a package
    for file in {*outside, HOUSE / "main.py"}:
        strings = [
            node.value
            for node in nodes(file)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        assert not real & {*strings}, file.relative_to(HOUSE)


def test_one_script_speaks_the_gateways_words() -> None:
    scripts = sorted((HOUSE / "web").glob("*/static/*.js"))
    speaking = [each.name for each in scripts if GATEWAY_WORDS.search(each.read_text("utf-8"))]
    assert speaking == ["africastalking.js"]


def test_only_the_outbox_names_its_keys() -> None:
    keys = re.compile(
        r"sms:(queue|message|key|later|cap|alarm|bucket|gateway|unsettled|early|counts|counted)\b"
    )
    outbox = HOUSE / "sms" / "outbox"
    assert keys.search((outbox / "outbox.py").read_text(encoding="utf-8"))
    for room in ROOMS:
        for file in [each for each in files_of(room) if outbox not in each.parents]:
            assert not keys.search(file.read_text(encoding="utf-8")), file.relative_to(HOUSE)


def test_no_drawer_is_named_for_what_is_in_it() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}
    names = {file.stem for room in MAY_IMPORT for file in files_of(room)}
    assert not names & drawers


def test_only_known_things_stand_at_the_top() -> None:
    rooms = {*ROOMS, "tests", "benchmarks", "docs", "requirements"}
    files = {"main.py", "Dockerfile", "compose.yaml", "Makefile", "pyproject.toml"}
    files |= {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE"}
    assert {path.split("/")[0] for path in committed() if path[0] != "."} <= rooms | files


def test_no_committed_file_names_a_package_index() -> None:
    index = re.compile(r"(extra-)?index-url|find-links|--index|files\.pythonhosted|pypi\.org")
    for path in committed():
        if not path.endswith((".png", "test_house.py")):
            content = (HOUSE / path).read_text(encoding="utf-8")
            assert not index.search(content), path


def test_every_dependency_is_pinned_with_hashes() -> None:
    for lock in (HOUSE / "requirements").glob("*.txt"):
        text = lock.read_text(encoding="utf-8").replace("\\\n", " ")
        pinned = [line for line in text.splitlines() if line and line[0] not in " #"]
        assert pinned
        for line in pinned:
            assert re.match(r"[\w.\[\]-]+==[\w.]+ .*--hash=sha256:", line), line


@pytest.mark.parametrize(("package", "least"), [("starlette", (1, 3, 1))])
def test_packages_are_new_enough_for_their_limits_to_hold(
    package: str, least: tuple[int, ...]
) -> None:
    lock = (HOUSE / "requirements" / "run.txt").read_text(encoding="utf-8")
    version = re.search(rf"^{package}==([\d.]+)", lock, re.MULTILINE)
    assert version
    assert tuple(map(int, version[1].split("."))) >= least


def committed() -> list[str]:
    listed = subprocess.run(  # the house is a git checkout, and git is at hand
        ["git", "ls-files"],  # noqa: S607
        cwd=HOUSE,
        capture_output=True,
        check=True,
        text=True,
    )
    return listed.stdout.splitlines()
