"""How long the standalone verifier takes over a million forecasts and as many outcomes, and how much memory.

    python -m benchmarks.verifier [ROWS]

Processor time and peak memory of the verifier's own process, over a download with a head for each day.
"""

import resource
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bellwether.client import verify
from bellwether.track_record.ledger import ledger_table, outcomes_table, published_heads_table
from bellwether.track_record.ledger.hash_chain_table import START, HashChain, link

LIMITS = {"s of processor time": 20.0, "MB": 300.0}
_DAY, _MICROSECONDS, _A_DAY = 20_000, 86_400_000_000, 2500  #: the last in rows


def forecast(row: int) -> tuple[object, ...]:
    """A forecast that nobody made, with the columns of the ledger and their usual lengths."""
    numbers = row.to_bytes(8, "little") * (ledger_table.NUMBERS_SIZE // 8)
    cutoff = _DAY + (row - 1) // _A_DAY
    made_at = cutoff * _MICROSECONDS + row % _A_DAY
    texts = (row, f"f{row:020x}", f"S{row % 500}", cutoff, 10, cutoff + 14, made_at, "daily-range-3-2024", "yahoo", 1)
    return (*texts, bytes(32), numbers)


def outcome(row: int) -> tuple[object, ...]:
    """What came of it."""
    day = _DAY + (row - 1) // _A_DAY
    return row, row, day + 14, 0.01, (day + 15) * _MICROSECONDS


def write(path: Path, chain: HashChain, rows: int, row_of: object) -> dict[int, str]:
    """A download of this chain; by rows the hash after each day and of its last."""
    before, heads = START, dict[int, str]()
    with path.open("w", encoding="ascii") as file:
        file.write(f"{verify.HEADER}\n")
        for row in range(1, rows + 1):
            content = chain.content(row_of(row))  # type: ignore[operator]
            before = link(before, content)
            file.write(f"{row},{content.hex()},{before.hex()}\n")
            if row % _A_DAY == 0 or row == rows:
                heads[row] = before.hex()
    return heads


def statement(number: int, row: int, heads: dict[int, str], came: dict[int, str]) -> str:
    """The message of a day, which knows its forecasts, and of the outcomes those of 15 days before."""
    published = datetime.fromtimestamp((_DAY + number + 1) * 86_400, UTC).isoformat()
    settled = row if row == max(came) else row - 15 * _A_DAY
    outcomes = f"outcomes {settled}:{came[settled]}\n" if settled > 0 else ""
    return (
        f"{published_heads_table.TITLE} {published[:10]}\npublished {published}\nledger {row}:{heads[row]}\n{outcomes}"
    )


def main(rows: int = 1_000_000) -> int:
    """Make the download, check it, and say what that took; 1 where it is more than LIMITS."""
    with tempfile.TemporaryDirectory() as folder:
        heads = write(Path(folder, "ledger.csv"), ledger_table.CHAIN, rows, forecast)
        came = write(Path(folder, "outcomes.csv"), outcomes_table.CHAIN, rows, outcome)
        size = sum(file.stat().st_size for file in Path(folder).iterdir())
        messages = Path(folder, "messages.txt")
        messages.write_text("".join(statement(number, row, heads, came) for number, row in enumerate(heads)))
        command = [sys.executable, verify.__file__, "check", folder, "--proof", str(messages)]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    measured = {"s of processor time": seconds, "MB": used.ru_maxrss / 1024}
    print(f"The standalone verifier, {rows:,} forecasts and as many outcomes, {size / 1e6:,.0f} MB of CSV:")
    for what, value in measured.items():
        print(f"  {value:.1f} {what}, at most {LIMITS[what]:g}")
    return int(any(value > LIMITS[what] for what, value in measured.items()))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
