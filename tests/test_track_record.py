"""The track record: equal to a recomputation by hand from the raw file, shown with answers, honest about few rows."""

import json
import math
import struct
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from bellwether.ask import forecasts
from bellwether.cli.main import main
from bellwether.core.errors import BadDate, LedgerError
from bellwether.core.types import LEVELS, RecordSummary, SkillVerdict
from bellwether.db.database import Store
from bellwether.forecasting import sentences
from bellwether.forecasting.forecaster import BASELINE_ID
from bellwether.jobs.simulate import simulate
from bellwether.market.symbols.universe import Universe
from bellwether.services import Services
from bellwether.track_record.ledger import outcomes_table
from bellwether.track_record.ledger.issue import record
from bellwether.track_record.ledger.ledger_table import to_days, unpack_all
from bellwether.track_record.ledger.outcomes_table import Outcome
from bellwether.track_record.ledger.score_sums import count
from bellwether.track_record.scores import simulated_record
from bellwether.track_record.scores.columns import COLUMNS, scored
from bellwether.track_record.scores.score_table import score_of, together
from bellwether.track_record.scores.sentences import lines
from bellwether.track_record.scores.track_record import RecordFilter, live_record
from bellwether.track_record.to_json import record_json
from bot.commands.track import record_text
from tests.support.account import made_up, store_of
from tests.support.database import beside
from tests.support.models import JUDGED
from web.pages.record_view import in_short

FIRST = date(2025, 1, 6)


def filled(folder: Path, weeks: int, *, symbols: int = 4, seed: int = 5) -> Store:
    """A store of made-up forecasts of some symbols on one day of each week, at two horizons, all but a few settled."""
    store, random = store_of(folder), np.random.default_rng(seed)
    made = [
        made_up(
            10_000 * week + 100 * number + horizon,
            symbol=f"S{number}",
            cutoff=FIRST + timedelta(days=7 * week),
            horizon=horizon,
            model_id=BASELINE_ID if (week + number) % 9 == 0 else "made-up-1",
            shown=(week + number) % 7 > 0,
        )
        for week in range(weeks)
        for number in range(symbols)
        for horizon in (1, 10)
    ]
    record(store, made)
    with store.transaction() as db:
        due = outcomes_table.due(db, FIRST + timedelta(days=7 * weeks - 3))
        came = [Outcome(one, None if at % 41 == 40 else random.normal(0, 0.03), FIRST) for at, one in enumerate(due)]
        count(db, outcomes_table.append(db, came, made[0].made_at))
    return store


# ---- by hand


def raw(store: Store) -> Iterator[dict[str, Any]]:
    """Every settled or open forecast, read with nothing but the standard library."""
    with beside(store) as db:
        sql = (
            "SELECT symbol, cutoff, horizon, model_id, shown, numbers, log_return, outcomes.id"
            " FROM ledger LEFT JOIN outcomes ON outcomes.seq = ledger.seq"
        )
        for symbol, cutoff, horizon, model, shown, numbers, came, settled in db.execute(sql).fetchall():
            _, _, usual, *quantiles, told, stretched = struct.unpack("<19d", numbers)
            yield {
                "symbol": symbol,
                "cutoff": cutoff,
                "horizon": horizon,
                "model": model,
                "shown": shown,
                "usual": usual,
                "model_quantiles": quantiles[:7],
                "plain": quantiles[7:],
                "told": told,
                "stretched": stretched,
                "came": came,
                "settled": settled is not None,
            }


def pinball(came: float, quantiles: list[float]) -> float:
    return sum(max(a * (came - q), (a - 1) * (came - q)) for a, q in zip(LEVELS, quantiles, strict=True)) / 7


def chance(quantiles: list[float]) -> float:
    """The chance of a rise by linear interpolation in normal scores."""
    scores = [NormalDist().inv_cdf(level) for level in LEVELS]
    at = min(max(sum(q <= 0 for q in quantiles) - 1, 0), 5)
    share = -quantiles[at] / (quantiles[at + 1] - quantiles[at])
    return 1 - NormalDist().cdf(scores[at] + share * (scores[at + 1] - scores[at]))


def by_hand(rows: list[dict[str, Any]]) -> dict[str, float]:
    """The scores of settled rows, in plain Python."""
    sums: dict[str, float] = defaultdict(float)
    for row in rows:
        came, own, plain = row["came"], row["model_quantiles"], row["plain"]
        scale = (plain[5] - plain[1]) / (2 * NormalDist().inv_cdf(0.9))
        usual = chance(plain) if math.isnan(row["usual"]) else row["usual"]
        sums["pinball"] += pinball(came, own) / scale
        sums["baseline_pinball"] += pinball(came, plain) / scale
        sums["coverage_80"] += own[1] <= came <= own[5]
        sums["coverage_90"] += own[0] <= came <= own[6]
        sums["baseline_coverage_80"] += plain[1] <= came <= plain[5]
        sums["baseline_coverage_90"] += plain[0] <= came <= plain[6]
        factor = 1 if math.isnan(row["stretched"]) else row["stretched"]
        low, high = (own[3] + (own[at] - own[3]) / factor for at in (1, 5))
        sums["unstretched_coverage_80"] += low <= came <= high
        told = chance(own) if math.isnan(row["told"]) else row["told"]
        sums["brier"] += (told - (came > 0)) ** 2
        sums["usual_brier"] += (usual - (came > 0)) ** 2
        sums["share_of_rises"] += came > 0
    found = {name: total / len(rows) for name, total in sums.items()}
    return found | {"skill": 1 - found["pinball"] / found["baseline_pinball"]}


@pytest.mark.parametrize(
    "asked",
    [
        RecordFilter(),
        RecordFilter(symbol="S2"),
        RecordFilter(horizon=10),
        RecordFilter(symbol="S1", horizon=1),
        RecordFilter(since=date(2025, 8, 1)),
        RecordFilter(symbol="S3", since=date(2025, 8, 1)),
        RecordFilter(model_id="made-up-1"),
        RecordFilter(model_id=BASELINE_ID),
        RecordFilter(symbol="S0", model_id="made-up-1"),
    ],
    ids=str,
)
def test_scores_equal_those_recomputed_by_hand_from_the_raw_file(tmp_path: Path, asked: RecordFilter) -> None:
    store = filled(tmp_path, 60)
    found = live_record(store, asked)
    since = to_days(asked.since) if asked.since else -(10**9)
    rows = [
        row
        for row in raw(store)
        if asked.symbol in {None, row["symbol"]} and asked.horizon in {None, row["horizon"]} and row["cutoff"] >= since
    ]
    own = [
        row
        for row in rows
        if (row["model"] == asked.model_id if asked.model_id else row["shown"] and row["model"] != BASELINE_ID)
    ]
    settled = [row for row in own if row["came"] is not None]
    silent = [row for row in rows if row["shown"] and row["model"] == BASELINE_ID and not asked.model_id]
    assert found.settled == found.score.forecasts == len(settled) > 20
    assert found.waiting == sum(not row["settled"] for row in own)
    assert found.without_outcome == sum(row["settled"] and row["came"] is None for row in own)
    assert found.issued == len(own) + len(silent)
    assert found.score.stretched == sum(not math.isnan(row["stretched"]) for row in settled)
    for name, value in by_hand(settled).items():
        assert getattr(found.score, name) == pytest.approx(value, abs=1e-12), name
    for one in found.by_horizon:
        part = by_hand([row for row in settled if row["horizon"] == one.horizon])
        assert one.score.skill == pytest.approx(part["skill"], abs=1e-12)
    assert sum(one.forecasts for one in found.by_month) == len(settled)
    for one, level in zip(found.reliability, LEVELS, strict=True):
        below = [row["came"] <= row["model_quantiles"][LEVELS.index(level)] for row in settled]
        assert one.observed == pytest.approx(sum(below) / len(below))


def test_the_biggest_misses_come_first(tmp_path: Path) -> None:
    store = filled(tmp_path, 60)

    def distance(row: dict[str, Any]) -> float:
        quantiles = row["model_quantiles"]
        outside = max(quantiles[0] - row["came"], row["came"] - quantiles[6], 0)
        return float(outside / (quantiles[5] - quantiles[1]))

    for asked in (
        RecordFilter(),
        RecordFilter(symbol="S2"),
        RecordFilter(horizon=1),
        RecordFilter(symbol="S2", horizon=10),
    ):
        own = [
            row
            for row in raw(store)
            if row["came"] is not None
            and row["shown"]
            and row["model"] != BASELINE_ID
            and asked.symbol in {None, row["symbol"]}
            and asked.horizon in {None, row["horizon"]}
        ]
        missed = sorted((row for row in own if distance(row) > 0), key=distance)
        if asked.symbol is None:  # one of each symbol: the last one stays, which is the biggest
            missed = list({row["symbol"]: row for row in missed}.values())
        expected = sorted(map(distance, missed), reverse=True)[:20]
        assert [miss.distance for miss in live_record(store, asked).misses] == pytest.approx(expected)


# ---- small samples


@pytest.mark.sqlite
def test_rows_from_before_the_told_chance_was_kept_are_read_and_scored_as_ever() -> None:
    quantiles, plain = np.linspace(-0.03, 0.04, 7).tolist(), np.linspace(-0.04, 0.04, 7).tolist()
    new = struct.pack("<19d", 100, 101, 0.5, *quantiles, *plain, 0.2, 1.1)
    numbers = unpack_all([new, new[: 17 * 8]])
    told, own = scored(np.array([0.02, 0.02]), numbers)
    assert numbers.told[0] == 0.2 and np.isnan(numbers.told[1]) and np.isnan(numbers.stretched[1])
    assert numbers.log_returns.tolist() == [quantiles] * 2 and numbers.baseline.tolist() == [plain] * 2
    of_told = [COLUMNS.index(name) for name in ("brier", "stretched")]
    assert told[of_told].tolist() == pytest.approx([(0.2 - 1) ** 2, 1])
    assert own[of_told].tolist() == pytest.approx([(chance(quantiles) - 1) ** 2, 0])
    assert np.delete(told, of_told).tolist() == np.delete(own, of_told).tolist()


def test_a_record_tells_how_many_would_have_held_without_the_evenings(tmp_path: Path) -> None:
    made = live_record(filled(tmp_path, 60), RecordFilter())
    share = made.score.unstretched_coverage_80
    assert share is not None and made.score.coverage_80 is not None and share < made.score.coverage_80
    told = f"Without the widening or narrowing of each evening, {100 * share:.0f} of 100 would have held."
    assert told in lines(made) and told in in_short(made)
    assert told in record_text(made, "all stocks", Universe(()))
    never = replace(made, score=replace(made.score, stretched=0))
    assert not any("each evening" in line for line in (*lines(never), *in_short(never)))


@pytest.mark.sqlite
@pytest.mark.parametrize(("weeks", "verdict"), [(10, True), (51, True), (60, False)], ids=["weeks", "almost", "a year"])
def test_below_a_year_of_weeks_it_is_too_early_to_tell(tmp_path: Path, weeks: int, verdict: bool) -> None:
    found = live_record(filled(tmp_path, weeks), RecordFilter())
    assert (found.score.verdict is SkillVerdict.TOO_EARLY) is verdict
    assert (found.score.skill_interval is None) is verdict
    assert ("Too early to tell" in " ".join(lines(found))) is verdict


def test_no_record_is_said_and_breaks_nothing(tmp_path: Path) -> None:
    found = live_record(store_of(tmp_path), RecordFilter())
    assert (found.issued, found.score.skill, found.by_horizon, found.misses) == (0, None, (), ())
    assert lines(found) == ["No forecast has been entered yet: the record begins with the first one."]


@pytest.mark.sqlite
def test_rows_put_together_score_the_same(tmp_path: Path) -> None:
    whole = simulated_record._load(None, 0)
    assert score_of(together(whole.table, whole.table.week)).skill == pytest.approx(score_of(whole.table).skill)


# ---- words


BESIDE = RecordSummary(21, 735, 0.66, 0.74, 0.007, SkillVerdict.UNDECIDED, own=True)


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("beside", "sentence"),
    [
        (
            BESIDE,
            "For Apple a month ahead 66 of 100 ranges held, not 80: expect wider. A plain rule on recent swings "
            "alone: 74.",
        ),
        (
            replace(BESIDE, coverage_80=0.78, baseline_coverage_80=0.8, horizon=1),
            "For Apple a day ahead 78 of 100 ranges held, not 80: expect a little wider. A plain rule on recent "
            "swings alone: just as promised.",
        ),
        (
            replace(BESIDE, coverage_80=0.791, baseline_coverage_80=0.794, horizon=5),
            "For Apple a week ahead 79 of 100 ranges held, about as promised. A plain rule on recent swings alone: as "
            "many.",
        ),
        (
            replace(BESIDE, coverage_80=0.86, horizon=63, own=False, years="2019-2021"),
            "For all stocks together three months ahead 86 of 100 ranges held, more than the promised 80: wider than "
            "need be. A plain rule on recent swings alone: 74. Simulated on past prices.",
        ),
        (
            replace(BESIDE, forecasts=14, verdict=SkillVerdict.TOO_EARLY),
            "For Apple a month ahead it is too early to tell: 14 forecasts have come due.",
        ),
        (
            RecordSummary(10, 1, None, None, None, SkillVerdict.TOO_EARLY, own=False, years="2021"),
            "For all stocks together two weeks ahead it is too early to tell: 1 forecast has come due. Simulated on "
            "past prices.",
        ),
    ],
    ids=["wider", "a little", "kept", "too wide", "early", "simulated"],
)
def test_the_line_beside_a_forecast(beside: RecordSummary, sentence: str) -> None:
    assert sentences.track_record_line(beside, "Apple") == sentence


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("beside", "sentence"),
    [
        (
            replace(BESIDE, skill=0.03, verdict=SkillVerdict.BETTER),
            "735 forecasts of the last year: 3.0\u00a0% better than the plain rule.",
        ),
        (
            replace(BESIDE, skill=-0.021, verdict=SkillVerdict.WORSE),
            "735 forecasts of the last year: 2.1\u00a0% worse than the plain rule.",
        ),
        (
            replace(BESIDE, years="2019-2021"),
            "735 simulated forecasts (2019-2021): no better or worse than the plain rule by more than luck.",
        ),
        (replace(BESIDE, verdict=SkillVerdict.TOO_EARLY), ""),
    ],
    ids=["better", "worse", "undecided", "early"],
)
def test_what_the_line_rests_on(beside: RecordSummary, sentence: str) -> None:
    assert sentences.record_basis(beside) == sentence


# ---- simulated


@pytest.mark.sqlite
def test_the_demo_has_a_record_and_says_that_it_is_simulated(services: Services) -> None:
    services.store.path.unlink()
    found = forecasts.track_record(services)
    assert found.simulated
    assert (found.first, found.last) == (date(2022, 1, 3), date(2024, 3, 4))
    assert [one.model_id for one in found.by_model] == [JUDGED], "which had seen prices up to 2021"
    assert lines(found)[0].startswith("Simulated: ")
    made = forecasts.answer(services, "AAPL", 10).forecast
    assert "Simulated on past prices." in sentences.trust_line(made)
    assert not services.store.path.exists(), "nothing of it is in the database"
    own = forecasts.track_record(services, symbol="AAPL", horizon=10, since=date(2023, 1, 1))
    assert own.simulated
    assert own.first is not None and own.first >= date(2023, 1, 1)
    assert {miss.symbol for miss in own.misses} <= {"AAPL"}


@pytest.mark.sqlite
def test_a_replay_of_ones_own_takes_the_place_of_the_shipped_one(services: Services) -> None:
    services.store.path.unlink()
    file, replayed = simulate(services, date(2021, 3, 1), date(2021, 3, 10))
    assert replayed == 8 * 40 * 5
    found = forecasts.track_record(services)
    assert found.simulated
    assert (found.issued, found.first) == (replayed, date(2021, 3, 1))
    assert found.waiting == replayed - found.settled
    kept = {"simulated_record.npz", "simulated_summary.json", "simulated_evidence.npz"}
    assert {path.name for path in file.parent.iterdir()} == kept
    assert found.why_missed is not None
    assert found.why_missed.pooled.misses + found.why_missed.pooled.held == found.score.forecasts
    line = sentences.trust_line(forecasts.answer(services, "AAPL", 1).forecast)
    assert line.startswith("For all stocks together a day ahead it is too early to tell: 280 forecasts have come due.")
    assert "Simulated on past prices. For all stocks in the model's test a day ahead 81 of 100" in line
    line = sentences.trust_line(forecasts.answer(services, "AAPL", 63).forecast)
    assert line.startswith("For all stocks in the model's test three months ahead"), "none of these has come due"
    file.write_bytes(b"no record")
    with pytest.raises(LedgerError, match="make it again or delete it"):
        forecasts.track_record(services)


@pytest.mark.parametrize(
    ("first", "last"),
    [(date(2021, 3, 10), date(2021, 3, 1)), (date(2021, 3, 6), date(2021, 3, 7))],
    ids=["back", "none"],
)
def test_a_replay_of_no_day_is_refused(services: Services, first: date, last: date) -> None:
    with pytest.raises(BadDate):
        simulate(services, first, last)


# ---- the command


def test_the_command_prints_the_record_as_words_and_as_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_DATABASE__PATH", str(tmp_path / "x.sqlite3"))
    told = CliRunner().invoke(main, ["track-record"])
    assert told.exit_code == 0, told.output
    assert "10 trading days: 80\u00a0% ranges held" in told.output
    plain = json.loads(
        CliRunner().invoke(main, ["track-record", "--json", "--symbol", "apple", "--horizon", "2w"]).output
    )
    assert (plain["simulated"], plain["symbol"], plain["horizon"], plain["score"]["verdict"]) == (
        True,
        "AAPL",
        10,
        plain["score"]["verdict"],
    )
    assert plain["score"]["verdict"] in SkillVerdict.__members__
    assert date.fromisoformat(plain["by_month"][0]["month"]) == date(2022, 1, 1)


def test_json_has_every_field(services: Services) -> None:
    found = forecasts.track_record(services)
    assert json.loads(json.dumps(record_json(found))).keys() == set(type(found).__slots__)
