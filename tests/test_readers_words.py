"""What readers are told names neither Telegram nor a command, for they have neither."""

from pathlib import Path

import pytest

from bellwether.delivery.messages import TERMINAL
from bellwether.delivery.targets import ask as targets
from tests.support.web import Visitor, plain_text
from tests.test_readers import somebody
from tests.test_targets import made
from web.app import create_app


def test_the_page_that_stops_a_readers_mails_tells_what_was_asked_for_where(tmp_path: Path) -> None:
    with somebody(tmp_path) as ann:
        ann.subscribe()
        unproved = ann.link("Never ask here again")
        before = plain_text(ann.visitor.get(unproved).text)
        ann.confirm()
        after = plain_text(ann.visitor.get(unproved).text)
    assert "Somebody subscribed with this address." in before and "subscribed with it on this site" in after
    assert "Telegram" not in f"{before}{after}".partition("Stop these messages?")[2].partition("Stop them")[0]


@pytest.mark.parametrize(("owner", "place"), [(7, "in Telegram"), (TERMINAL, "at the terminal of this service")])
def test_the_page_that_stops_a_target_names_where_it_was_asked_for(tmp_path: Path, owner: int, place: str) -> None:
    services = made(tmp_path)
    target = targets.add(services, owner, "ntfy://127.0.0.1:9/alerts-8f2k", "en")
    sealer = targets.TargetTerms.of(services.settings).sealer
    assert sealer is not None
    token = targets.stop_token(target.id, target.created_at, sealer)
    shown = plain_text(Visitor(create_app(services)).get(f"/channels/stop/{token}").text)
    assert f"Somebody asked {place}" in shown


def test_a_link_to_stop_that_is_cut_short_gives_no_false_comfort(tmp_path: Path) -> None:
    services = made(tmp_path)
    target = targets.add(services, 7, "ntfy://127.0.0.1:9/alerts-8f2k", "en")
    visitor, said = Visitor(create_app(services)), set[str]()
    for wrong in (f"{target.id}-c1e84476289926bb", f"{target.id + 1}-c1e84476289926bb", "x"):
        answer = visitor.get(f"/channels/stop/{wrong}")
        assert answer.status_code == 404
        said.add(plain_text(answer.text).replace(wrong, ""))
    assert len(said) == 1, "whether there is such a target is not told"
    assert "This link is incomplete, or not known here, and stops nothing." in said.pop()


def test_an_alert_added_twice_is_refused_without_a_word_of_commands(tmp_path: Path) -> None:
    with somebody(tmp_path) as ann:
        ann.subscribe()
        ann.confirm()
        alert = {"stock": "PFE", "kind": "move", "value": "5 %", "side": "", "horizon": "10"}
        ann.do("alert", **alert)
        again = plain_text(ann.do("alert", **alert).text)
        assert "You have this alert already." in again and "/alerts" not in again
