"""`make bench`: every performance claim, measured on this machine; exit status 1 when one does not hold.

With --large, for `make bench-large`, those that take minutes: a million forecasts and their proof from outside, models
to be silenced, a crowd's tick, the pace of sending (near Telegram, by two senders, and far from it with the service
busy), the speed of the chat, the API on two hosts, a host that ends, and trainings on two workers.
"""

import argparse
import sys

from benchmarks import (
    alert_rules,
    api_pace,
    cached_bars,
    cold_start,
    graph_speed,
    list_range,
    resident_memory,
    symbol_page,
    warm_forecast,
)


def main() -> int:
    """Measure one thing at a time."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure what is claimed, here.")
    asked.add_argument("--large", action="store_true", help="Instead, what takes minutes.")
    if asked.parse_args().large:
        from benchmarks import (
            api_hosts,
            chat_speed,
            crowd,
            failover,
            far_pace,
            large_ledger,
            pace,
            paid_pace,
            silence,
            spread_eras,
            verifier,
        )

        # the ledger first: its memory is the peak of the process
        parts = (
            *(large_ledger, verifier, silence, crowd, pace, paid_pace, far_pace),
            *(chat_speed, api_hosts, failover, spread_eras),
        )
        return max([part.main() for part in parts])
    cold, warm, with_report = cold_start.measure(), warm_forecast.measure(), warm_forecast.measure(report_inside=True)
    universe, graph = warm_forecast.universe(), graph_speed.measure()
    kept, kept_cpu = cached_bars.measure()
    joined, joined_cpu = list_range.measure()
    judged, idle = alert_rules.measure()
    page, page_under_load = symbol_page.measure(), symbol_page.under_load()
    ours, constant = api_pace.measure()
    batch = api_pace.batch()
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
        (
            "the same with a report inside the horizon",
            f"{with_report.ours * 1e6:.0f} us / {with_report.theirs * 1e6:.0f} us",
            with_report.ratio,
            warm_forecast.LIMIT,
        ),
        (
            f"forecasts of {warm_forecast.UNIVERSE} symbols, seconds of processor time",
            "",
            universe,
            warm_forecast.UNIVERSE_LIMIT,
        ),
        (
            f"{graph_speed.BATCH} windows to quantiles / the LSTM nodes alone",
            f"{graph_speed.BATCH / graph.ours:,.0f} a second",
            graph.ratio,
            graph_speed.LIMIT,
        ),
        (
            "twelve years from the cache / from an .npz file",
            f"{kept.ours * 1e6:.0f} us / {kept.theirs * 1e6:.0f} us",
            kept.ratio,
            cached_bars.LIMIT,
        ),
        ("the same, milliseconds of processor time", "", kept_cpu, cached_bars.CPU_LIMIT),
        (
            f"the joint range of {list_range.SYMBOLS} / drawing and sorting as many numbers",
            f"{joined.ours * 1e3:.1f} ms / {joined.theirs * 1e3:.1f} ms",
            joined.ratio,
            list_range.LIMIT,
        ),
        ("the same, milliseconds of processor time", "", joined_cpu, list_range.CPU_LIMIT),
        ("judging one of 20,000 alert rules, microseconds of processor time", "", judged, alert_rules.LIMIT),
        ("a tick with none to judge, milliseconds of processor time", "", idle, alert_rules.IDLE_LIMIT),
        (
            "a kept symbol page / the smallest page FastAPI makes",
            f"{page.ours * 1e6:.0f} us / {page.theirs * 1e6:.0f} us",
            page.ratio,
            symbol_page.LIMIT,
        ),
        ("a symbol page under load, milliseconds", "", page_under_load, symbol_page.LOAD_LIMIT),
        (
            "requests a second of a constant / of a kept forecast over the API",
            f"{constant:.0f} / {ours:.0f}",
            constant / ours,
            1 / api_pace.LEAST,
        ),
        ("a batch of 500 over the API / (twice the model alone + JSON)", "", batch, api_pace.BATCH_LIMIT),
        ("the service at rest, MB", "", memory, resident_memory.LIMIT),
    ]
    for name, detail, value, limit in lines:
        print(f"{'ok  ' if value <= limit else 'MISS'} {name}: {value:.2f} (at most {limit:g}) {detail}")
    return int(any(value > limit for _, _, value, limit in lines))


if __name__ == "__main__":
    sys.exit(main())
