"""The chart of growth, one Vega-Lite specification: past quarters' revenue as bars, and the ranges ahead."""

from datetime import timedelta

from bellwether.charts import kit
from bellwether.charts.kit import Specification
from bellwether.core.i18n.numbers import day
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.types import Q10, Q25, Q50, Q75, Q90, Shape, Theme
from bellwether.models.quarters import HORIZONS, QUARTER_DAYS, place
from bellwether.revenue.forecaster import end_ahead
from bellwether.revenue.sentences import three
from bellwether.revenue.types import GrowthForecast

_SHOWN = 16  #: past quarters: four years
_LABELLED = HORIZONS[1] - HORIZONS[0]  #: quarters from one label below to the next: both that are forecast have one
_BANDS = ((Q10, Q90, 0.35), (Q25, Q75, 0.6))  #: from level to level, opacity
_WIDTH = {"width": {"band": 0.7}}  #: of a bar, in parts of a quarter's place


def growth_chart(made: GrowthForecast, theme: Theme, shape: Shape = "wide") -> Specification:
    """Bars of what was reported; for each quarter ahead a bar that holds 8 in 10 outcomes, its core half of them."""
    palette = kit.PALETTES[theme]
    is_wide = shape not in kit.SMALL
    unit, word = _unit(max(quarter.revenue or 0.0 for quarter in made.quarters[-_SHOWN:]))
    past = [
        {"quarter": quarter.period_end.isoformat(), "revenue": (quarter.revenue or 0.0) / unit}
        for quarter in made.quarters[-(_SHOWN if is_wide else 8) :]
    ]
    ahead = [
        {"quarter": quarter.period_end.isoformat(), "first": quarter.quarters_ahead == 1}
        | {f"q{level}": revenue / unit for level, revenue in enumerate(quarter.revenue)}
        | {"ends": "{}\N{EN DASH}{}".format(*(three(quarter.revenue[level] / unit) for level in (Q10, Q90)))}
        for quarter in made.ahead
    ]
    order = _quarters(made, len(past))
    quarters = kit.time_axis(
        palette,
        labelExpr="timeFormat(toDate(datum.value + 'T12:00:00'), '%b %Y')",
        labelFontSize=12,
        labelAngle=0,
        values=order[::-_LABELLED],
    )
    x = {"field": "quarter", "type": "ordinal", "scale": {"domain": order}, "axis": quarters}
    y = {"type": "quantitative", "scale": {"zero": True, "nice": True}, "axis": kit.value_axis(palette)}
    reported = {"type": "bar", "color": palette.past} | _WIDTH
    middle = {"type": "tick", "color": palette.ink, "thickness": 2.5} | _WIDTH
    # each towards the quarters between them, of which nothing is drawn: never over a bar
    sides = {"align": {"expr": "datum.first ? 'left' : 'right'"}, "dx": {"expr": "datum.first ? -8 : 8"}}
    letters = 12 if is_wide else 10.5  # px; two of the longest must fit beside each other
    ends = {"type": "text", "baseline": "bottom", "dy": -4, "fontSize": letters, "color": palette.ink} | sides
    layers = [
        kit.layer(past, reported, x=x, y=y | {"field": "revenue"}),
        *(
            kit.layer(
                ahead,
                {"type": "bar", "color": palette.fan, "opacity": opacity} | _WIDTH,
                x=x,
                y=y | {"field": f"q{low}"},
                y2={"field": f"q{high}"},
            )
            for low, high, opacity in _BANDS
        ),
        kit.layer(ahead, middle, x=x, y=y | {"field": f"q{Q50}"}),
        kit.layer(ahead, ends, x=x, y=y | {"field": f"q{Q90}"}, text={"field": "ends"}),
    ]
    title = _("{name} ({symbol}): sales a quarter, in {unit}").format(
        name=made.name, symbol=made.symbol, unit=f"{made.currency}{word}"
    )
    newest = _("Blue: reported to {day}.").format(day=day(made.period_end))
    meaning = _("Orange holds 8 in 10 outcomes, its core half of them; the line is the middle.")
    short = _("Orange holds 8 in 10 outcomes, its core half of them.")
    subtitles = [newest, meaning if is_wide else short]
    width, height = kit.SIZES[shape]
    titled = kit.heading(palette, title, subtitles, width=width, size=18 if is_wide else 14)
    return kit.frame(palette, kit.fit(width, height) | {"layer": layers}, titled, 14 if is_wide else 8)


def _quarters(made: GrowthForecast, shown: int) -> list[str]:
    """The ends of all quarters on the axis, those included of which nothing is known."""
    known = {place(quarter.period_end, made.period_end): quarter.period_end for quarter in made.quarters[-shown:]}
    first = max(at for at in known if at is not None)
    past = [known.get(at, made.period_end - timedelta(days=round(at * QUARTER_DAYS))) for at in range(first, -1, -1)]
    last = max(quarter.quarters_ahead for quarter in made.ahead)
    return [end.isoformat() for end in (*past, *(end_ahead(made.period_end, at + 1) for at in range(last)))]


def _unit(most: float) -> tuple[float, str]:
    """The unit of the axis: its size, and its word after the currency."""
    for size, word in ((1e9, _(" billion")), (1e6, _(" million"))):
        if most >= size:
            return size, word
    return 1.0, ""
