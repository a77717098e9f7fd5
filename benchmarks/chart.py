"""A bar chart as SVG, for light and dark pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_NAMES, _BARS, _VALUES, _ROW, _HEAD = 250, 360, 70, 34, 46
_STYLE = """
  text { font: 14px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600 }
  rect { fill: #8c959f }
  rect.first { fill: #0969da }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    rect { fill: #6e7681 }
    rect.first { fill: #4493f8 }
  }
"""


@dataclass(frozen=True, slots=True)
class Bar:
    name: str
    value: float


def chart(title: str, bars: Sequence[Bar]) -> str:
    """The bars from zero, to scale, the first one in a colour of its own."""
    longest = max(bar.value for bar in bars)
    width, height = _NAMES + _BARS + _VALUES, _HEAD + _ROW * len(bars)
    rows = [_row(nth, bar, longest) for nth, bar in enumerate(bars)]
    said = f"{title}: " + "; ".join(f"{bar.name}, {bar.value:,.0f}" for bar in bars)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
            f' width="{width}" height="{height}" role="img">',
            f"<title>{escape(said)}</title>",
            f"<style>{_STYLE}</style>",
            f'<text class="title" x="8" y="24">{escape(title)}</text>',
            *rows,
            "</svg>\n",
        ]
    )


def _row(nth: int, bar: Bar, longest: float) -> str:
    top, length = _HEAD + _ROW * nth, _BARS * bar.value / longest
    mark = "" if nth else ' class="first"'
    return (
        f'<text x="8" y="{top + 16}">{escape(bar.name)}</text>'
        f'<rect{mark} x="{_NAMES}" y="{top}" width="{length:.1f}" height="22" rx="2"/>'
        f'<text x="{_NAMES + length + 8:.1f}" y="{top + 16}">{bar.value:,.0f}</text>'
    )
