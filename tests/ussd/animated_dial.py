"""Draws the moving picture of the README, a phone that dials: `make animation`.

The screens are those of the menu as it is.  The picture is an SVG that moves by CSS alone;
where nothing may move, it shows the number to call.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from textwrap import wrap

from sms.encoding import measure
from tests.support.menus_read import read_menu
from tests.support.trees import MENUS
from ussd.gateways import answers_of
from ussd.paging import Budget
from ussd.preview import conversation
from ussd.screens import Screens

PICTURE = Path(__file__).parents[2] / "docs" / "dial.svg"
CODE = "*384*55#"
ANSWERS = "3*4*3*1*1"
"""English, who can help, abroad, by SMS, yes."""
SECONDS = 3.5
"""That each screen is shown."""
STILL = 5
"""Which of them is shown where nothing may move: the number to call."""
COLUMNS = 30
"""Of text on the phone's screen."""

_HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" width="610" height="440" viewBox="0 0 610 440"
 role="img" aria-labelledby="t d">
<title id="t">A phone dials {code} and finds whom to call</title>
<desc id="d">{described}</desc>
<style>
text {{ font: 14px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #1c2733 }}
.said {{ font: 600 20px system-ui, "DejaVu Sans", sans-serif; fill: #f2f5f7 }}
.size {{ font: 15px system-ui, "DejaVu Sans", sans-serif; fill: #a9bccb }}
.key {{ font-size: 15px; fill: #dde5ec; text-anchor: middle }}
.button {{ fill: #33475a }} .press .button {{ fill: #e0a526 }} .press .key {{ fill: #1c2733 }}
.frame {{ opacity: 0; animation: frame {total}s infinite step-end }}
.frame:nth-of-type({still}) {{ opacity: 1 }}
.press {{ opacity: 0; animation: press {total}s infinite step-end; animation-delay: inherit }}
@keyframes frame {{ 0% {{ opacity: 1 }} {share}%, 100% {{ opacity: 0 }} }}
@keyframes press {{ 0% {{ opacity: 0 }} {late}% {{ opacity: 1 }} {share}%, 100% {{ opacity: 0 }} }}
@media (prefers-reduced-motion: reduce) {{ .frame, .press {{ animation: none }} }}
</style>
<rect width="610" height="440" rx="14" fill="#1f2d3a"/>
<rect x="28" y="14" width="316" height="412" rx="26" fill="#0f1a24"/>
<rect x="42" y="32" width="288" height="226" rx="8" fill="#eef3ea"/>
"""


@dataclass(frozen=True)
class Frame:
    """What is shown for `SECONDS`: the screen, what is typed then, what is said beside it."""

    screen: str
    typed: str
    said: str
    beside: tuple[str, ...]


def draw() -> str:
    """The picture, from the menu in the repository."""
    frames = list(_frames())
    share = 100 / len(frames)
    head = _HEAD.format(
        code=escape(CODE),
        still=STILL,
        described=escape(". ".join(each.screen.replace("\n", "; ") for each in frames)),
        total=SECONDS * len(frames),
        share=f"{share:.2f}",
        late=f"{share * 0.65:.2f}",
    )
    keys = "".join(_button(key) for key in "123456789*0#")
    drawn = "".join(_drawn(number, each) for number, each in enumerate(frames))
    return f"{head}{keys}{drawn}</svg>\n"


def _frames() -> Iterator[Frame]:
    """The code as it is dialled, then each screen with the answer that follows."""
    answers = answers_of(ANSWERS)
    yield Frame("", CODE, "Dial the code", ("Any phone, no internet",))
    shown = conversation(Screens(read_menu(MENUS), Budget()), answers)
    for each, typed, before in zip(shown, [*answers, ""], ["", *answers], strict=True):
        text, said = each.screen.text, f"Answered {before}" if before else "The first screen"
        size = measure(text)
        room = f"{size.encoding}: {size.units} of {Budget().of(text)} units"
        yield Frame(text, typed, said, (room, each.page))


def _drawn(number: int, frame: Frame) -> str:
    lines = [part for line in frame.screen.split("\n") for part in wrap(line, COLUMNS) or [""]]
    words = [_text(56, 56 + 19 * n, line) for n, line in enumerate(lines)]
    words.append(_text(372, 120, frame.said, "said"))
    words += [_text(372, 150 + 23 * n, each, "size") for n, each in enumerate(frame.beside)]
    typed = _text(56, 244, f"> {frame.typed}") if frame.typed else ""
    press = f'<g class="press">{typed}{"".join(_button(key) for key in frame.typed[-1:])}</g>'
    delay = f'style="animation-delay:{_delay(number)}s"'
    return f'<g class="frame" {delay}>\n{"".join(words)}{press}</g>\n'


def _delay(number: int) -> float:
    """Below zero, so that each frame is at its place in the round from the beginning."""
    return SECONDS * (number - len(answers_of(ANSWERS)) - 2)


def _button(key: str) -> str:
    row, column = divmod("123456789*0#".index(key), 3)
    x, y = 58 + 88 * column, 270 + 37 * row
    return (
        f'<rect class="button" x="{x}" y="{y}" width="80" height="31" rx="7"/>'
        f"{_text(x + 40, y + 21, key, 'key')}"
    )


def _text(x: int, y: int, words: str, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x}" y="{y}">{escape(words)}</text>\n'


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
