"""docs/growth.md and its pictures, written from the scores alone: a figure on the page is a figure in growth.json."""

import json
from pathlib import Path
from typing import Any

from bellwether.charts.renderer import to_png
from training.growth import pictures
from training.growth.titles import TITLES
from training.words import between, percent, span_words, table

MADE_BY = "<!-- Written by `python -m training growth evaluate --full --docs docs`. Changes by hand are lost. -->"
AHEAD = pictures.AHEAD
GROUPS = {
    "all": "all companies",
    "seen": "companies trained on",
    "unseen": "companies never trained on",
    "five quarters": "all, shown with five quarters only",
}
TARGETS = (
    ("next quarter, against last growth persists", "1", "persists", 0.15, 0.20),
    ("next quarter, against pooled AR", "1", "autoregression", 0.03, 0.06),
    ("next quarter, against LightGBM of equal budget", "1", "lightgbm", 0.0, 0.01),
    ("four quarters ahead, against seasonal naive", "4", "seasonal", 0.08, 0.12),
)


def write_page(document: dict[str, Any], docs: Path) -> None:
    """Write growth.json, growth.md and the pictures into the folder `docs`."""
    whole = document | {"titles": TITLES}
    images = docs / "images"
    images.mkdir(parents=True, exist_ok=True)
    (docs / "growth.json").write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    for name, draw in pictures.ALL.items():
        (images / f"{name}.png").write_bytes(to_png(draw(whole)))
    (docs / "growth.md").write_text(page(whole), encoding="utf-8")
    print(f"wrote growth.md, growth.json and {len(pictures.ALL)} pictures into {docs}")


def page(document: dict[str, Any]) -> str:
    """The whole page."""
    parts = [
        "# How good the growth forecasts are",
        MADE_BY,
        headline(document),
        "![Skill over each rival](images/growth-skill.png)",
        targets(document),
        *(against(document, horizon) for horizon in AHEAD),
        groups(document),
        years(document),
        calibration(document),
        everyone(document),
        method(document),
    ]
    return "\n\n".join(parts) + "\n"


def headline(document: dict[str, Any]) -> str:
    """What a reader in a hurry needs."""
    part = document["groups"]["all"]
    near, far = part["scores"]["model"]["1"], part["scores"]["model"]["4"]
    plain = part["skill"]["autoregression"]["1"]
    persists, seasonal = part["skill"]["persists"]["1"], part["skill"]["seasonal"]["4"]
    lines = [
        f"The model `{document['model_id']}` forecasts a company's revenue, as growth over the same quarter of the "
        "year "
        f"before. On {span_words(document)}, at {document['reports']:,} reports of {document['companies']} "
        "companies, its "
        f"loss for the next quarter is {percent(persists['skill'], 1, sign=False)} smaller than if the last growth "
        f"persists {between(persists['skill_interval'], 1)} and {percent(plain['skill'], 1, sign=False)} smaller than "
        f"that of a pooled autoregression {between(plain['skill_interval'], 1)}; four quarters ahead it is "
        f"{percent(seasonal['skill'], 1, sign=False)} smaller than seasonal naive's "
        f"{between(seasonal['skill_interval'], 1)}. Its 80 % range held "
        f"{percent(near['coverage_80'], 1, sign=False)} of "
        f"outcomes of the next quarter and {percent(far['coverage_80'], 1, sign=False)} of those four quarters ahead. "
        "Brackets hold 95 % intervals, in percent.",
    ]
    if document["span"] == "validation":
        lines.append(
            "**These are figures of the validation span.** Settings were chosen on it, the model's and the rivals', so "
            "they flatter a little. The test span is opened once, when nothing is left to choose."
        )
    return "\n\n".join(lines)


def targets(document: dict[str, Any]) -> str:
    """What was to be reached, and what was, on all companies and on those never trained on."""
    rows = []
    for name, horizon, rival, must, aim in TARGETS:
        cells = [name, percent(must, 0, sign=False), percent(aim, 0, sign=False)]
        for group in ("all", "unseen"):
            one = document["groups"].get(group, {"skill": {}})["skill"].get(rival, {}).get(horizon)
            cells += [percent(one["skill"], 1), between(one["skill_interval"], 1)] if one else ["", ""]
        rows.append(cells)
    for horizon, ahead in AHEAD.items():
        cells = [f"80 % range, {ahead}", "77 to 83 %", "78.5 to 81.5 %"]
        for group in ("all", "unseen"):
            score = document["groups"].get(group, {"scores": {"model": {}}})["scores"]["model"].get(horizon)
            cells += (
                [percent(score["coverage_80"], 1, sign=False), between(score["coverage_80_interval"], 1, sign=False)]
                if score
                else ["", ""]
            )
        rows.append(cells)
    heads = ["figure", "must", "aim", "all", "95 % interval", "never trained on", "95 % interval"]
    lstm = document["groups"]["all"]["skill"].get("static", {})
    worth = ", ".join(
        f"{AHEAD[horizon]} {percent(one['skill'])} {between(one['skill_interval'])}" for horizon, one in lstm.items()
    )
    text = f"{missed(document)} “Never trained on” are few companies, so their intervals are wide."
    if worth:
        sure = any(one["skill_interval"] and one["skill_interval"][0] > 0 for one in lstm.values())
        text += f" What the LSTMs add to the same network without them: {worth}"
        text += "." if sure else ": nothing that can be measured."
    return "\n\n".join(["## What was to be reached, and what was", table(heads, rows), text])


def missed(document: dict[str, Any]) -> str:
    """Which figures were not reached, in a sentence or two."""
    told = []
    for group, whose in (("all", "on all companies"), ("unseen", "on those never trained on")):
        part = document["groups"].get(group)
        if part is None:
            continue
        found = [
            f"{name} ({percent(part['skill'][rival][horizon]['skill'], 1)}, at least {percent(must, 0, sign=False)})"
            for name, horizon, rival, must, _ in TARGETS
            if part["skill"].get(rival, {}).get(horizon, {"skill": must})["skill"] < must
        ]
        found += [
            f"80 % range, {AHEAD[horizon]} ({percent(one['coverage_80'], 1, sign=False)} held)"
            for horizon, one in part["scores"]["model"].items()
            if not 0.77 <= one["coverage_80"] <= 0.83
        ]
        told.append(f"Not reached {whose}: {'; '.join(found) or 'none'}.")
    return f"**{' '.join(told)}**"


def against(document: dict[str, Any], horizon: str) -> str:
    """The table behind the bars."""
    rows = []
    for name, by_horizon in document["groups"]["all"]["skill"].items():
        unseen = document["groups"].get("unseen", {"skill": {}})["skill"].get(name, {}).get(horizon)
        one = by_horizon[horizon]
        row = [TITLES[name], percent(one["skill"]), between(one["skill_interval"]), percent(one["skill_in_fractions"])]
        rows.append(row + ([percent(unseen["skill"]), between(unseen["skill_interval"])] if unseen else ["", ""]))
    heads = ["rival", "skill", "95 % interval", "skill in fractions", "never trained on: skill", "95 % interval"]
    parts = [f"## Against each rival, {AHEAD[horizon]}", table(heads, rows)]
    few = document["subset"]
    if few:
        one = few["skill"]["ets"][horizon]
        parts.append(
            f"AutoETS takes its time, so it answered {few['reports']:,} reports of {few['companies']} companies: the "
            f"model's skill over it is {percent(one['skill'])} {between(one['skill_interval'])} there."
        )
    return "\n\n".join(parts)


def groups(document: dict[str, Any]) -> str:
    """Scores by group, the short histories of live sources among them."""
    rows = []
    for name, title in GROUPS.items():
        part = document["groups"].get(name)
        for horizon, ahead in AHEAD.items():
            score = part["scores"]["model"].get(horizon) if part else None
            if part is None or score is None:
                continue
            cells = [title, ahead, f"{score['forecasts']:,}", f"{score['pinball']:.5f}"]
            for rival in ("persists", "autoregression", "seasonal"):
                one = part["skill"][rival][horizon]
                cells.append(f"{percent(one['skill'], 1)} {between(one['skill_interval'], 1)}")
            rows.append([*cells, percent(score["coverage_80"], 1, sign=False)])
    heads = ["companies", "", "forecasts", "loss"]
    heads += ["over last growth", "over pooled AR", "over seasonal naive", "80 % held"]
    text = "Live sources such as Yahoo keep five quarters; what is lost by that shows in the last rows."
    return "\n\n".join(["## For whom", table(heads, rows), text])


def years(document: dict[str, Any]) -> str:
    """Year by year, where luck and crises show."""
    rows = []
    for year, one in document["years"].items():
        cells = [year, f"{one['reports']:,}", str(one["companies"])]
        for horizon, rival in (("1", "persists"), ("1", "autoregression"), ("1", "lightgbm"), ("4", "seasonal")):
            value = one["skill"].get(rival, {}).get(horizon)
            cells.append(percent(value, 1) if value is not None else "")
        for horizon in AHEAD:
            held = one["coverage_80"].get(horizon)
            cells.append(percent(held, 1, sign=False) if held is not None else "")
        rows.append(cells)
    heads = ["year", "reports", "companies", "over last growth", "over pooled AR", "over LightGBM"]
    heads += ["4 ahead: over seasonal naive", "80 % held, next", "80 % held, 4 ahead"]
    text = (
        "The table's many companies end with 2018; after it 74 remain, and with them the year in which revenue "
        "fell and "
        "rose as it never had. No history of revenue tells of such a year beforehand."
    )
    return "\n\n".join(["## Year by year", table(heads, rows), text, "![Coverage by year](images/growth-coverage.png)"])


def calibration(document: dict[str, Any]) -> str:
    """Each quantile beside what it promised."""
    near, far = document["calibration"]["model"]
    rows = [
        [percent(one["level"], 0, sign=False)]
        + [
            f"{percent(each['observed'], 1, sign=False)} {between(each['interval'], 1, sign=False)}"
            for each in (one, two)
        ]
        for one, two in zip(near, far, strict=True)
    ]
    heads = ["promised below", *AHEAD.values()]
    return "\n\n".join(
        ["## Does each quantile hold?", "![Reliability](images/growth-reliability.png)", table(heads, rows)]
    )


def everyone(document: dict[str, Any]) -> str:
    """How everybody was made."""
    few = document["subset"].get("scores", {})
    rows = [[f"**{one['title']}**", one["how"]] for one in document["rivals"].values()]
    if "ets" in few:
        how = "Fitted at each report on the company's own log revenue, season 4; Gaussian intervals."
        rows.append([f"**{TITLES['ets']}**", how])
    return "\n\n".join(["## Everyone", table(["who", "how"], rows)])


def method(document: dict[str, Any]) -> str:
    """What the figures mean and where they come from."""
    return "\n".join(
        [
            "## Method",
            "",
            "* A cutoff is the day on which a report became known: the filing date where there is one, else 60 "
            "days after "
            "the quarter's end. Nothing filed later is in what the model reads; a restated figure counts from its "
            "own day on.",
            f"* Fits see outcomes known by {document['fitted_to']}; every choice was made on reports from "
            f"{document['chosen_on'][0]} to {document['chosen_on'][1]}; the test is later, and was opened once. "
            "Reports and "
            "outcomes both lie inside a span.",
            "* The test begins in 2016, not in 2019 as for prices: of the 455 companies with revenue only 74 are "
            "left after "
            "2018, too few to judge by alone. Their years stand in the table by year.",
            f"* {document['unseen_companies']} of the scored companies were never trained on, chosen by a hash of "
            "their symbol.",
            "* Growth is that of a quarter's revenue over the same quarter of the year before. Loss is the mean "
            "pinball loss "
            f"over the levels {', '.join(f'{level:g}' for level in document['levels'])}, in log growth; "
            "“skill in fractions” is the same in plain growth. Skill is 1 - loss / the rival's loss.",
            f"* Intervals: {document['bootstrap']['resamples']:,} times companies are drawn with replacement and "
            "quarters in "
            "blocks of a year, and a report counts as often as both were drawn.",
            "* Quarters marked as suspect in the table are left out: a mark that looks at the quarters on both sides, "
            "so that a few true leaps may be missing from the outcomes. Two companies are in it under two symbols.",
            "* The companies are large US ones that were still listed when the data were collected: those that failed "
            "are missing, and growth looks better for it.",
            "* Next quarter's growth over a year shares three of its four quarters with the last one's, so part of "
            "everybody's skill for it is arithmetic.",
        ]
    )
