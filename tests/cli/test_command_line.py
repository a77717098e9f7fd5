"""The command line: what it prints, and the code it ends with."""

import re
import signal
import socket
import sys
from pathlib import Path

import psutil
import pytest
import typer

from cli.commands import MAKERS, other_commands
from main import CONTEXT
from tests.support.commands import command, ended_well, process, refused
from tests.support.mistakes import NEW_LABEL
from tests.support.patience import PATIENCE
from tests.support.service import free_port
from tests.support.trees import HTTP, Server, edit, serving, starting, until
from ussd.gateways.africastalking import answers_of
from ussd.preview import text_dialled

LANGUAGES = ("kk", "ru", "en")
PROMPT = "answer (Ctrl-D hangs up): "
FRAME = re.compile(r"^[╭│╰].*?[╮│╯]", re.MULTILINE)


def screens(printed: str) -> list[str]:
    """What stands in each phone's frame."""
    printed = printed.replace(PROMPT, "")
    frames = "\n".join(FRAME.findall(printed)).split("╭")[1:]
    return ["\n".join(line.strip("│ ") for line in frame.splitlines()[1:-1]) for frame in frames]


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("check",), ""),
        (("check",), "It’s {nobody} "),
        (("dial", "*384*55*3#"), ""),
        (("contacts", "verify", "nobody", "--by", "A", "--on", "2026-11-20", "--source", "x"), ""),
    ],
)
def test_as_a_process_of_its_own_it_says_the_same(
    tree: Path, arguments: tuple[str, ...], fault: str
) -> None:
    """The other tests run a command in their own process, which takes less time."""
    edit(tree / "menus" / "en.yaml", NEW_LABEL, f"{NEW_LABEL}{fault}")
    here = command(tree, *arguments, typed="1\n")
    assert process(tree, *arguments, typed="1\n") == here


def test_each_command_is_loaded_by_its_own_name() -> None:
    """Only with the others of its file."""
    every = typer.main.get_group(other_commands(CONTEXT)).commands.keys()
    for names in MAKERS:
        for name in names:
            loaded = typer.main.get_group(other_commands(CONTEXT, name)).commands
            assert {*loaded} == {*names} <= {*every}
    assert len(every) == sum(map(len, MAKERS))


# --- check ----------------------------------------------------------------------


def test_check_sums_up_a_menu_without_faults(good: Path) -> None:
    settings = {"KOMEK_CONTACTS_OLDEST_DAYS": "100000"}
    first, *notes = ended_well(command(good, "check", settings=settings)).splitlines()
    assert re.fullmatch(
        r"No faults: [0-9]+ nodes, 40 facts, [0-9]+ numbers, 3 languages\. Version [0-9a-f]{12}\.",
        first,
    )
    unread = [f"Note: no native speaker has read menus/{code}.yaml yet." for code in LANGUAGES]
    assert notes[: len(unread)] == unread
    alike = r"Note: menus/[a-z]+\.yaml:[0-9:]+ \w+: '\w+' says the same as in [a-z]+\.yaml: .*"
    assert [note for note in notes[len(unread) :] if not re.fullmatch(alike, note)] == []


def test_check_names_every_fault(tree: Path) -> None:
    edit(tree / "menus" / "en.yaml", NEW_LABEL, f"{NEW_LABEL}[red] It’s {{nobody}} ")
    edit(tree / "menus" / "kk.yaml", NEW_LABEL, f"{NEW_LABEL}Пoлиция ")
    edit(tree / "menus" / "tree.yaml", "[danger, ", "[danger, weather, ")

    *faults, last = refused(command(tree, "check"))

    places = [":".join(fault.split(": ")[:2]) for fault in faults]
    pattern = r"menus/(en|kk|tree)\.yaml:[0-9]+:[0-9]+:(escaped|main|file)"
    assert [place for place in places if not re.fullmatch(pattern, place)] == []
    assert {place.split(":")[0] for place in places} == {
        "menus/en.yaml",
        "menus/kk.yaml",
        "menus/tree.yaml",
    }
    assert last == f"{len(faults)} faults: the menu is not used."


# --- dial -----------------------------------------------------------------------


def test_dial_with_keys_shows_each_screen_and_its_size(good: Path) -> None:
    printed = ended_well(command(good, "dial", "--keys", "2*1"))

    screen_0, main, danger = screens(printed)
    assert "2 Russkiy" in screen_0.splitlines()
    assert "1 Я в опасности" in main.splitlines()
    assert re.search(r"\b102\b", danger)
    assert re.search(r"\b11616\b", danger)
    assert [line for line in ("dialled", "> 2", "> 1") if line not in printed] == []
    assert re.search(r"GSM-7 [0-9]+ of 160 units", printed)
    assert len(re.findall(r"UCS-2 [0-9]+ of 70 units", printed)) == 2
    assert len(re.findall(r"[0-9]+ octets", printed)) == 3


def test_a_code_may_go_straight_to_a_screen(good: Path) -> None:
    straight = screens(ended_well(command(good, "dial", "*384*55*2*1#", "--keys", "")))
    assert straight == screens(ended_well(command(good, "dial", "--keys", "2*1")))


def test_dial_says_what_would_be_sent(good: Path) -> None:
    printed = ended_well(command(good, "dial", "--keys", "3*3*2*1*0*0*4*5*1"))
    assert printed.count("here this is sent by SMS:") == 1
    assert "Give your passport to nobody." in printed
    assert printed.count("here the series begins") == 1


def test_another_code_is_refused(good: Path) -> None:
    told = refused(command(good, "dial", "*999#"))
    assert told == ["*999# is another service; this one answers *384*55#"]


@pytest.mark.parametrize(
    ("typed", "answers"),
    [
        ("*384*55#", ()),
        (" *384*55* ", ()),
        ("*384*55*2*1", ("2", "1")),
        ("*384*55*2**1#", ("2", "", "1")),
        ("*384*555#", None),
        ("*384#", None),
        ("384*55#", None),
        ("", None),
    ],
)
def test_the_answers_in_a_dialled_code(typed: str, answers: tuple[str, ...] | None) -> None:
    text = text_dialled("*384*55#", typed)
    assert (None if text is None else answers_of(text)) == answers


def test_the_code_is_a_setting(good: Path) -> None:
    settings = {"KOMEK_SERVICE_CODE": "*999#"}
    done = command(good, "dial", "*999*3#", "--keys", "", settings=settings)
    assert "1 I am in danger" in screens(ended_well(done))[-1]


def test_dial_asks_for_each_answer_until_it_is_hung_up(good: Path) -> None:
    printed = ended_well(command(good, "dial", typed="3\n1\n"))
    screen_0, main, danger = screens(printed)
    assert "3 English" in screen_0
    assert "1 I am in danger" in main
    assert "11616" in danger
    assert printed.count(PROMPT) == 3
    assert printed.endswith("hung up\n")


def test_dial_ends_when_the_session_ends(good: Path) -> None:
    printed = ended_well(command(good, "dial", "*384*55*3#", typed="x\n\n[bold]\n1\n"))
    main, notice, again, goodbye = screens(printed)
    assert "Please choose again." not in main
    assert notice == again
    assert notice.startswith("Please choose again.")
    assert "11616" in goodbye
    assert "session ends" in printed
    assert not printed.endswith("hung up\n")


# --- screens --------------------------------------------------------------------


def test_screens_shows_every_page_of_a_language(good: Path) -> None:
    printed = ended_well(command(good, "screens", "--language", "ru"))
    shown = screens(printed)
    assert "2 Russkiy" in shown[0]
    latin = [text for text in shown if not re.search("[а-яё]", text)]
    assert len(latin) == 2, "screen 0 and the last screen of who chose no language"
    assert re.search(r"ru documents +$", printed, re.MULTILINE)
    assert re.search(r"page 2 of [2-9]", printed)
    assert "kk " not in printed
    everything = screens(ended_well(command(good, "screens")))
    assert set(shown) < set(everything)
    assert any("1 I am in danger" in text for text in everything)


def test_the_summary_has_a_row_for_each_language_and_its_latin_letters(good: Path) -> None:
    printed = ended_well(command(good, "screens", "--summary"))
    rows = [line.split()[1] for line in printed.splitlines() if line.startswith("│")]
    assert rows == [*LANGUAGES, "kk_Latn", "ru_Latn"]


def test_an_unknown_language_is_refused(good: Path) -> None:
    done = command(good, "screens", "--language", "xx")
    assert refused(done) == ["There is no language xx: kk, ru, en, kk_Latn, ru_Latn"]


@pytest.mark.parametrize("name", ["dial", "screens", "serve"])
def test_nothing_works_on_a_broken_menu(tree: Path, name: str) -> None:
    edit(tree / "menus" / "en.yaml", NEW_LABEL, f"{NEW_LABEL}It’s ")
    fault, last = refused(command(tree, name))
    assert fault.startswith("menus/en.yaml:")
    assert last == "1 faults: the menu is not used."
    assert not (tree / "data").exists()


# --- serve ----------------------------------------------------------------------


def ends_at_sigterm(server: Server) -> None:
    """And with it all that it started, in good order."""
    family = psutil.Process(server.process.pid).children(recursive=True)
    assert [each for each in family if "valkey" in each.name() or "redis" in each.name()]
    server.process.terminate()
    code = server.process.wait(PATIENCE)
    until(lambda: not any(each.is_running() for each in family), "all have ended")
    assert code == 0
    assert "Traceback" not in server.said()


@pytest.mark.usefixtures("processes")
def test_serve_says_what_to_try_shares_no_folder_and_ends_at_sigterm(tree: Path) -> None:
    with serving(tree) as server:
        said = server.said()
        assert "Komek answers *384*55# and texts to 1234 (simulator)" in said
        secret = re.escape(server.callback().split("/")[-2])
        assert re.fullmatch(r"[\w-]{22,}", secret.replace("\\", ""))
        assert re.search(rf"{server.url}/africastalking/{secret}/ussd/end$", said, re.MULTILINE)
        assert f"{server.url}/readyz" in said
        assert "main.py dial" in said

        assert server.hop("welcome").startswith("CON ")
        tried = re.search(r"curl -d '(?P<form>.+)' (?P<url>\S+)$", said, re.MULTILINE)
        assert tried
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        reply = HTTP.post(tried["url"], content=tried["form"], headers=kind)
        assert reply.text.startswith("CON ")
        assert server.ready()["redis"] == "answers"
        assert secret not in server.said().split("curl")[1].partition("\n")[2], "never logged"

        second = process(tree, "serve", "--port", str(free_port()))
        assert refused(second) == ["another Komek is running on data"]
        ends_at_sigterm(server)


@pytest.mark.usefixtures("processes")
@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc which signals are ignored")
def test_a_hangup_while_it_starts_does_not_end_it(tree: Path) -> None:
    with starting(tree) as server:
        status = Path(f"/proc/{server.process.pid}/status")

        def ignores() -> bool:
            found = re.search(r"^SigIgn:\s*([0-9a-f]+)$", status.read_text("utf-8"), re.MULTILINE)
            return bool(found and int(found[1], 16) >> (signal.SIGHUP - 1) & 1)

        until(lambda: ignores() or server.answers(), "the command has begun")
        while not server.answers():
            server.process.send_signal(signal.SIGHUP)
        assert server.hop("one").startswith("CON ")


def test_without_a_secret_a_real_gateway_is_not_served(tree: Path) -> None:
    port = free_port()
    settings = {"KOMEK_GATEWAY": "africastalking"}
    done = command(tree, "serve", "--port", str(port), settings=settings)
    told = [line.partition(":")[0] for line in refused(done)]
    needed = ("CALLBACK_SECRET", "DATA_KEY", "AT_USERNAME", "AT_API_KEY")
    assert told == [f"KOMEK_{name}" for name in needed]
    assert not (tree / "data").exists(), "nothing was started"


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_port_in_use_is_told_in_one_line(good: Path, workers: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = process(good, "serve", "--port", port, "--workers", workers)
    assert done.returncode not in (0, -15)
    said = done.stdout + done.stderr
    assert len(re.findall(r"(?i)address already in use", said)) == 1
    assert "Traceback" not in said
