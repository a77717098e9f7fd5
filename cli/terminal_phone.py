"""A phone in the terminal: a screen in its frame, and what it costs beside it."""

from rich.columns import Columns
from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.text import Text

from sms.encoding import measure
from ussd.paging import Budget
from ussd.preview import Shown, conversation
from ussd.screens import Screens

PHONE_COLUMNS = 34


def talk(console: Console, screens: Screens, budget: Budget, answers: tuple[str, ...]) -> None:
    """Show a screen, ask for the answer, until the session ends or is hung up."""
    while True:
        *_, shown = conversation(screens, answers)
        console.print(draw(shown, budget))
        if shown.screen.ends:
            return
        try:
            answers += (console.input("answer (Ctrl-D hangs up): "),)
        except (EOFError, KeyboardInterrupt):
            console.print("\nhung up")
            return


def draw(shown: Shown, budget: Budget) -> RenderableType:
    """The phone, and beside it the encoding, the units used and the octets."""
    text = shown.screen.text
    size = measure(text)
    facts = [
        shown.title,
        f"{size.encoding} {size.units} of {budget.of(text)} units",
        f"{size.octets} octets",
        shown.page,
        "session ends" if shown.screen.ends else "",
        shown.sends,
    ]
    phone = Panel(Text(text), width=PHONE_COLUMNS)
    return Columns([phone, Text("\n".join(fact for fact in facts if fact))], padding=(0, 2))
