"""The verifier on small ledgers of its own: what was proved in time, dated back, settled twice, or named at random."""

import hashlib
import json
import struct
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bellwether.client import verify

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MONDAY = datetime(2026, 11, 30, tzinfo=UTC)
NOW = MONDAY + timedelta(days=60)
DAY = (MONDAY - EPOCH).days


def at(days: float) -> int:
    """Microseconds since 1970, so many days after that Monday."""
    return int((DAY + days) * 86_400_000_000)


def forecast(row: int, target: int, made: float = -0.1) -> bytes:
    texts = (row, f"f{row:020x}", "AAPL", DAY - 1, 5, DAY + target, at(made), "made-up-1", "yahoo", 1)
    return ("%s\n" * 10 % texts).encode() + bytes(32 + 19 * 8)


def outcome(row: int, of: int, settled: float = 40) -> bytes:
    return f"{row}\n{of}\n{DAY}\n{at(settled)}\n".encode() + struct.pack("<d", 0.01)


def revenue(row: int, made: float = -0.1) -> bytes:
    stored = [row, f"g{row}", "AAPL", DAY - 90, 1, DAY, DAY - 1, at(made), "m", "sec", "USD", 1.0, "", "[]", "[]"]
    return json.dumps(stored).encode()


def revenue_outcome(row: int, of: int, known: int = 30, settled: float = 40) -> bytes:
    return json.dumps([row, of, 0.1, 2.0, DAY + known, at(settled)]).encode()


def of_list(row: int, target: int, made: float = -0.1) -> bytes:
    return json.dumps([row, f"l{row}", "[]", 5, "XNYS", DAY - 1, DAY + target, at(made), "m", "s", "[]", "[]"]).encode()


def list_outcome(row: int, of: int, settled: float = 40) -> bytes:
    return json.dumps([row, of, None, at(settled)]).encode()


Chains = dict[str, list[bytes]]


class Download:
    """A folder as `verify.py download` leaves it, and messages saved of it."""

    def __init__(self, folder: Path, chains: Chains) -> None:
        self.folder, self.hashes = folder / "download", dict[str, list[str]]()
        self.folder.mkdir(parents=True)
        for chain, rows in chains.items():
            before, lines = bytes(32), [verify.HEADER]
            self.hashes[chain] = []
            for number, content in enumerate(rows, 1):
                before = hashlib.sha256(before + content).digest()
                lines.append(f"{number},{content.hex()},{before.hex()}")
                self.hashes[chain].append(before.hex())
            (self.folder / f"{chain}.csv").write_text("\n".join(lines))

    def message(self, published: float, **rows: int) -> str:
        """The file of a message of so many days after that Monday, which names these rows of each chain."""
        heads = [f"{chain} {n}:{self.hashes[chain][n - 1] if n else '0' * 64}" for chain, n in rows.items()]
        when = MONDAY + timedelta(days=published)
        file = self.folder.parent / f"message {published:g}.txt"
        title = f"Bellwether ledger heads of {when.date()}\npublished {when.isoformat(timespec='seconds')}\n"
        file.write_text(title + "\n".join(heads))
        return str(file)

    def check(self, *messages: str, now: datetime = NOW, since: str = "1970-01-01") -> int:
        proofs = (word for m in messages for word in ("--proof", m))
        return verify.main(["check", str(self.folder), "--since", since, *proofs], now)

    def receipt(self, row: int, content: bytes) -> str:
        """The file of a receipt of a row of the ledger."""
        number, name, symbol, cutoff, horizon, target, made_at, model, source, shown = content.decode().split("\n")[:10]
        told: dict[str, object] = {"row": int(number), "forecast_id": name, "symbol": symbol, "horizon": int(horizon)}
        told |= {"cutoff": str(date.fromordinal(EPOCH.toordinal() + int(cutoff))), "model_id": model, "source": source}
        told |= {"target_session": str(date.fromordinal(EPOCH.toordinal() + int(target))), "shown": bool(int(shown))}
        told |= {"made_at": (EPOCH + timedelta(microseconds=int(made_at))).isoformat(), "bars_sha256": bytes(32).hex()}
        told |= dict.fromkeys(("adjusted_close", "quoted_close", "usual_probability_of_growth"), 0.0)
        told |= dict.fromkeys(("log_returns", "baseline"), [0.0] * 7)
        told |= dict.fromkeys(("probability_of_growth", "stretched"), 0.0)
        before = self.hashes["ledger"][row - 2] if row > 1 else bytes(32).hex()
        told |= {"content": content.hex(), "hash_before": before, "hash": self.hashes["ledger"][row - 1]}
        file = self.folder.parent / f"receipt {row}.json"
        file.write_text(json.dumps(told))
        return str(file)


def test_forecasts_are_counted_by_whether_a_head_proved_them_before_their_target_closed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = [(1, -0.1), (5, -0.1), (0, -0.1), (5, 0.3), (8, 7.1), (300, 7.1)]  # (target, when), in days after Monday
    download = Download(tmp_path, {"ledger": [forecast(row, *each) for row, each in enumerate(made, 1)]})
    first, late = download.message(0.2, ledger=3), download.message(7, ledger=4)
    counted = "of 5 forecasts whose target has closed were proved by a head dated before that close"
    assert download.check(first, late) == 3, "two were proved neither before their close nor soon after they were made"
    told = capsys.readouterr().out
    assert (
        "note Forecasts 1 to 4 are what stood there when" in told and "note 2 forecasts whose target has closed" in told
    )
    assert download.check(first, late, since="2026-12-07") == 3
    assert "note 2 forecasts not proved by then were issued before the date of --since" in capsys.readouterr().out
    assert download.check(first, late, since="2026-12-08") == 0
    assert "ok   Forecasts 1 to 4 are what stood there when" in capsys.readouterr().out
    assert download.check(late, since="2026-12-08") == 0, "all are only noted"
    assert f"note 2 {counted}; 2 only by a later one, 1 by none with a date." in told
    assert "note Between 2026-11-30 and 2026-12-07 there is no dated head among your proofs" in told
    assert "Dates of heads without a stamp are those that they tell of themselves" in told
    assert download.check(late) == 3, "none was proved in time"
    assert f"note 0 {counted}; 4 only by a later one, 1 by none" in capsys.readouterr().out
    assert download.check(late, now=MONDAY + timedelta(days=-1)) == 0, "no target has closed yet"
    head = f"6:{download.hashes['ledger'][5]}"
    assert verify.main(["check", str(download.folder), "--head", head], NOW) == 3
    assert f"0 {counted}; 0 only by a later one, 5 by none" in capsys.readouterr().out


def test_a_forecast_for_the_day_on_which_it_was_made_is_noted_and_the_ledger_passes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    download = Download(tmp_path, {"ledger": [forecast(1, 0, made=0.6), forecast(2, 1, made=0.9)]})
    assert download.check(tonight := download.message(1, ledger=2)) == 0
    assert "note 1 of 2 forecasts whose target has closed were proved by a head" in capsys.readouterr().out
    assert download.check(tonight, now=MONDAY + timedelta(days=1.5)) == 3, "of those that closed none was proved before"


@pytest.mark.parametrize(
    ("content", "published", "status", "told"),
    [
        (forecast(1, 5), 0.2, 0, "ok   The receipt of row 1"),
        (forecast(1, 300), None, 0, "ok   The receipt of row 1"),
        (forecast(1, 5), None, 3, "note Its target has closed, and no head of its own row"),
        (forecast(1, 5), 6, 3, "note Its target has closed, and no head of its own row"),
        (forecast(1, 5), 400, 3, "note The dates of 1 of your heads count for nothing"),
        (forecast(1, 5, made=2), 0.2, 3, "note Its target has closed, and no head of its own row"),
        (forecast(1, 5, made=9), 0.2, 1, "FAIL The receipt of row 1: ledger: forecast 1 was made after the session"),
    ],
)
def test_a_receipt_proves_no_forecast_made_or_proved_after_its_close(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, published: float | None, status: int, told: str
) -> None:
    download = Download(tmp_path, {"ledger": [content]})
    receipt = ["receipt", download.receipt(1, content)]
    head = ["--head", f"1:{download.hashes['ledger'][0]}"]
    proof = ["--proof", download.message(published, ledger=1)] if published is not None else head
    assert verify.main([*receipt, *proof], NOW) == status
    assert told in capsys.readouterr().out


def test_a_receipt_that_an_earlier_head_denies_was_dated_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [forecast(1, 5), forecast(2, 300)]
    download = Download(tmp_path, {"ledger": rows})
    assert verify.main(["receipt", download.receipt(2, rows[1]), "--proof", download.message(2, ledger=1)], NOW) == 1
    assert "FAIL The receipt of row 2: ledger: row 2 says that it is of 2026-11-29" in capsys.readouterr().out


def test_a_receipt_is_no_proof_of_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = forecast(1, 300)
    receipt = Path(Download(tmp_path, {"ledger": [content]}).receipt(1, content))
    (copy := tmp_path / "copy.json").write_text(json.dumps(json.loads(receipt.read_text()), indent=1))
    for proof in (receipt, copy):
        assert verify.main(["receipt", str(receipt), "--proof", str(proof)], NOW) == 3
        assert f"note the receipt {proof.name} proves no other copy of it" in capsys.readouterr().out


def test_forecasts_of_revenue_and_lists_are_counted_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chains = {
        "ledger": [forecast(1, 5)],
        "growth": [revenue(1), revenue(2, made=-0.05), revenue(3)],
        "growth_outcomes": [revenue_outcome(1, 2), revenue_outcome(2, 1, known=0)],  # the first: within a day
        "lists": [of_list(1, 5), of_list(2, 0)],
    }
    download = Download(tmp_path, chains)
    rows = {chain: len(contents) for chain, contents in chains.items()}
    assert download.check(download.message(0.2, **rows | {"growth_outcomes": 0}), download.message(41, **rows)) == 0
    told = capsys.readouterr().out
    assert "1 of 2 forecasts of revenue whose outcome is known were proved by a head dated before that; 1 only" in told
    assert "1 of 2 forecasts of lists whose target has closed were proved by a head dated before that close" in told
    older = {chain: n for chain, n in rows.items() if chain != "lists"}
    assert download.check(download.message(0.3, **older | {"growth_outcomes": 0}), download.message(42, **older)) == 3
    assert "note lists: 2 rows follow from one another, but nothing from outside" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("chains", "told"),
    [
        ({"growth": [revenue(1), revenue(2, made=-9)]}, "growth: row 2 says that it is of 2026-11-21"),
        ({"lists": [of_list(1, 5), of_list(2, 5, made=-9)]}, "lists: row 2 says that it is of 2026-11-21"),
        ({"lists": [of_list(1, 5), of_list(2, 1, made=9)]}, "lists: forecast 2 was made after the session"),
        (
            {"growth": [revenue(1)], "growth_outcomes": [revenue_outcome(1, 1), revenue_outcome(2, 1)]},
            "growth_outcomes: row 2 is a second outcome of forecast 1",
        ),
        (
            {"lists": [of_list(1, 5)], "list_outcomes": [list_outcome(1, 1), list_outcome(2, 1)]},
            "list_outcomes: row 2 is a second outcome of forecast 1",
        ),
        (
            {"growth": [revenue(1)], "growth_outcomes": [revenue_outcome(1, 1), revenue_outcome(2, 1, settled=-9)]},
            "growth_outcomes: row 2 says that it is of 2026-11-21",
        ),
        (
            {"outcomes": [outcome(1, 9_999_999_999)]},
            "outcomes: row 1 is an outcome of forecast 9999999999, and ledger ends at row 1: there is no such forecast",
        ),
        ({"outcomes": [outcome(1, -3)]}, "outcomes: row 1 is an outcome of forecast -3"),
        ({"list_outcomes": [list_outcome(1, 10**18)]}, "and lists ends at row 0: there is no such forecast"),
        ({"growth": [b"[" * 50_000]}, "growth: row 1 (of growth) is not what was written"),
    ],
)
def test_what_no_honest_ledger_holds_is_told_of_every_chain(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], chains: Chains, told: str
) -> None:
    download = Download(tmp_path, {"ledger": [forecast(1, 5)]} | chains)
    rows = {chain: 1 for chain in chains if not chain.endswith("outcomes")}
    outcomes = {chain: 1 if "second" in told or "says" in told else 0 for chain in chains if chain.endswith("outcomes")}
    assert download.check(download.message(0.2, ledger=1, **rows, **outcomes)) == 1
    shown = capsys.readouterr().out
    assert f"FAIL {told}" in shown or told in shown


def test_dates_that_most_heads_contradict_count_for_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = (-0.1, 1, 2, 3)
    download = Download(
        tmp_path, {"ledger": [forecast(row, 5 if row < 4 else 300, days) for row, days in enumerate(made, 1)]}
    )
    ahead, *right = download.message(20, ledger=1), download.message(1.2, ledger=2), download.message(2.1, ledger=3)
    assert download.check(ahead, *right) == 0, "the clock of the first was ahead, and no forecast was dated back"
    told = capsys.readouterr().out
    assert "The dates of 1 of your heads count for nothing, first that of the head in message 20.txt" in told
    assert "3 of 3 forecasts" in told
    assert download.check(ahead, now=MONDAY + timedelta(days=8)) == 3, "it lies ahead"
    assert "0 of 3 forecasts" in capsys.readouterr().out
    late, later, back = download.message(7, ledger=3), download.message(8, ledger=3), download.message(0.9, ledger=4)
    assert download.check(late, later, back) == 1
    assert "dated back" in capsys.readouterr().out
    assert download.check(late, back) == 1, "of two that contradict each other the later counts"


def test_a_message_dated_back_proves_nothing_in_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    download = Download(tmp_path, {"ledger": [forecast(1, 5), forecast(2, 300, made=8.5)]})
    saved = [download.message(days, ledger=1) for days in (7, 8)]
    assert download.check(*saved, download.message(0.1, ledger=2)) == 3
    told = capsys.readouterr().out
    assert "first that of the head in message 0.1.txt" in told
    assert "0 of 1 forecasts whose target has closed were proved by a head dated before that close; 1 only" in told
    download = Download(tmp_path / "b", {"ledger": [forecast(1, 5, made=2)]})
    assert download.check(download.message(0.1, ledger=1)) == 3, "it is dated before the forecast that it knows"
    assert "0 of 1 forecasts" in capsys.readouterr().out


def test_a_stamp_outvotes_any_number_of_dates_that_heads_tell_of_themselves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [forecast(row, 5, made=days) for row, days in enumerate((-0.1, 0, 0.1), 1)]
    download = Download(tmp_path, {"ledger": rows, "lists": [of_list(1, 5)]})
    stamped, *back = (
        proof
        for message in (download.message(6, ledger=1), download.message(0.1, ledger=2), download.message(0.2, ledger=3))
        for proof in verify.read_proofs(Path(message), None, [], outside=True)
    )
    for proofs, before in (([stamped, *back], 3), ([replace(stamped, stamped=True), *back], 0)):
        report = verify.check(download.folder, proofs, NOW)
        assert report.in_time["ledger"].before == before
        assert ("dated back" in "".join(report.faults)) == (not before), "the floor stays, too"
        assert f"The dates of {1 if before else 2} of your heads" in "".join(report.notes)
    lists = download.message(1500, lists=1)
    assert download.check(download.message(0.3, ledger=3), lists) == 3, "it lies ahead, though it has no ledger line"
    assert "first that of the head in message 1500.txt" in capsys.readouterr().out
