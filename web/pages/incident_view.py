"""A storm, and the list of them, as the words and the little chart of their pages. Pure."""

from dataclasses import dataclass
from datetime import date

from bellwether.ask.incidents import Described
from bellwether.core.incident import IncidentKind
from bellwether.forecasting.sentences import day
from bellwether.track_record.incidents import sentences
from bellwether.track_record.incidents.rule import USUAL, WINDOW
from bellwether.track_record.incidents.types import Incident

_GAP = 0.15  #: of a bar's width


def heading(incident: Incident) -> str:
    """ "Ranges held too rarely"."""
    return sentences.title(incident)


def span(incident: Incident) -> str:
    """ "24 February to 27 March 2020", or since when."""
    if incident.ended is None:
        return f"since {day(incident.first)}"
    first, ended = day(incident.first), day(incident.ended)
    year = f" {incident.ended.year}"
    return f"{first.removesuffix(year)} to {ended}"


def depth(incident: Incident) -> str:
    """ "46 of 100"."""
    return f"{sentences.of_hundred(incident.depth)} of 100"


def story(incident: Incident) -> list[str]:
    """What happened, in sentences."""
    usual, worst = sentences.of_hundred(USUAL), depth(incident)
    few = "only " if incident.kind is IncidentKind.TOO_RARELY else ""
    told = [
        f"It began on {day(incident.first)} and was announced after the close of {day(incident.announced)}, when "
        f"{few}{sentences.of_hundred(incident.lately)} of 100 one-day ranges of all stocks had held over {WINDOW} "
        f"trading days, not {usual}."
    ]
    if incident.ended is None:
        told.append(f"It goes on. At its worst so far {worst} held over {WINDOW} trading days.")
    else:
        told.append(
            f"At its worst {worst} held over {WINDOW} trading days. It was over on {day(incident.ended)}: over the "
            f"last {WINDOW} trading days about as many held as should."
        )
    return told


@dataclass(frozen=True, slots=True)
class DayBar:
    """One day of the chart, in percent of its width and height."""

    left: float
    width: float
    top: float
    height: float
    looks: str  #: "below" for a day of the storm, "other" for one of another, else "full"
    label: str  #: "2 March 2020: 46 of 100"


def bars(described: Described) -> list[DayBar]:
    """A bar for each day's share that held."""
    days = described.days
    width = 100 / max(1, len(days))
    shown = []
    for at, held in enumerate(days.shares.tolist()):
        session = days.session(at)
        looks, whose = "full", ""
        if _had(described.incident, session):
            looks = "below"
        elif any(_had(other, session) for other in described.others):
            looks, whose = "other", ", a day of another storm"
        label = f"{day(session)}: {100 * held:.0f} of 100{whose}"
        shown.append(DayBar(at * width, width * (1 - _GAP), 100 * (1 - held), 100 * held, looks, label))
    return shown


def _had(incident: Incident, session: date) -> bool:
    return incident.first <= session and (incident.ended is None or session <= incident.ended)
