"""`doctor` on the age of what the served model knows."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from bellwether.jobs.doctor import examine
from bellwether.services import Services


@pytest.mark.parametrize(("days", "due"), [(364, False), (366, True)])
def test_a_model_that_knows_nothing_of_the_last_year_is_due_for_a_fresh_one(
    services: Services, days: int, due: bool
) -> None:
    assert services.model is not None
    now = datetime.combine(services.model.card.seen_to, time(22), UTC) + timedelta(days=days)
    (told,) = [check for check in examine(replace(services, clock=lambda: now)) if check.name == "Model"]
    assert told.ok and (told.advice != "") is due
    if due:
        assert told.advice == "Its knowledge is over a year old: docs/fresh-models.md."
