"""The mark of a company's next report in a fan chart: a dotted line on its session, named above what is drawn."""

from typing import Any

from bellwether.charts import kit
from bellwether.charts.kit import Palette, Specification
from bellwether.core.announcement import ReportAhead
from bellwether.core.i18n.translate import gettext as _

_ABOVE = -7  #: pixels from the upper edge to the middle of its name, where neither prices nor figures can be
_LETTERS = 12  #: pixels
_NEAR_END = 0.7  #: of the sessions ahead


def report_layers(
    report: ReportAhead | None, fan: list[dict[str, Any]], x: Specification, palette: Palette
) -> list[Specification]:
    """Nothing where no report lies inside the fan; a predicted one has a question mark."""
    session = str(report.session) if report is not None else ""
    row = next((row for row in fan if row["date"] == session), None)
    if report is None or row is None:
        return []
    place = [{"step": row["step"]}]
    line = {"type": "rule", "color": palette.ink, "strokeWidth": 1.4, "strokeDash": [2, 3], "opacity": 0.7}
    name = _("report") if report.known else _("report?")
    # near the end there is no room on the right of the line
    align = "right" if row["step"] > _NEAR_END * (len(fan) - 1) else "center"
    text = {"type": "text", "text": name, "color": palette.quiet, "fontSize": _LETTERS, "baseline": "middle"}
    text |= {"align": align, "dx": 3 if align == "right" else 0}
    return [kit.layer(place, line, x=x), kit.layer(place, text, x=x, y={"value": _ABOVE})]
