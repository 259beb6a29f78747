"""`make bench`: every performance claim, measured on this machine; exit status 1 when one does not hold."""

import sys

from benchmarks import cold_start, resident_memory, warm_forecast


def main() -> int:
    """Measure one thing at a time."""
    cold, warm = cold_start.measure(), warm_forecast.measure()
    memory = resident_memory.measure()
    lines = [
        (
            "a forecast from the command line / its three imports",
            f"{cold.ours:.2f} s / {cold.theirs:.2f} s",
            cold.ratio,
            cold_start.LIMIT,
        ),
        (
            "a warm forecast / the model alone",
            f"{warm.ours * 1e6:.0f} us / {warm.theirs * 1e6:.0f} us",
            warm.ratio,
            warm_forecast.LIMIT,
        ),
        ("the service at rest, MB", "", memory, resident_memory.LIMIT),
    ]
    for name, detail, value, limit in lines:
        print(f"{'ok  ' if value <= limit else 'MISS'} {name}: {value:.2f} (at most {limit:g}) {detail}")
    return int(any(value > limit for _, _, value, limit in lines))


if __name__ == "__main__":
    sys.exit(main())
