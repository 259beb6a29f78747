"""docs/model-card.md, the readable face of card.json: nothing on it that is not in the card.

After Mitchell et al. (2019), Model Cards for Model Reporting: what it is for, what it cannot do, how it scored.
"""

import json
from pathlib import Path
from typing import Any

from training.words import between, percent, table

MADE_BY = "<!-- Written from card.json by `python -m training report`. Changes by hand are lost. -->"


def model_card_page(folder: Path) -> str:
    """The page of the model in this folder."""
    card: dict[str, Any] = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    size = (folder / "model.onnx").stat().st_size
    parts = [
        f"# Model card: {card['model_id']}",
        MADE_BY,
        purpose(card, size),
        limits(card),
        scores(card),
        data(card),
        recipe(card),
    ]
    return "\n\n".join(parts) + "\n"


def purpose(card: dict[str, Any], size: int) -> str:
    """What it is for and what it reads."""
    horizons = ", ".join(str(horizon) for horizon in card["horizons"])
    levels = ", ".join(f"{100 * level:g} %" for level in card["levels"])
    reads = "\n".join(f"- {feature}" for feature in card["features"])
    return "\n\n".join(
        [
            f"A forecaster of the range in which a daily price will be {horizons} sessions ahead: the quantiles "
            f"{levels} of the cumulative log return. One ONNX file of {size / 1000:,.0f} kB, made on "
            f"{card['created']}.",
            "## What it is for",
            "To say how wide the range of outcomes is, and how that compares with a plain volatility rule. For "
            "information and study, never as advice to buy or sell. The service answers with the plain rule instead "
            f"where the model has less than {card['min_history']} sessions to go by, or where prices move as nothing "
            "it learned from did.",
            f"It reads the last {card['context_length']} sessions of open, high, low, close and volume, and of "
            f"{' and '.join(card['market'])} beside them:",
            reads,
        ]
    )


def limits(card: dict[str, Any]) -> str:
    """What it cannot do, in the card's own sentences."""
    return "\n\n".join(["## What it cannot do", "\n".join(f"- {limit}" for limit in card["limits"])])


def scores(card: dict[str, Any]) -> str:
    """How it scored on the span kept for the end."""
    found = card["scores"]
    rows = []
    for who, group in (("all", found), ("trained on", found["seen"]), ("never seen", found["unseen"])):
        if not group["pooled"]:
            continue
        parts = {**group["by_horizon"], "1 to 21": group["pooled"]} if who == "all" else {"1 to 21": group["pooled"]}
        rows += [[who, name, *_cells(at)] for name, at in parts.items() if at]
    heads = ["symbols", "sessions", "skill against the plain rule", "against the random walk", "80 % held", "90 % held"]
    heads += ["Brier of growth (climatology)"]
    quarters = found.get("coverage_80_by_quarter") or {}
    held = table(["quarter", *quarters], [["held", *(percent(share, 0, sign=False) for share in quarters.values())]])
    judged = card.get("scores_of")
    whose = []
    if judged:
        whose = [
            f"**These are the scores of `{judged['model_id']}`**, made by the same recipe from prices up to "
            f"{judged['trained_to']} and then tested. The present model learned from the test years too, so it has no "
            "scores of its own; what it forecasts is kept and scored as it turns out."
        ]
    parts_of_page = [
        f"## How {'the recipe' if judged else 'it'} scored, {found['first']} to {found['last']}",
        *whose,
        table(heads, rows),
        f"{found['cutoffs']:,} cutoffs, every {found['stride']} sessions. Skill is 1 - loss / the other's loss; "
        "above 0 the model is better. Brackets hold 95 % intervals in percent, from drawing quarters of the span "
        "again and again.",
    ]
    if quarters:
        parts_of_page += [
            "Share of outcomes inside the 80 % range, 1 to 21 sessions, by quarter of the forecast:",
            held,
        ]
    parts_of_page.append("[The whole comparison](evaluation.md) has every rival, year and test.")
    return "\n\n".join(parts_of_page)


def data(card: dict[str, Any]) -> str:
    """What it learned from, with the survivorship caveat, and how the spans were cut."""
    told, splits = card["data"], card["splits"]
    unseen = told["unseen_symbols"]
    judged = card.get("scores_of")
    spans = [
        [name, max(splits[name][0], told["first"]), splits[name][1]]
        for name in ("training", "validation", "test")
        if name in splits
    ]
    return "\n\n".join(
        [
            "## Data",
            f"{told['rows']:,} daily bars of {len(told['symbols'])} symbols, {told['first']} to {told['last']}. "
            f"Source: {told['source']}. The last session it learned from is {told['trained_to']}.",
            *(
                [f"It learned from all of them. `{judged['model_id']}`, whose scores are shown, learned from less:"]
                if judged
                else []
            ),
            table(["span", "from", "to"], spans),
            f"Embargo: {splits['embargo']}. "
            + (
                f"One symbol in ten was kept out of training, chosen by its name alone (`{splits['unseen_symbols']}`)."
                if judged
                else f"{len(unseen)} symbols were never trained on, chosen by their name alone "
                f"(`{splits['unseen_symbols']}`): {', '.join(unseen)}."
            ),
            "**Survivors only.** Such tables hold shares that were still listed when they were drawn up. Companies "
            "that failed are missing, so past returns look better than they were, and the center of a forecast may "
            "be too high.",
        ]
    )


def recipe(card: dict[str, Any]) -> str:
    """How it was chosen and made."""
    settings = [[name.replace("_", " "), _plain(value)] for name, value in card["recipe"].items()]
    parts = [
        "## How it was made and chosen",
        "The recipe was trained on the training span; the epoch and every setting were chosen on the validation span; "
        "the test span was opened after that."
        + (" Then the same recipe was fitted once more, on all years and symbols." if "scores_of" in card else ""),
        table(["setting", "value"], settings),
    ]
    if "keras_onnx_difference" in card:
        parts.append(
            f"Keras and ONNX Runtime differ by at most {card['keras_onnx_difference']:.0e} in log return, on real, "
            "padded, flat and broken windows."
        )
    parts.append(f"Digest of model.onnx (sha256): `{card['sha256']}`")
    return "\n\n".join(parts)


def _cells(at: dict[str, Any]) -> list[str]:
    skills = [
        f"{percent(at[f'skill_against_{name}'])} {between(at[f'skill_against_{name}_interval'])}"
        for name in ("baseline", "random_walk")
    ]
    held = [percent(at[f"coverage_{width}"], 1, sign=False) for width in (80, 90)]
    return [*skills, *held, f"{at['brier']:.4f} ({at['brier_climatology']:.4f})"]


def _plain(value: Any) -> str:
    """A setting in words."""
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {_plain(part)}" for name, part in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)
