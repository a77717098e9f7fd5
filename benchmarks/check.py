"""What a check of the whole menu costs; `python benchmarks/check.py`.

A check is what a publish and a reload call, `main.read_menu`: a folder in, a menu that is right
or every fault out. It is measured in processes that have only just loaded their modules, and
again once a word is changed, as when somebody publishes. Beside it the command `check`, which
also loads those modules and looks at the form of the files.
"""

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

HOUSE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HOUSE))

ROUNDS = 9
CHANGED = ("en.yaml", "  next: More", "  next: Next")


def seconds_of(work: Callable[[], object]) -> float:
    """Processor time."""
    began = time.process_time()
    work()
    return time.process_time() - began


def measure_here() -> None:
    """In a process of its own: a first check, and one after a word was changed."""
    from main import menu_reader  # noqa: PLC0415 (it is what costs, and is not measured)
    from runtime.settings import Settings  # noqa: PLC0415

    read = menu_reader(Settings())
    with tempfile.TemporaryDirectory() as folder:
        menus = Path(shutil.copytree(HOUSE / "menus", Path(folder, "menus")))
        first = seconds_of(lambda: read(menus))
        file, old, new = CHANGED
        text = (menus / file).read_text("utf-8")
        assert old in text
        (menus / file).write_text(text.replace(old, new, 1), "utf-8")
        print(first, seconds_of(lambda: read(menus)))


def measured() -> tuple[float, float]:
    command = [sys.executable, __file__, "--here"]
    first, changed = subprocess.check_output(command, text=True, cwd=HOUSE).split()
    return float(first), float(changed)


def command_seconds() -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "main.py", "check"], check=True, capture_output=True, cwd=HOUSE)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    read = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    read.add_argument("--rounds", type=int, default=ROUNDS)
    read.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    arguments = read.parse_args()
    if arguments.here:
        measure_here()
        return
    rounds = [(*measured(), command_seconds()) for _ in range(arguments.rounds)]
    for n, what in enumerate(("a check", "a word changed", "the command")):
        seconds = [each[n] for each in rounds]
        print(f"{what:15} {median(seconds):.3f} s, least {min(seconds):.3f} s")


if __name__ == "__main__":
    main()
