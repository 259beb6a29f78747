"""Charts in other apps: a message of their own after the words, where an app takes them, and never in their way."""

from datetime import timedelta
from pathlib import Path

import pytest

from bellwether.core.types import Theme
from bellwether.delivery import outbox_table
from bellwether.delivery.channels.abilities import Abilities, PicturePlace
from bellwether.delivery.deliver import DeliveryRun
from bellwether.delivery.messages import OutboxMessage, recipient_of
from bellwether.delivery.offers import forecast_of
from bellwether.delivery.outbox_table import Draft
from bellwether.delivery.targets.told import MessageChart, PageLink, Told, whole
from bellwether.services import Services
from tests.support.chat_services import ChatServices
from tests.support.http_server import Response
from tests.support.png import blank
from tests.test_targets import ALERT, ANN, later, listening, made, outbox, owe, proved, run

CHART = MessageChart(blank(8, 8), "Chart of PFE: it may fall & rise")


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return made(tmp_path)


def send(services: Services) -> DeliveryRun:
    return run(services, chart_of=lambda message, theme: CHART)


def owe_with_chart(services: Services) -> None:
    now = services.clock()
    draft = Draft(
        f"move:{ANN}:1",
        recipient_of(ANN),
        "move",
        ALERT,
        now,
        now + timedelta(hours=9),
        offers=(forecast_of("PFE", 10),),
    )
    with services.store.transaction() as db:
        outbox_table.enqueue(db, draft, now)


def all_proved(services: Services, there: ChatServices, urls: dict[str, str], *wanted: str) -> None:
    for service in wanted:
        proved(services, there, service, urls[service])
    later(services, minutes=1)


def test_a_chart_follows_the_words_where_the_app_takes_it(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(monkeypatch) as (there, urls):
        all_proved(services, there, urls, *urls)
        owe_with_chart(services)
        assert send(services).sent == 4
        assert send(services) == DeliveryRun(), "once each"
    assert there.pictures == {"discord": [CHART.png], "ntfy": [CHART.png], "matrix": [CHART.png]}
    assert {service: len(texts) for service, texts in there.seen.items()} == {
        "ntfy": 3,
        "discord": 2,
        "slack": 2,
        "matrix": 2,
    }
    assert there.seen["ntfy"][-1] == CHART.words, "and is told in words to whoever cannot see it"


@pytest.mark.parametrize("service", ["ntfy", "matrix"])
def test_a_server_that_keeps_no_files_gets_the_words_and_no_dead_letter(
    services: Services, monkeypatch: pytest.MonkeyPatch, service: str
) -> None:
    with listening(monkeypatch) as (there, urls):
        there.takes_files = False
        all_proved(services, there, urls, service)
        owe_with_chart(services)
        assert send(services).sent == 1
    assert len(there.seen[service]) == 2
    assert there.pictures == {}
    assert [row["state"] for row in outbox(services)] == ["sent", "sent"]


def test_where_no_chart_can_be_drawn_the_words_go_alone(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(message: OutboxMessage, theme: Theme) -> MessageChart | None:
        raise RuntimeError("the pen hangs")

    with listening(monkeypatch) as (there, urls):
        all_proved(services, there, urls, "discord")
        owe_with_chart(services)
        assert run(services, chart_of=fail).sent == 1
    assert len(there.seen["discord"]) == 2
    assert there.pictures == {}


def test_a_chart_that_meets_an_outage_is_sent_again_without_its_words(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening(monkeypatch) as (there, urls):
        all_proved(services, there, urls, "discord")
        owe_with_chart(services)
        answer, taken = there.broken, len(there.seen["discord"])

        def fall_over_after_the_words() -> Response | None:
            del answer["discord"]
            return Response(503, b"")

        saw = there._saw

        def seen(service: str, text: str) -> None:
            saw(service, text)
            answer["discord"] = fall_over_after_the_words

        monkeypatch.setattr(there, "_saw", seen)
        assert send(services).put_back == 1
        later(services, minutes=1)
        assert send(services).sent == 1
    assert len(there.seen["discord"]) == taken + 1
    assert there.pictures["discord"] == [CHART.png]


def test_an_outcome_begins_with_what_it_answers_where_an_app_has_no_replies(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening(monkeypatch) as (there, urls):
        all_proved(services, there, urls, "slack")
        owe(services)
        run(services)
        owe(services, about="2", text="It ended inside.", reply=f"move:{ANN}:1")
        run(services)
    assert there.seen["slack"][-1].startswith("Re: PFE closed at $26.40 &amp; fell\n\nIt ended inside.\n\n")


@pytest.mark.parametrize(
    ("abilities", "shown"),
    [
        (Abilities(), ["<i>Re: A &lt; B</i>", "text", '<a href="https://x/?a=1&amp;b">Forecast of A</a>', "end"]),
        (Abilities(replies=True), ["text", '<a href="https://x/?a=1&amp;b">Forecast of A</a>', "end"]),
        (Abilities(replies=True, buttons=True, pictures=PicturePlace.INSIDE), ["text", "end"]),
    ],
)
def test_words_stand_in_for_what_a_channel_cannot(abilities: Abilities, shown: list[str]) -> None:
    told = Told(
        "text", (PageLink("A", "Forecast of A", "https://x/?a=1&b"),), "end", answered="\n<b>A</b> &lt; B\nmore"
    )
    assert whole(told, abilities) == "\n\n".join(shown)
