"""What an audit of the locked packages found: reads what `pip-audit --format json` says.

Its argument is the file of what pip-audit said beside.  Ends with 1 where a weakness of a package
is known, or where the audit broke down.  Packages that it could not ask about, since the
advisories are out of reach, are told in one line and fail nothing: that says nothing of them.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

UNREACHED = "audit: the advisories were not reached: nothing is known of any package"
_OUT_OF_REACH = re.compile(
    r"requests\.exceptions\.(\w*Timeout|\w*ConnectionError|ProxyError|SSLError)\b"
    r"|Could not connect to"
)
"""What pip-audit ends with where it finds no way to the advisories, or another in their place."""


def weaknesses(report: dict[str, Any]) -> Iterator[str]:
    """A line for each weakness: the package, by what name it is known, where it is mended."""
    for package in report["dependencies"]:
        for each in package.get("vulns", ()):
            names = ", ".join(dict.fromkeys([each["id"], *each.get("aliases", ())]))
            mended = ", ".join(each.get("fix_versions", ())) or "no version yet"
            yield f"audit: {package['name']} {package['version']}: {names}; mended in {mended}"


def main(report_text: str, said: str) -> int:
    if not report_text.strip():
        out_of_reach = _OUT_OF_REACH.search(said)
        print(UNREACHED if out_of_reach else f"audit: broke down: {_last_line(said)}")
        return int(not out_of_reach)
    report = json.loads(report_text)
    found = [*weaknesses(report)]
    packages = report["dependencies"]
    unasked = sum("skip_reason" in each for each in packages)
    print(*found, sep="\n", end="\n" if found else "")
    if unasked == len(packages):
        print(UNREACHED)
    else:
        asked, not_asked = len(packages) - unasked, f", {unasked} could not be" if unasked else ""
        print(f"audit: {len(found)} weaknesses; {asked} packages were asked about{not_asked}")
    return int(bool(found))


def _last_line(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if any(map(str.isalpha, line))]
    return lines[-1] if lines else "it said nothing"


if __name__ == "__main__":
    sys.exit(main(sys.stdin.read(), Path(sys.argv[1]).read_text("utf-8")))
