"""docs/growth.md and its pictures, written from the scores alone: a figure on the page is a figure in growth.json."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.pages import percent, share, write_report, written
from training.revenue import TITLES, pictures
from training.revenue.pictures import AHEAD


@dataclass(frozen=True, slots=True)
class SkillTarget:
    """A skill that was to be reached."""

    figure: str
    horizon: str
    rival: str
    must: float
    aim: float

    def skill_in(self, group: dict[str, Any]) -> dict[str, Any]:
        """What a group of companies reached; empty where nothing is known."""
        reached: dict[str, Any] = group["skill"].get(self.rival, {}).get(self.horizon, {})
        return reached


TARGETS = (
    SkillTarget("next quarter, against last growth persists", "1", "persists", 0.15, 0.20),
    SkillTarget("next quarter, against pooled AR", "1", "autoregression", 0.03, 0.06),
    SkillTarget("next quarter, against LightGBM of equal budget", "1", "lightgbm", 0.0, 0.01),
    SkillTarget("four quarters ahead, against seasonal naive", "4", "seasonal", 0.08, 0.12),
)


def write_page(document: dict[str, Any], docs: Path) -> None:
    """Write growth.json, growth.md and the pictures into the folder `docs`."""
    document |= {"titles": TITLES}
    drawn = {name: draw(document) for name, draw in pictures.ALL.items()}
    write_report(docs, "growth", document, drawn, {"growth": page(document)})


def page(document: dict[str, Any]) -> str:
    """The whole page."""
    own = {
        "document": document,
        "ahead": AHEAD,
        "targets": TARGETS,
        "missed": missed(document),
        "lstms_would_add": lstms_would_add(document),
        "worst_year": worst_year(document),
    }
    return written("growth.md.j2", **(document | own))


def lstms_would_add(document: dict[str, Any]) -> bool:
    """Whether the same network with LSTMs was better at any horizon by more than luck; widening is left out."""
    groups = (document["graph"] or document)["groups"]
    against = groups["all"]["skill"].get("recurrent", {}).values()
    return any(at["skill_interval"] and at["skill_interval"][1] < 0 for at in against)


def worst_year(document: dict[str, Any]) -> str:
    """The year in which the fewest ranges of the next quarter held before they were widened."""
    years = (document["graph"] or document)["years"]
    told = {year: part["coverage_80"]["1"] for year, part in years.items() if "1" in part["coverage_80"]}
    return min(told, key=lambda year: told[year])


def missed(document: dict[str, Any]) -> str:
    """Which targets were not reached, a sentence for each group of companies."""
    sentences = []
    for group, whose in (("all", "on all companies"), ("unseen", "on those never trained on")):
        part = document["groups"].get(group)
        if part is None:
            continue
        short = [
            f"{target.figure} ({percent(reached['skill'], 1)}, at least {share(target.must, 0)})"
            for target in TARGETS
            if (reached := target.skill_in(part)) and reached["skill"] < target.must
        ]
        short += [
            f"80 % range, {AHEAD[horizon]} ({share(at['coverage_80'])} held)"
            for horizon, at in part["scores"]["model"].items()
            if not 0.77 <= at["coverage_80"] <= 0.83
        ]
        sentences.append(f"Not reached {whose}: {'; '.join(short) or 'none'}.")
    return " ".join(sentences)
