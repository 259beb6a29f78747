"""Alerts for programs: rules over the API, webhooks signed and sent through the outbox, tried again and ended."""

import asyncio
import base64
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks

from bellwether.access import keys
from bellwether.core.errors import StoreError
from bellwether.delivery import outbox_table
from bellwether.delivery.channels.webhook import RETRIES, WebhookChannel
from bellwether.delivery.deliver import DeliveryRun
from bellwether.delivery.messages import Recipient, RecipientKind, owner_of_key, recipient_of
from bellwether.delivery.outbox_table import ClaimOrder
from bellwether.delivery.webhooks import webhook_outbox_table, webhooks_table
from bellwether.delivery.webhooks.sending import WebhookSender
from bellwether.delivery.webhooks.signing import headers, new_secret
from bellwether.delivery.webhooks.webhook_outbox_table import KEEP_TRYING
from bellwether.delivery.webhooks.webhooks_table import Webhook
from bellwether.webhooks.ask import MOST_WAITING
from tests.support.api import Api
from tests.support.database import store_at
from tests.support.deliveries import deliver_to_webhooks
from tests.support.webhook_server import Receiver, receiving
from tests.support.webhooks import RULE, fire, hook, later, live_api, send


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture
def api(tmp_path: Path) -> Api:
    return live_api(tmp_path)


def test_an_alert_reaches_the_webhook_signed_as_the_standard_has_it(api: Api, receiver: Receiver) -> None:
    key = api.key()
    secret = hook(api, key, receiver.url)["secret"]
    rule = api.ask("POST", "/rules", key, json=RULE)
    assert rule.status_code == 201 and rule.headers["location"] == f"/api/v1/rules/{rule.json()['rule_id']}"
    fire(api)
    assert send(api).sent == 1
    (came,) = receiver.requests
    # the library compares the timestamp with the real clock, so it is given the message as of now
    fresh = headers(came.headers["webhook-id"], came.body, [secret], datetime.now(UTC))
    assert standardwebhooks.Webhook(secret).verify(came.body, fresh) == json.loads(came.body)
    sent_at = datetime.fromtimestamp(int(came.headers["webhook-timestamp"]), UTC)
    assert came.headers["webhook-signature"] == standardwebhooks.Webhook(secret).sign(
        came.headers["webhook-id"], sent_at, came.body.decode()
    )
    event = json.loads(came.body)
    (listed,) = api.get("/alerts", key).json()["items"]
    assert (event["type"], event["data"]) == ("alert.fired", listed)
    assert listed["symbol"] == "AAPL" and listed["session"] == "2021-07-01" and "AAPL" in listed["text"]
    assert came.headers["webhook-id"] == f"evt_alert_{listed['alert_id']}"
    assert send(api).sent == 0, "once"


@pytest.mark.sqlite
def test_a_message_that_was_tampered_with_does_not_verify() -> None:
    secret, now = new_secret(), datetime.now(UTC)
    signed = headers("evt_1", b'{"a":1}', [secret], now)
    verifier = standardwebhooks.Webhook(secret)
    assert verifier.verify(b'{"a":1}', signed)
    wrong = [
        (b'{"a":2}', signed),
        (b'{"a":1}', signed | {"webhook-id": "evt_2"}),
        (b'{"a":1}', headers("evt_1", b'{"a":1}', [new_secret()], now)),
        (b'{"a":1}', headers("evt_1", b'{"a":1}', [secret], now - timedelta(minutes=6))),
        (b'{"a":1}', headers("evt_1", b'{"a":1}', [secret], now + timedelta(minutes=6))),
    ]
    for body, sent in wrong:
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            verifier.verify(body, sent)


@pytest.mark.sqlite
def test_a_signature_is_the_one_that_the_convention_asks_for_whatever_the_zone_of_the_clock() -> None:
    secret, body = "whsec_" + base64.b64encode(b"k" * 32).decode(), '{"text":"5 % café"}'
    for zone in (UTC, timezone(timedelta(hours=5, minutes=30))):
        now = datetime(2027, 1, 1, 12, 0, 0, 900_000, zone)
        seconds = int(now.timestamp())
        digest = hmac.digest(b"k" * 32, f"evt_1.{seconds}.{body}".encode(), "sha256")
        assert headers("evt_1", body.encode(), [secret], now) == {
            "webhook-id": "evt_1",
            "webhook-timestamp": str(seconds),
            "webhook-signature": "v1," + base64.b64encode(digest).decode(),
        }


def test_while_a_secret_is_rotated_both_sign(api: Api, receiver: Receiver) -> None:
    key = api.key()
    old = hook(api, key, receiver.url)
    new = api.ask("POST", f"/webhooks/{old['id']}/rotate", key, json={"overlap_hours": 2}).json()
    assert new["secret"] != old["secret"]
    for expected in (2, 1):
        assert api.ask("POST", f"/webhooks/{old['id']}/test", key).status_code == 202
        send(api)
        came = receiver.requests[-1]
        signatures = came.headers["webhook-signature"].split(" ")
        assert len(signatures) == expected
        at = datetime.fromtimestamp(int(came.headers["webhook-timestamp"]), UTC)
        by = [standardwebhooks.Webhook(one["secret"]) for one in (new, old)][:expected]
        assert signatures == [one.sign(came.headers["webhook-id"], at, came.body.decode()) for one in by]
        later(api, timedelta(hours=2))


def test_a_webhook_that_fails_is_tried_again_and_again_and_each_try_is_logged(api: Api, receiver: Receiver) -> None:
    key = api.key()
    number = hook(api, key, receiver.url)["id"]
    receiver.statuses = [500, 503, 302, 200]
    receiver.headers = {"Location": "http://169.254.169.254/latest/meta-data", "Retry-After": "40"}
    api.ask("POST", f"/webhooks/{number}/test", key)
    assert (send(api).put_back, send(api).put_back) == (1, 0), "not before its time"
    for pause in (40, 40, 120):
        later(api, timedelta(seconds=pause))
        send(api)
    log = api.get(f"/webhooks/{number}/attempts", key).json()["items"]
    assert [(one["attempt"], one["status"]) for one in log] == [(4, 200), (3, 302), (2, 503), (1, 500)]
    assert [one["error"] for one in log][:2] == ["", "redirects are not followed"]
    assert (
        len({one["event_id"] for one in log})
        == len({request.headers["webhook-id"] for request in receiver.requests})
        == 1
    )
    assert not any(request.path.startswith("GET") for request in receiver.requests)


def test_410_disables_and_enabling_begins_anew(api: Api, receiver: Receiver) -> None:
    key = api.key()
    number = hook(api, key, receiver.url)["id"]
    receiver.statuses = [410]
    api.ask("POST", f"/webhooks/{number}/test", key)
    later(api, timedelta(seconds=1))
    api.ask("POST", f"/webhooks/{number}/test", key)
    assert send(api).failed == 1
    about = api.get(f"/webhooks/{number}", key).json()
    assert about["disabled_at"] and "410" in about["disabled_why"]
    later(api, timedelta(days=1))
    assert send(api) == DeliveryRun(), "the other one is owed no more"
    assert api.ask("POST", f"/webhooks/{number}/test", key).json()["code"] == "bad_webhook"
    receiver.statuses = [200]
    assert api.ask("POST", f"/webhooks/{number}/enable", key).json()["disabled_at"] is None
    api.ask("POST", f"/webhooks/{number}/test", key)
    assert send(api).sent == 1


def test_a_delivery_can_be_replayed_under_the_same_id(api: Api, receiver: Receiver) -> None:
    key = api.key()
    number = hook(api, key, receiver.url)["id"]
    api.ask("POST", f"/webhooks/{number}/test", key)
    send(api)
    (tried,) = api.get(f"/webhooks/{number}/attempts", key).json()["items"]
    replayed = api.ask("POST", f"/webhooks/{number}/attempts/{tried['id']}/replay", key)
    assert (replayed.status_code, replayed.json()) == (202, {"event_id": tried["event_id"]})
    send(api)
    first, second = receiver.requests
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    assert api.ask("POST", f"/webhooks/{number}/attempts/99/replay", key).json()["code"] == "unknown_webhook"


def test_each_webhook_of_an_owner_gets_each_alert_whatever_becomes_of_the_others(api: Api, receiver: Receiver) -> None:
    key = api.key()
    with receiving() as other:
        other.statuses = [500]
        for one in (receiver, other):
            hook(api, key, one.url)
        api.ask("POST", "/rules", key, json=RULE)
        fire(api)
        did = send(api)
        assert (did.sent, did.put_back) == (1, 1)
        other.statuses = [200]
        later(api, timedelta(seconds=5))
        assert send(api).sent == 1
        assert [len(one.requests) for one in (receiver, other)] == [1, 2]


def test_an_owner_sees_nothing_of_another(api: Api, receiver: Receiver) -> None:
    ours, theirs = api.key(owner="Ada"), api.key(owner="Eve")
    number = hook(api, ours, receiver.url)["id"]
    rule = api.ask("POST", "/rules", ours, json=RULE).json()["rule_id"]
    api.ask("POST", f"/webhooks/{number}/test", ours)
    send(api)
    for method, address in [
        ("GET", f"/webhooks/{number}"),
        ("DELETE", f"/webhooks/{number}"),
        ("GET", f"/webhooks/{number}/attempts"),
        ("POST", f"/webhooks/{number}/attempts/1/replay"),
        ("POST", f"/webhooks/{number}/test"),
        ("POST", f"/webhooks/{number}/enable"),
        ("GET", f"/rules/{rule}"),
        ("DELETE", f"/rules/{rule}"),
    ]:
        assert api.ask(method, address, theirs).status_code == 404, address
    assert api.ask("POST", f"/webhooks/{number}/rotate", theirs, json={}).status_code == 404
    assert api.get("/rules", theirs).json()["items"] == api.get("/alerts", theirs).json()["items"] == []
    assert api.get("/rules", ours).json()["items"]


def test_what_is_removed_is_gone(api: Api, receiver: Receiver) -> None:
    key = api.key()
    number = hook(api, key, receiver.url)["id"]
    rule = api.ask("POST", "/rules", key, json=RULE).json()["rule_id"]
    api.ask("POST", f"/webhooks/{number}/test", key)
    assert api.ask("DELETE", f"/webhooks/{number}", key).status_code == 204
    assert api.ask("DELETE", f"/rules/{rule}", key).status_code == 204
    assert send(api) == DeliveryRun() and not receiver.requests
    assert api.get(f"/webhooks/{number}", key).status_code == api.get(f"/rules/{rule}", key).status_code == 404


def test_plans_say_how_many_rules_and_webhooks_there_may_be(api: Api, receiver: Receiver) -> None:
    key = api.key(changes={"rules": 1, "webhooks": 1})
    hook(api, key, receiver.url)
    assert api.ask("POST", "/webhooks", key, json={"url": f"{receiver.url}/2"}).json()["code"] == "limit_reached"
    assert api.ask("POST", "/rules", key, json=RULE).status_code == 201
    assert api.ask("POST", "/rules", key, json=RULE | {"symbol": "MSFT"}).json()["code"] == "limit_reached"
    assert len(api.get("/rules", key).json()["items"]) == 1
    none = api.key(changes={"rules": 0, "webhooks": 0})
    assert api.ask("POST", "/rules", none, json=RULE).json()["code"] == "not_in_plan"
    assert api.ask("POST", "/webhooks", none, json={"url": receiver.url}).json()["code"] == "not_in_plan"


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"symbol": "NOPE-NOPE"}, "unknown_symbol"),
        ({"kind": "luck"}, "bad_request"),
        ({"threshold": 7}, "bad_rule"),
        ({"kind": "growth", "horizon": 64}, "bad_horizon"),
        ({"kind": "price", "threshold": -1}, "bad_rule"),
        ({"expires": "2001-01-01"}, "bad_rule"),
    ],
)
def test_a_rule_that_cannot_be_kept_says_what_would_do(api: Api, change: dict[str, Any], code: str) -> None:
    assert api.ask("POST", "/rules", api.key(), json=RULE | change).json()["code"] == code


def test_telegram_never_claims_what_is_owed_to_programs(api: Api, receiver: Receiver) -> None:
    key = api.key()
    number = hook(api, key, receiver.url)["id"]
    api.ask("POST", f"/webhooks/{number}/test", key)
    api.ask("POST", "/rules", key, json=RULE)
    fire(api)
    now = api.services.clock()
    with api.services.store.transaction() as db:
        assert outbox_table.claim_next(db, now, RecipientKind.CHAT, ClaimOrder.IN_ORDER) is None
        assert outbox_table.claim_next(db, now, RecipientKind.TERMINAL, ClaimOrder.IN_ORDER) is None
        assert webhook_outbox_table.any_owed(db) and webhook_outbox_table.owed_to_owners(db, now, 10)


def test_of_two_hosts_that_send_at_once_each_event_leaves_from_one(api: Api, receiver: Receiver) -> None:
    key, events = api.key(), []
    for number in range(5):
        added = hook(api, key, f"{receiver.url}/{number}")
        events.append(api.ask("POST", f"/webhooks/{added['id']}/test", key).json()["event_id"])
    other = replace(api.services, store=store_at(api.services.store.path))
    sender = WebhookSender(private=True)

    async def both() -> tuple[DeliveryRun, DeliveryRun]:
        hosts = (deliver_to_webhooks(services, sender) for services in (api.services, other))
        return await asyncio.gather(*hosts)

    runs = asyncio.run(both())
    assert sum(run.sent for run in runs) == len(events)
    assert sorted(came.headers["webhook-id"] for came in receiver.requests) == sorted(events)
    other.store.close()


def test_a_sender_that_died_is_followed_by_another(api: Api, receiver: Receiver) -> None:
    key = api.key()
    number = hook(api, key, receiver.url)["id"]
    api.ask("POST", f"/webhooks/{number}/test", key)
    now = api.services.clock()
    with api.services.store.transaction() as db:
        assert outbox_table.claim_next(db, now, RecipientKind.WEBHOOK, ClaimOrder.EACH_ITS_TRIES)
    assert send(api).sent == 0, "another has it"
    later(api, timedelta(minutes=2))
    assert send(api).sent == 1


@pytest.mark.parametrize("fault", [StoreError("database is locked"), ValueError("a secret that nobody can read")])
def test_a_fault_of_ours_costs_no_event_its_three_days(
    api: Api, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    key = api.key()
    broken, other = (hook(api, key, f"{receiver.url}?{number}")["id"] for number in range(2))
    address, is_failing = WebhookChannel._hook, [True]

    def address_or_fault(channel: WebhookChannel, webhook_id: int) -> Webhook | None:
        if is_failing[0] and webhook_id == broken:
            raise fault
        return address(channel, webhook_id)

    monkeypatch.setattr(WebhookChannel, "_hook", address_or_fault)
    api.ask("POST", f"/webhooks/{broken}/test", key)
    pauses = (1, 1, 1, 1, 1, 2, 4, 7)  # hours; more tries than the strikes after which a message is poison
    for hours in pauses:
        api.ask("POST", f"/webhooks/{other}/test", key)
        assert send(api) == DeliveryRun(sent=1, put_back=1)
        later(api, timedelta(hours=hours))
    tries = api.get(f"/webhooks/{broken}/attempts", key).json()["items"]
    assert [tried["error"] for tried in tries] == [f"a fault on our side ({type(fault).__name__})"] * len(pauses)
    is_failing[0] = False
    assert send(api).sent == 1


@pytest.mark.sqlite
def test_numbers_of_owners_are_nobody_elses() -> None:
    for number in (1, 7, 10**9):
        assert recipient_of(owner_of_key(number)) == Recipient(RecipientKind.KEY, number)
        assert owner_of_key(number) < -(2**52)
    for chat_id in (7, -(10**13), 2**52, -(2**52)):
        assert recipient_of(chat_id) == Recipient(RecipientKind.CHAT, chat_id)
    assert recipient_of(0) == Recipient(RecipientKind.TERMINAL, 0)


@pytest.mark.sqlite
def test_pauses_grow_and_a_receiver_may_ask_for_longer_ones() -> None:
    pauses = [RETRIES.pause(attempts) for attempts in range(1, 20)]
    assert pauses == sorted(pauses) and pauses[0] == timedelta(seconds=5)
    assert RETRIES.pause(1, timedelta(seconds=600)) == timedelta(minutes=10)
    assert RETRIES.pause(9, timedelta(seconds=1)) == pauses[8]
    assert RETRIES.pause(1, timedelta(days=9999)) == KEEP_TRYING


def test_no_secret_is_shown_twice(api: Api, receiver: Receiver) -> None:
    key = api.key()
    made = hook(api, key, receiver.url)
    assert made["secret"].startswith("whsec_")
    for address in ("/webhooks", f"/webhooks/{made['id']}"):
        assert "whsec_" not in api.get(address, key).text
    with api.services.store.reading() as db:
        assert webhooks_table.get(db, made["id"]) is not None


def test_nothing_goes_to_whoever_s_key_was_revoked_or_has_ended(api: Api, receiver: Receiver) -> None:
    ends = api.services.clock() + timedelta(hours=1)
    for number, key in enumerate((api.key(), api.key(owner="Bob", expires_at=ends)), 1):
        made = hook(api, key, f"{receiver.url}/{number}")["id"]
        api.ask("POST", f"/webhooks/{made}/test", key)
    keys.revoke(api.services.store, 1, api.services.clock())
    later(api, timedelta(hours=1))
    did = send(api)
    assert (did.sent, did.failed, receiver.requests) == (0, 2, [])


def test_while_one_event_fails_the_others_wait_for_it_and_each_has_its_turn(api: Api, receiver: Receiver) -> None:
    key = api.key()
    number = hook(api, key, receiver.url)["id"]
    receiver.statuses = [500]
    for _ in range(3):
        api.ask("POST", f"/webhooks/{number}/test", key)
        later(api, timedelta(milliseconds=5))
    assert send(api).put_back == 1, "one try is enough to see that it is down"
    receiver.statuses = [200]
    later(api, timedelta(seconds=6))
    assert send(api).sent == 3
    ids = [request.headers["webhook-id"] for request in receiver.requests]
    assert ids[1:] == sorted(ids[1:]) and ids[0] == ids[1], "in the order in which they happened"


def test_nobody_is_flooded_through_tests(api: Api, receiver: Receiver) -> None:
    key = api.key()
    number = hook(api, key, receiver.url)["id"]
    for _ in range(MOST_WAITING):
        assert api.ask("POST", f"/webhooks/{number}/test", key).status_code == 202
        later(api, timedelta(milliseconds=1))
    refused = api.ask("POST", f"/webhooks/{number}/test", key)
    assert (refused.status_code, refused.json()["code"]) == (409, "limit_reached")
    assert send(api).sent == MOST_WAITING
    assert api.ask("POST", f"/webhooks/{number}/test", key).status_code == 202
