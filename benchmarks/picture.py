"""Draws results as horizontal bars, as SVG."""

from html import escape
from statistics import median

from results import DISTINCT, RANDOM, REPEATED, Results

_WIDTH, _LEFT, _BAR, _GAP, _HEAD = 760, 270, 20, 6, 46
_LONGEST = _WIDTH - _LEFT - 80
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2933 }
.head { font-weight: 600; font-size: 15px }
.ours { fill: #d9730d } .others { fill: #9aa5b1 }
@media (prefers-color-scheme: dark) { text { fill: #e4e7eb } }
"""


def of(results: Results) -> str:
    """Return the picture of the rates, one group of bars for each kind of work."""
    parts: list[str] = []
    top = 0
    for work in DISTINCT, RANDOM, REPEATED:
        values = results.works.get(work, {})
        rates = {side: median(each) for side, each in values.items()}
        parts += _group(f"{work}, a second", rates, top)
        top += _HEAD + len(rates) * (_BAR + _GAP)
    size = f'viewBox="0 0 {_WIDTH} {top}" width="{_WIDTH}" height="{top}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
    title = "<title>Requests answered in a second, by each side</title>"
    return "\n".join([head, title, f"<style>{_STYLE}</style>", *parts, "</svg>", ""])


def _group(title: str, rates: dict[str, float], top: int) -> list[str]:
    lines = [f'<text class="head" x="0" y="{top + 28}">{escape(title)}</text>']
    most = max(rates.values(), default=1)
    for place, (side, rate) in enumerate(sorted(rates.items(), key=lambda it: -it[1])):
        y = top + _HEAD + place * (_BAR + _GAP) - _GAP
        lines += _bar(side, rate, y, max(1, round(_LONGEST * rate / most)))
    return lines


def _bar(side: str, rate: float, y: int, length: int) -> list[str]:
    kind = "ours" if side.startswith("Calendula") else "others"
    line = y + 15
    return [
        f'<text x="{_LEFT - 10}" y="{line}" text-anchor="end">{escape(side)}</text>',
        f'<rect class="{kind}" x="{_LEFT}" y="{y}" width="{length}" height="{_BAR}" rx="3"/>',
        f'<text x="{_LEFT + length + 8}" y="{line}">{rate:,.0f}</text>',
    ]
