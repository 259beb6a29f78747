"""Work out the evenings of the sample market for a model whose ranges are stretched, and put them beside it.

`python -m bellwether.jobs.sample_evenings daily-range-3` writes `sample_evenings.npz` into the model's folder: to be
run once after a model is exported. Without the file the sample market's evenings are worked out when they are asked
for, some two seconds each; a page has up to eight.
"""

import sys

from bellwether.ask.evenings import learned_at
from bellwether.core.calibration import EveningWidth
from bellwether.core.config import load_settings
from bellwether.core.types import SAMPLE, to_date
from bellwether.forecasting.evening_width import width_of
from bellwether.forecasting.kept_widths import write_sample
from bellwether.market.sample import ENDS
from bellwether.models.onnx_model import OnnxModel
from bellwether.services import Services, build_services


def make(services: Services, model: OnnxModel, last: int | None = None) -> list[EveningWidth]:
    """Each evening on which anything was learned, the oldest first; the `last` ones, or all."""
    (index, *_) = services.provider.universe_state(ENDS)  # type: ignore[attr-defined]
    evenings = []
    for session in index.sessions if last is None else index.sessions[-last:]:
        day = to_date(session)
        with services.widths.making:
            learned = learned_at(services, model, day)
        if learned is not None:
            evenings.append(width_of(day, *learned))
    return evenings


def main() -> None:
    """For the model that is named, else for the served one."""
    chosen = {"serve": sys.argv[1]} if len(sys.argv) > 1 else {}
    services = build_services(load_settings(market={"source": SAMPLE}, models=chosen))
    if services.model is None:
        raise SystemExit(services.model_problem)
    if not services.model.card.evening_width:
        raise SystemExit(f"The ranges of {services.model.card.model_id} are not stretched; its card says so.")
    evenings = make(services, services.model)
    write_sample(services.model, evenings)
    sys.stdout.write(f"{len(evenings)} evenings, {evenings[0].session} to {evenings[-1].session}.\n")


if __name__ == "__main__":
    main()
