"""Line charts as SVG without scripts and styles of their own: theme.css gives them their looks.

They are read without colour: the line that matters is thick, the others are thin, and the table beside a chart has its
figures. A chart is drawn in the width in which it is shown, so that its words keep their size.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

Point = tuple[float, float]
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 12, 36


@dataclass(frozen=True)
class Axis:
    """From `first` to `last`, with a word at each of `ticks`. `first` may be the greater one."""

    first: float
    last: float
    ticks: Sequence[tuple[float, str]]
    name: str = ""

    def at(self, value: float, start: float, end: float) -> float:
        span = self.last - self.first
        return start + (end - start) * ((value - self.first) / span if span else 0)


@dataclass(frozen=True)
class Line:
    """Points in order. `strong`: the one that matters. `stepped`: a value holds until the next point."""

    points: Sequence[Point]
    strong: bool = False
    stepped: bool = False

    def path(self, place: Callable[[Point], tuple[str, str]]) -> str:
        """What SVG draws it by: from the first point straight to the next, or along and then up."""
        parts: list[str] = []
        height = ""
        for number, point in enumerate(self.points):
            x, y = place(point)
            if not (self.stepped and number):
                parts.append(f"{'L' if number else 'M'}{x} {y}")
            else:
                parts.append(f"H{x}" if y == height else f"H{x}V{y}")
            height = y
        return "".join(parts)


def lines(shown: Iterable[Line], across: Axis, up: Axis, *, label: str, width: int, height: int = 260) -> SafeString:
    """A picture of `width` by `height` pixels. `label` says in words what it shows, for who cannot see it."""

    def place(point: Point) -> tuple[str, str]:
        x = across.at(point[0], LEFT, width - RIGHT)
        y = up.at(point[1], height - BOTTOM, TOP)
        return f"{x:.1f}", f"{y:.1f}"

    parts = [_grid(across, up, width, height)]
    for line in sorted(shown, key=lambda one: one.strong):
        look = "chart-line chart-strong" if line.strong else "chart-line"
        parts.append(f'<path class="{look}" d="{line.path(place)}"/>')
    return SafeString(
        f'<svg class="chart" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{conditional_escape(label)}">{"".join(parts)}</svg>'
    )


def _grid(across: Axis, up: Axis, width: int, height: int) -> str:
    parts = []
    for value, words in up.ticks:
        y = up.at(value, height - BOTTOM, TOP)
        parts.append(f'<line class="chart-grid" x1="{LEFT}" y1="{y:.1f}" x2="{width - RIGHT}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{conditional_escape(words)}</text>')
    for value, words in across.ticks:
        x = across.at(value, LEFT, width - RIGHT)
        anchor = "end" if value == across.last else "start" if value == across.first else "middle"
        parts.append(
            f'<text x="{x:.1f}" y="{height - BOTTOM + 16}" text-anchor="{anchor}">{conditional_escape(words)}</text>'
        )
    if across.name:
        middle = (LEFT + width - RIGHT) / 2
        parts.append(
            f'<text x="{middle:.1f}" y="{height - 4}" text-anchor="middle">{conditional_escape(across.name)}</text>'
        )
    return "".join(parts)
