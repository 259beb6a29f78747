"""docs/evaluation.md and its pictures, written from the scores alone: a figure on the page is a figure in the file.

evaluation.json -> evaluation.md, images/evaluation-*.png          card.json -> model-card.md (card_page)
"""

import json
from pathlib import Path
from typing import Any

from bellwether.charts.renderer import to_png
from bellwether.core.errors import MarketDataError
from training import card_page, eras_page, pictures
from training.words import between, percent, ratio, span_words, table

MADE_BY = "<!-- Written by `python -m training evaluate --full --docs docs`. Changes by hand are lost. -->"


def write_pages(document: dict[str, Any], model: Path, docs: Path) -> None:
    """Write scores, both pages and the pictures into the folder `docs`; with the eras where it holds their scores."""
    images = docs / "images"
    images.mkdir(parents=True, exist_ok=True)
    (docs / "evaluation.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    for name, draw in pictures.ALL.items():
        (images / f"{name}.png").write_bytes(to_png(draw(document)))
    eras = read_scores(docs / "eras.json") if (docs / "eras.json").is_file() else None
    if eras:
        (images / "evaluation-eras.png").write_bytes(to_png(pictures.coverage_in_eras(eras)))
    (docs / "evaluation.md").write_text(evaluation_page(document, eras), encoding="utf-8")
    (docs / "model-card.md").write_text(card_page.model_card_page(refit_of(model)), encoding="utf-8")
    print(f"wrote evaluation.md, evaluation.json, model-card.md and {len(pictures.ALL)} pictures into {docs}")


def refit_of(model: Path) -> Path:
    """The folder beside `model` that was fitted once more by its recipe, for service; `model` where there is none."""
    own = json.loads((model / "card.json").read_text(encoding="utf-8"))["sha256"]
    found = [
        card.parent
        for card in sorted(model.parent.glob("*/card.json"))
        if json.loads(card.read_text(encoding="utf-8")).get("scores_of", {}).get("sha256") == own
    ]
    return found[-1] if found else model


def read_scores(file: Path) -> dict[str, Any]:
    """Scores that `evaluate --full` left. Raises MarketDataError when there are none."""
    if not file.is_file():
        raise MarketDataError(f"There are no scores in {file}: run `python -m training evaluate --full` first.")
    document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return document


def evaluation_page(document: dict[str, Any], eras: dict[str, Any] | None = None) -> str:
    """The whole page; `eras` adds how the recipe does with each era left out."""
    parts = [
        "# How good the forecasts are",
        MADE_BY,
        headline(document),
        "![Skill over each rival](images/evaluation-skill.png)",
        skill_section(document),
        horizon_section(document),
        year_section(document),
        calibration_section(document),
        *([eras_page.section(eras)] if eras else []),
        growth_section(document),
        everyone_section(document),
        method_section(document),
    ]
    return "\n\n".join(parts) + "\n"


def headline(document: dict[str, Any]) -> str:
    """What a reader in a hurry needs."""
    skills = document["groups"]["all"]["skill"]
    model = document["groups"]["all"]["scores"]["model"]["pooled"]
    rule, walk = skills["ewma"]["pooled"], skills["random_walk"]["pooled"]
    lines = [
        f"The model `{document['model_id']}` forecasts the range of outcomes 1 to 21 sessions ahead. On "
        f"{span_words(document)}, at {document['cutoffs']:,} cutoffs of {document['symbols']} symbols, its loss is "
        f"{percent(rule['skill'], sign=False)} smaller than that of the plain volatility rule "
        f"{between(rule['skill_interval'])} and {percent(walk['skill'], sign=False)} smaller than a random walk's "
        f"{between(walk['skill_interval'])}. Its 80 % range held {percent(model['coverage_80'], 1, sign=False)} of "
        f"outcomes and its 90 % range {percent(model['coverage_90'], 1, sign=False)}. Brackets hold 95 % intervals, "
        "in percent.",
    ]
    if document["span"] == "validation":
        lines.append(
            "**These are figures of the validation span.** Settings were chosen on it, the model's and the rivals', so "
            "they flatter a little. The test span is opened once, when nothing is left to choose."
        )
    return "\n\n".join(lines)


def skill_section(document: dict[str, Any]) -> str:
    """The table behind the bars: all and unseen symbols, with the test."""
    rows = []
    for name, skills in document["groups"]["all"]["skill"].items():
        unseen = document["groups"].get("unseen", {"skill": {}})["skill"].get(name)
        rows.append([document["rivals"][name]["title"], *_skill_cells(skills), *_skill_cells(unseen)[:2]])
    heads = ["rival", "skill", "95 % interval", "Diebold-Mariano", "p", "unseen: skill", "95 % interval"]
    few = document["subset"]
    slow = [
        [few["rivals"][name]["title"], *_skill_cells(skills)]
        for name, skills in few["skill"].items()
        if name not in document["groups"]["all"]["skill"]
    ]
    return "\n\n".join(
        [
            "## Against each rival, 1 to 21 sessions pooled",
            table(heads, rows),
            f"Skill is 1 - loss / the rival's loss. {document['unseen_symbols']} of the symbols were never trained on.",
            f"AutoARIMA and AutoETS are slow, so they answered {few['cutoffs']:,} cutoffs of {len(few['symbols'])} "
            "symbols drawn by hash, and the model was scored again on those:",
            table(heads[:5], slow),
        ]
    )


def horizon_section(document: dict[str, Any]) -> str:
    """Skill by horizon, all rivals."""
    skills = document["groups"]["all"]["skill"]
    horizons = [part for part in next(iter(skills.values())) if part != "pooled"]
    rows = [
        [document["rivals"][name]["title"]]
        + [f"{percent(at[part]['skill'])} {between(at[part]['skill_interval'])}" for part in horizons]
        for name, at in skills.items()
    ]
    heads = ["rival", *(f"{part} session{'s' if part != '1' else ''}" for part in horizons)]
    note = "At 63 sessions a span of three years holds twelve outcomes that do not overlap: that column says little."
    return "\n\n".join(["## By horizon", table(heads, rows), note])


def year_section(document: dict[str, Any]) -> str:
    """Skill in each year, all rivals, for all and unseen symbols."""
    parts = ["## By year, 1 to 21 sessions pooled"]
    for group, title in (("all", "All symbols"), ("unseen", "Symbols never trained on")):
        years = document["years"].get(group)
        if years:
            rows = [
                [document["rivals"][name]["title"]] + [_skill_in(year[name]) for year in years.values()]
                for name in next(iter(years.values()))
            ]
            parts += [f"{title}:", table(["rival", *years], rows)]
    parts.append(
        "A year holds four quarters to draw from: intervals are rough, and missing where a week of it has no cutoff."
    )
    return "\n\n".join(parts)


def calibration_section(document: dict[str, Any]) -> str:
    """Do the ranges hold what they promise?"""
    model, rule = document["calibration"]["model"], document["calibration"]["ewma"]
    rows = [
        [name, f"{one['forecasts']:,}"]
        + [percent(part[key][name][f"coverage_{width}"], 1, sign=False) for part in (model, rule) for width in (80, 90)]
        for key in ("by_year", "crises")
        for name, one in model[key].items()
    ]
    worst = min(model["by_year"].items(), key=lambda pair: pair[1]["coverage_80"])
    heads = ["cutoffs in", "forecasts", "model, 80 %", "model, 90 %", "plain rule, 80 %", "plain rule, 90 %"]
    text = (
        f"The worst year is {worst[0]}: the 80 % range held {percent(worst[1]['coverage_80'], 1, sign=False)}, the 90 "
        f"% range {percent(worst[1]['coverage_90'], 1, sign=False)}."
    )
    if not model["crises"]:
        text += " No crisis falls into this span; how the ranges hold in one cannot be read off this page."
    pooled = document["groups"]["all"]["scores"]
    ours, theirs = pooled["model"]["pooled"], pooled["ewma"]["pooled"]
    held = " and ".join(
        f"{percent(ours[f'coverage_{width}'], 1, sign=False)} "
        f"{between(ours[f'coverage_{width}_interval'], 1, sign=False)}"
        for width in (80, 90)
    )
    width = (
        f"Over the whole span the model's ranges held {held}. The model's 80 % range is {ratio(ours['width_80'])} "
        f"EWMA standard deviations wide on average, the plain rule's {ratio(theirs['width_80'])}; the 90 % ranges "
        f"{ratio(ours['width_90'])} and {ratio(theirs['width_90'])}."
    )
    return "\n\n".join(
        [
            "## Do the ranges hold what they promise?",
            "![Coverage by year](images/evaluation-coverage.png)",
            table(heads, rows),
            f"{text} {width}",
            "![Reliability of the quantiles](images/evaluation-reliability.png)",
            "![Where in the range outcomes fell](images/evaluation-pit.png)",
        ]
    )


def growth_section(document: dict[str, Any]) -> str:
    """What is known about the direction: hardly anything, with numbers."""
    rows = []
    for part, one in document["groups"]["all"]["scores"]["model"].items():
        gain = f"{one['brier_gain']:+.5f} [{_pair(one['brier_gain_interval'], '+.5f')}]"
        auc, rank = (
            f"{one[key]:{form}} [{_pair(one[f'{key}_interval'], form)}]" if one[key] is not None else "-"
            for key, form in (("auc", ".3f"), ("rank_ic", "+.3f"))
        )
        name = "1 to 21" if part == "pooled" else part
        rows.append([name, f"{one['brier']:.4f}", f"{one['brier_climatology']:.4f}", gain, auc, rank])
    heads = ["sessions", "Brier", "of climatology", "gain", "AUC", "rank IC"]
    text = (
        "Climatology answers with the training span's share of rises. A gain above 0 is better than that; an AUC of "
        ".5 and a rank correlation of 0 are no knowledge. Whoever needs the direction will not find it here."
    )
    return "\n\n".join(["## The probability of growth", table(heads, rows), text])


def everyone_section(document: dict[str, Any]) -> str:
    """All scores of all forecasters, pooled, for all and unseen symbols."""
    parts = ["## Everyone's scores, 1 to 21 sessions pooled"]
    heads = ["", "pinball", "CRPS", "80 % held", "90 % held", "80 % width", "Brier", "AUC", "rank IC"]
    groups = {
        "All symbols": document["groups"]["all"],
        "Symbols never trained on": document["groups"].get("unseen"),
        "The subset of AutoARIMA and AutoETS": document["subset"],
    }
    for name, group in groups.items():
        if group:
            titles = document["subset"]["rivals"]
            rows = [_score_cells(titles[who]["title"], at["pooled"]) for who, at in group["scores"].items()]
            parts += [f"{name}:", table(heads, rows)]
    return "\n\n".join(parts)


def method_section(document: dict[str, Any]) -> str:
    """How it was done, so that someone could find a mistake."""
    bootstrap = document["bootstrap"]
    told = "\n".join(f"- **{one['title']}**: {one['how']}" for one in document["subset"]["rivals"].values())
    return "\n\n".join(
        [
            "## How it was done",
            f"Cutoffs are every {document['stride']}th session of each symbol from {document['first']} to "
            f"{document['last']}; an outcome that falls after the last day is left out, so no span reaches into the "
            f"next. All answer the same rows. What is fitted saw outcomes to {document['fitted_to']}, of symbols "
            "that are trained on; what is chosen was chosen on "
            f"{document['chosen_on'][0][:4]}-{document['chosen_on'][1][:4]}.",
            "Loss is the mean pinball loss over the levels "
            + ", ".join(f"{level:g}" for level in document["levels"])
            + ", divided by EWMA volatility times the square root of the horizon; CRPS is approximated by twice that. "
            f"Intervals come from {bootstrap['resamples']:,} draws of blocks of {bootstrap['block_weeks']} weeks, "
            "all symbols together: dates are the sample, not rows. The Diebold-Mariano statistic tests weekly "
            "differences of loss with a variance that allows for overlap; above 2 is more than luck. Rank IC is "
            "Spearman's correlation across symbols of the median forecast and the realised growth, averaged over "
            "dates.",
            told,
            "The price table holds shares that are still listed. Failures are missing, for the model and its rivals "
            "alike.",
        ]
    )


def _skill_in(year: dict[str, Any]) -> str:
    """The skill, with its interval where the year holds weeks enough for one."""
    interval = year["skill_interval"]
    return percent(year["skill"]) + (f" {between(interval)}" if interval else "")


def _skill_cells(skills: dict[str, Any] | None) -> list[str]:
    if not skills:
        return ["-"] * 4
    at = skills["pooled"]
    tested = at["diebold_mariano"] is not None
    test = ["-", "-"]
    if tested:
        chance = at["p_value"]
        test = [f"{at['diebold_mariano']:+.1f}", f"{chance:.3f}" if chance >= 0.001 else "below .001"]
    return [percent(at["skill"]), between(at["skill_interval"]), *test]


def _score_cells(title: str, at: dict[str, Any]) -> list[str]:
    held = [percent(at[f"coverage_{width}"], 1, sign=False) for width in (80, 90)]
    auc, rank = (f"{at[key]:.3f}" if at[key] is not None else "-" for key in ("auc", "rank_ic"))
    return [
        title,
        f"{at['pinball']:.4f}",
        f"{at['crps']:.4f}",
        *held,
        ratio(at["width_80"]),
        f"{at['brier']:.4f}",
        auc,
        rank,
    ]


def _pair(interval: list[float] | None, form: str) -> str:
    return f"{interval[0]:{form}}, {interval[1]:{form}}" if interval else "too few weeks"
