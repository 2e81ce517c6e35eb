"""Line charts: where the points stand, and what is read without seeing them."""

import re
from xml.etree import ElementTree

from dipportal.core.charts import Axis, Line, lines

ACROSS = Axis(10, 0, [(10, "10"), (0, "0")], name="dagen < voor")
UP = Axis(0, 100, [(0, "0 %"), (100, "100 %")])


def drawn(*shown: Line) -> ElementTree.Element:
    return ElementTree.fromstring(lines(shown, ACROSS, UP, label='Hoe "vol" & wanneer', width=400, height=200))


def points(line: ElementTree.Element) -> list[tuple[float, float]]:
    """Where the pen comes, corner by corner."""
    x = y = 0.0
    found = []
    for step, first, second in re.findall(r"([MLHV])([\d.]+)(?: ([\d.]+))?", line.attrib["d"]):
        if step in "ML":
            x, y = float(first), float(second)
        elif step == "H":
            x = float(first)
        else:
            y = float(first)
        found.append((x, y))
    return found


def test_an_axis_may_run_backwards_and_up_is_up() -> None:
    (line,) = drawn(Line([(10, 0), (0, 100)])).findall("path")
    assert points(line) == [(44.0, 164.0), (388.0, 12.0)]


def test_a_stepped_line_holds_its_value() -> None:
    (line,) = drawn(Line([(10, 0), (5, 50), (0, 50)], stepped=True)).findall("path")
    assert points(line) == [(44.0, 164.0), (216.0, 164.0), (216.0, 88.0), (388.0, 88.0)]


def test_the_line_that_matters_is_drawn_over_the_others() -> None:
    found = drawn(Line([(10, 1)], strong=True), Line([(10, 2)])).findall("path")
    assert [line.attrib["class"] for line in found] == ["chart-line", "chart-line chart-strong"]


def test_its_words_are_escaped_and_its_size_is_told() -> None:
    picture = drawn()
    assert picture.attrib["aria-label"] == 'Hoe "vol" & wanneer'
    assert [text.text for text in picture.findall("text")] == ["0 %", "100 %", "10", "0", "dagen < voor"]
    assert (picture.attrib["viewBox"], picture.attrib["role"]) == ("0 0 400 200", "img")


def test_an_axis_of_one_value_has_its_points_at_the_start() -> None:
    assert Axis(5, 5, []).at(5, 0, 100) == 0
