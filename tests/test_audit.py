"""What `make audit` says, by what pip-audit finds."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

AUDIT = Path(__file__).parents[1] / "requirements" / "audit.py"
SOUND = {"name": "sound", "version": "1.0", "vulns": []}
UNASKED = {"name": "unasked", "skip_reason": "Dependency not found on PyPI"}
WEAK = {
    "name": "weak",
    "version": "2.1",
    "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1", "PYSEC-1"], "fix_versions": ["2.2"]}],
}
UNMENDED = {"name": "worse", "version": "3", "vulns": [{"id": "CVE-2", "fix_versions": []}]}


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize(
    ("packages", "code", "said"),
    [
        ([SOUND], 0, ["audit: 0 weaknesses; 1 packages were asked about"]),
        ([SOUND, UNASKED], 0, ["audit: 0 weaknesses; 1 packages were asked about, 1 could not be"]),
        ([UNASKED], 0, ["audit: the advisories were not reached: nothing is known of any package"]),
        (None, 0, ["audit: the advisories were not reached: nothing is known of any package"]),
        (
            [WEAK, SOUND, UNMENDED, UNASKED],
            1,
            [
                "audit: weak 2.1: PYSEC-1, CVE-1; mended in 2.2",
                "audit: worse 3: CVE-2; mended in no version yet",
                "audit: 2 weaknesses; 3 packages were asked about, 1 could not be",
            ],
        ),
    ],
)
def test_a_weakness_fails_and_what_could_not_be_asked_is_told(
    packages: list[dict[str, Any]] | None, code: int, said: list[str]
) -> None:
    report = "" if packages is None else json.dumps({"dependencies": packages, "fixes": []})
    run = subprocess.run(
        [sys.executable, AUDIT], check=False, input=report, capture_output=True, text=True
    )
    assert (run.returncode, run.stdout.splitlines()) == (code, said)
    assert run.stderr == ""
