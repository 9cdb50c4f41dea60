"""Charts as SVG, each in a light and in a dark dress, drawn by matplotlib."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Axis", "Chart", "Line", "bars", "data_uri", "lines"]


class _Dress(NamedTuple):
    """Colours for one kind of page.

    Attributes:
        ink: of text and axes.
        grid: of the lines behind.
        colours: of lines and bars; everybody can tell them apart (after Okabe and Ito).
    """

    ink: str
    grid: str
    colours: tuple[str, ...]


_DRESSES: Final = {
    "light": _Dress(
        "#24292f",
        "#d0d7de",
        ("#0072B2", "#D55E00", "#009E73", "#B0528A", "#9A6F00", "#6E7781", "#2F9BD6", "#7C4DDB", "#A0522D"),
    ),
    "dark": _Dress(
        "#e6edf3",
        "#30363d",
        ("#56B4E9", "#F0883E", "#3FC9A0", "#E59AC6", "#E3B341", "#9198A1", "#3B82F6", "#B695F8", "#C49A6C"),
    ),
}

_SIZE_IN: Final = (7.2, 3.4)


class Chart(NamedTuple):
    """One chart in both dresses, as the text of an SVG file each.

    Attributes:
        light: for a white page.
        dark: for a black one.
    """

    light: str
    dark: str


class Line(NamedTuple):
    """One line.

    Attributes:
        label: in the legend.
        points: x and y.
        dashed: it is drawn in dashes.
    """

    label: str
    points: Sequence[tuple[float, float]]
    dashed: bool = False


class Axis(NamedTuple):
    """One axis.

    Attributes:
        label: with the unit.
        is_log: it is logarithmic.
        ticks: position to text, in place of those that suit.
    """

    label: str
    is_log: bool = False
    ticks: Mapping[float, str] | None = None


def lines(drawn: Sequence[Line], /, *, x: Axis, y: Axis) -> Chart:
    """Draw lines.

    Args:
        drawn: at least one.
        x: the axis below.
        y: the axis on the left; it begins at 0 unless it is logarithmic.
    """

    def draw(axes: Axes, colours: Sequence[str]) -> None:
        for number, line in enumerate(drawn):
            xs, ys = zip(*line.points, strict=True) if line.points else ((), ())
            axes.plot(
                xs,
                ys,
                label=line.label,
                color=colours[number % len(colours)],
                linestyle="--" if line.dashed else "-",
                linewidth=1.6,
                marker="o" if len(xs) < 12 else None,
                markersize=3.5,
            )
        _set_axes(axes, x, y)
        if len(drawn) > 1:
            _add_legend(axes)

    return _dressed(draw)


def bars(groups: Mapping[str, Mapping[str, float]], /, *, y: Axis) -> Chart:
    """Draw bars in groups.

    Args:
        groups: by the text below each; the bars in it by their name.
        y: the axis on the left.
    """
    names = list(dict.fromkeys(name for group in groups.values() for name in group))
    width = 0.8 / max(len(names), 1)

    def draw(axes: Axes, colours: Sequence[str]) -> None:
        for number, name in enumerate(names):
            found = [(place, group[name]) for place, group in enumerate(groups.values()) if name in group]
            axes.bar(
                [place + (number - (len(names) - 1) / 2) * width for place, _ in found],
                [height for _, height in found],
                width * 0.9,
                label=name,
                color=colours[number % len(colours)],
            )
        _set_axes(axes, Axis("", ticks=dict(enumerate(groups))), y)
        if len(names) > 1:
            _add_legend(axes)

    return _dressed(draw)


def data_uri(svg: str, /) -> str:
    """Put an SVG into a URL, for a page that needs no other file."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def _add_legend(axes: Axes) -> None:
    """Beside the chart, where it hides nothing."""
    axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _set_axes(axes: Axes, x: Axis, y: Axis) -> None:
    axes.set_xlabel(x.label)
    axes.set_ylabel(y.label)
    axes.set_xscale("log" if x.is_log else "linear")
    axes.set_yscale("log" if y.is_log else "linear")
    if not y.is_log:
        axes.set_ylim(bottom=0)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:,g}")
    if x.ticks is not None:
        axes.set_xticks(list(x.ticks), list(x.ticks.values()))
        axes.minorticks_off()
    axes.grid(axis="y" if x.ticks is not None and not x.is_log else "both", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _dressed(draw: Callable[[Axes, Sequence[str]], None]) -> Chart:
    """Draw once for each dress: the same chart always gives the same bytes."""
    import matplotlib
    from matplotlib.figure import Figure

    drawn = {}
    for name, dress in _DRESSES.items():
        style: dict[Any, Any] = {
            "svg.fonttype": "none",  # text stays text
            "svg.hashsalt": "ocpp21",
            "font.family": "sans-serif",
            "font.size": 9,
            "text.color": dress.ink,
            "axes.labelcolor": dress.ink,
            "axes.edgecolor": dress.ink,
            "xtick.color": dress.ink,
            "ytick.color": dress.ink,
            "legend.labelcolor": dress.ink,
            "grid.color": dress.grid,
        }
        with matplotlib.rc_context(style):
            figure = Figure(figsize=_SIZE_IN, layout="tight")
            axes = figure.subplots()
            draw(axes, dress.colours)
            stream = io.StringIO()
            figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
        drawn[name] = stream.getvalue()
    return Chart(**drawn)
