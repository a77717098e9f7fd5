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
    packages: list[dict[str, Any]], code: int, said: list[str], tmp_path: Path
) -> None:
    report = json.dumps({"dependencies": packages, "fixes": []})
    assert audited(report, "No known vulnerabilities found\n", tmp_path) == (code, said)


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize(
    ("beside", "code", "said"),
    [
        (
            "Traceback\nrequests.exceptions.ConnectionError: no route\n",
            0,
            "audit: the advisories were not reached: nothing is known of any package",
        ),
        (
            "requests.exceptions.SSLError: self-signed certificate in certificate chain\n",
            0,
            "audit: the advisories were not reached: nothing is known of any package",
        ),
        (
            "ERROR:pip_audit._cli:invalid requirements input: run.txt\n\n",
            1,
            "audit: broke down: ERROR:pip_audit._cli:invalid requirements input: run.txt",
        ),
        ("", 1, "audit: broke down: it said nothing"),
    ],
)
def test_an_audit_that_broke_down_fails(beside: str, code: int, said: str, tmp_path: Path) -> None:
    assert audited("", beside, tmp_path) == (code, [said])


def audited(report: str, beside: str, folder: Path) -> tuple[int, list[str]]:
    """How it ends, and what it says, after pip-audit has said so much."""
    (folder / "said").write_text(beside)
    command = [sys.executable, str(AUDIT), str(folder / "said")]
    run = subprocess.run(command, check=False, input=report, capture_output=True, text=True)
    assert run.stderr == ""
    return run.returncode, run.stdout.splitlines()
