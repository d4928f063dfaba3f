"""Draws what was seen over time, a small picture for each measure, as SVG."""

from collections.abc import Sequence
from html import escape
from typing import Protocol

_WIDTH, _HEIGHT, _LEFT, _HEAD, _FOOT = 760, 150, 60, 34, 22
_COLOURS = ("#d9730d", "#2f6f9f")
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2933 }
.head { font-weight: 600; font-size: 15px }
.axis { stroke: #9aa5b1; stroke-width: 1 } .half { stroke-dasharray: 3 3 }
path { fill: none; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) { text { fill: #e4e7eb } }
"""


class Named(Protocol):
    """A measure."""

    @property
    def name(self) -> str:
        """What is looked at."""

    @property
    def unit(self) -> str:
        """Of its numbers."""


class Seen(Protocol):
    """What was looked at."""

    name: str
    seconds: list[float]
    seen: dict[str, list[float]]


def of(measures: Sequence[Named], sides: Sequence[Seen]) -> str:
    """Return the picture: the sides' curves above each other, from nothing to the most."""
    parts = []
    for place, measure in enumerate(measures):
        parts += _chart(measure, sides, 24 + place * (_HEAD + _HEIGHT + _FOOT))
    height = 24 + len(measures) * (_HEAD + _HEIGHT + _FOOT)
    size = f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
    title = "<title>What the service takes while people come and go</title>"
    return "\n".join(
        [head, title, f"<style>{_STYLE}</style>", *_legend(sides), *parts, "</svg>", ""]
    )


def _legend(sides: Sequence[Seen]) -> list[str]:
    lines = []
    for place, (side, colour) in enumerate(zip(sides, _COLOURS, strict=False)):
        x = _LEFT + place * 220
        lines.append(f'<rect x="{x}" y="8" width="14" height="4" fill="{colour}"/>')
        lines.append(f'<text x="{x + 20}" y="15">{escape(side.name)}</text>')
    return lines


def _chart(measure: Named, sides: Sequence[Seen], top: int) -> list[str]:
    most = max(max(side.seen[measure.name]) for side in sides) * 1.1 or 1
    longest = max(side.seconds[-1] for side in sides) or 1
    floor = top + _HEAD + _HEIGHT
    middle = (_LEFT + _WIDTH) // 2
    unit = f", {measure.unit}" if measure.unit else ""
    lines = [
        f'<text class="head" x="0" y="{top + 20}">{escape(measure.name + unit)}</text>',
        f'<path class="axis" d="M{_LEFT} {top + _HEAD}V{floor}H{_WIDTH}"/>',
        f'<path class="axis half" d="M{middle} {top + _HEAD}V{floor}"/>',
        f'<text x="{_LEFT - 8}" y="{top + _HEAD + 12}" text-anchor="end">{most:,.0f}</text>',
        f'<text x="{_LEFT - 8}" y="{floor}" text-anchor="end">0</text>',
        f'<text x="{_WIDTH}" y="{floor + 16}" text-anchor="end">{longest / 60:.1f} min</text>',
    ]
    for side, colour in zip(sides, _COLOURS, strict=False):
        points = "L".join(
            f"{_LEFT + (_WIDTH - _LEFT) * second / longest:.1f} {floor - _HEIGHT * it / most:.1f}"
            for second, it in zip(side.seconds, side.seen[measure.name], strict=True)
        )
        lines.append(f'<path stroke="{colour}" d="M{points}"/>')
    return lines
