"""Nothing is written outside the data directory: not at home, not beside the code, nowhere."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.commands import environment
from tests.support.operators import entered, posted, visitor, words
from tests.support.patience import PATIENCE
from tests.support.service import OPERATOR_TOKEN, REPOSITORY, SECRET, new_session
from tests.support.trees import HTTP, serving

NOTING = REPOSITORY / "tests" / "support" / "noting"
COMMANDS = [
    ["check"],
    ["screens"],
    ["dial", "--keys", "3*1"],
    ["text", "HELP"],
    ["contacts", "calls"],
]
ONE_AFTER_THE_OTHER = """
import json, sys
sys.path.insert(0, sys.argv[1])
import main
for arguments in json.loads(sys.argv[2]):
    assert not main.cli(arguments, standalone_mode=False), arguments
"""
NOWHERE = {Path("/dev/null")}
"""What is written there is written nowhere."""


class Noted:
    """A folder to run in, beside one for the data, and what each process writes."""

    def __init__(self, tree: Path) -> None:
        self.tree, self.data, self.notes = tree, tree.parent / "data", tree.parent / "notes"
        self.scratch = tree.parent / "scratch"
        self.scratch.mkdir()
        self.notes.touch()
        self.settings = {
            "PYTHONPATH": f"{NOTING}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "WRITES_NOTED_IN": str(self.notes),
            "TMPDIR": str(self.scratch),
            "HOME": "/nowhere",
            "KOMEK_DATA_DIR": str(self.data),
            "KOMEK_CALLBACK_SECRET": SECRET,
            "KOMEK_OPERATOR_TOKEN": OPERATOR_TOKEN,
        }

    def written(self) -> set[Path]:
        """The files and folders that processes have written to, or tried to; what measures
        the coverage of the tests is not Komek's.
        """
        noted = {Path(each) for each in self.notes.read_text("utf-8").splitlines()} - NOWHERE
        return {each for each in noted if not each.name.startswith(".coverage.")}

    def outside(self) -> set[Path]:
        return {each for each in self.written() if not each.is_relative_to(self.data)}

    def files(self) -> set[tuple[Path, int]]:
        """All that lies beside the data, and when it was changed."""
        beside = [*self.tree.rglob("*"), *self.scratch.rglob("*")]
        return {(each, each.stat().st_mtime_ns) for each in beside if each.name != "output.txt"}


@pytest.fixture
def noted(processes: None, tree: Path) -> Noted:
    return Noted(tree)


@contextmanager
def unchanged(noted: Noted) -> Iterator[None]:
    """What lies beside the data stays as it is, also for what is not Python."""
    before = noted.files()
    yield
    assert {each.name for each, _ in noted.files() ^ before if each.is_file()} == set()
    assert noted.outside() == set()
    assert noted.written()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_service_writes_into_its_data_alone(noted: Noted, workers: str) -> None:
    with unchanged(noted), serving(noted.tree, "--workers", workers, **noted.settings) as server:
        assert server.hop(new_session(), "3*1").startswith("CON ")
        texted = {"from": "+77010000001", "to": "1234", "text": "HELP", "id": "one", "date": "x"}
        address = server.callback().replace("/ussd", "/sms")
        assert HTTP.post(address, data=texted).status_code == 200
        with visitor(server.url) as we:
            assert entered(we).status_code == 303
            for page in ("menu", "words", "contacts", "figures", "health"):
                assert we.get(f"/operator/{page}").status_code == 200
            checked = posted(we, "/operator/words/en/danger", do="check")
            assert words(checked.text)
    assert noted.data / "data-key" in noted.written()
    noted.data = noted.scratch
    assert noted.outside(), "a write elsewhere would be seen"


def test_a_command_writes_into_the_data_alone(noted: Noted) -> None:
    """Each of them, in one process one after the other."""
    before = noted.files()
    done = subprocess.run(
        [sys.executable, "-c", ONE_AFTER_THE_OTHER, str(REPOSITORY), json.dumps(COMMANDS)],
        cwd=noted.tree,
        env=environment(noted.tree, noted.settings),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (noted.outside(), noted.files()) == (set(), before)
