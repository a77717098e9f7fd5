"""What an audit of the locked packages found: reads what `pip-audit --format json` says.

Ends with 1 where a weakness of a package is known.  Packages that it could not ask about, since
the advisories are out of reach, are told in one line and fail nothing: that says nothing of them.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

UNREACHED = "audit: the advisories were not reached: nothing is known of any package"


def weaknesses(report: dict[str, Any]) -> Iterator[str]:
    """A line for each weakness: the package, by what name it is known, where it is mended."""
    for package in report["dependencies"]:
        for each in package.get("vulns", ()):
            names = ", ".join(dict.fromkeys([each["id"], *each.get("aliases", ())]))
            mended = ", ".join(each.get("fix_versions", ())) or "no version yet"
            yield f"audit: {package['name']} {package['version']}: {names}; mended in {mended}"


def main(said: str) -> int:
    if not said.strip():
        print(UNREACHED)
        return 0
    report = json.loads(said)
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


if __name__ == "__main__":
    sys.exit(main(sys.stdin.read()))
