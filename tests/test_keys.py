"""API keys: made once shown, kept as hashes, rotated with an overlap, ended at once."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bellwether.access import keys
from bellwether.access import keys_table as kept
from bellwether.access.keys import NewKey, read_token, recognise
from bellwether.cli.main import main
from bellwether.core.config import Api
from bellwether.core.errors import BadKey, BadTerms, ExpiredKey, RevokedKey
from bellwether.core.plans import Terms
from bellwether.db.database import Store
from tests.support.database import store_at

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
DAY = timedelta(days=1)
API = Api()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_at(tmp_path / "keys.sqlite3")


def made(store: Store, **more: Any) -> NewKey:
    return keys.create(store, API, "Ada", "free", NOW, **more)


def knows(store: Store, token: str, now: datetime = NOW) -> int:
    """The number of the key that a token proves."""
    public_id, digest = read_token(token)
    with store.reading() as db:
        return recognise(kept.by_public_ids(db, [public_id]).get(public_id), digest, now).id


def test_a_key_is_recognised_and_its_secret_is_nowhere_in_the_file(store: Store) -> None:
    new = made(store)
    assert re.fullmatch(r"bw_live_[0-9a-f]{12}_[0-9a-f]{40}", new.token)
    assert knows(store, new.token) == new.key.id
    secret = new.token.rpartition("_")[2]
    store.close()
    content = b"".join(file.read_bytes() for file in store.path.parent.iterdir())
    assert secret.encode() not in content
    assert bytes.fromhex(secret) not in content
    assert secret not in repr(new)


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "change",
    [
        lambda token: token[:-1] + ("0" if token[-1] != "0" else "1"),
        lambda token: token.replace("bw_live_", "bw_test_"),
        lambda token: "bw_live_" + "0" * 12 + token[20:],
        lambda token: token + "0",
        lambda token: token.upper(),
        lambda token: token[:-1] + "\N{FULLWIDTH DIGIT ONE}",
        lambda token: "",
    ],
    ids=["another secret", "another prefix", "another id", "longer", "capitals", "not ASCII", "nothing"],
)
def test_what_is_not_quite_a_key_is_none(store: Store, change: Any) -> None:
    with pytest.raises(BadKey):
        knows(store, change(made(store).token))


def test_the_secret_is_compared_in_constant_time_also_for_an_unknown_id(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[int, int]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return one == other

    monkeypatch.setattr("bellwether.access.keys.hmac.compare_digest", compare)
    token = made(store).token
    for wrong in (f"{token[:-1]}{'1' if token[-1] == '0' else '0'}", f"bw_live_{'0' * 12}{token[20:]}"):
        with pytest.raises(BadKey):
            knows(store, wrong)
    assert compared == [(32, 32), (32, 32)]


def test_an_expired_key_says_so_only_to_whoever_has_it(store: Store) -> None:
    token = made(store, expires_at=NOW + DAY).token
    assert knows(store, token, NOW + DAY - timedelta(seconds=1))
    with pytest.raises(ExpiredKey, match="2026-11-24"):
        knows(store, token, NOW + DAY)
    with pytest.raises(BadKey):
        knows(store, f"{token[:-1]}{'1' if token[-1] == '0' else '0'}", NOW + DAY)


def test_revocation_ends_all_secrets_at_once(store: Store) -> None:
    new = made(store)
    again = keys.rotate(store, new.key.id, NOW)
    keys.revoke(store, new.key.id, NOW)
    for token in (new.token, again.token):
        with pytest.raises(RevokedKey):
            knows(store, token)
    with pytest.raises(RevokedKey, match="make a new one"):
        keys.rotate(store, new.key.id, NOW)


def test_both_secrets_of_a_rotated_key_work_until_the_overlap_ends(store: Store) -> None:
    old = made(store)
    new = keys.rotate(store, old.key.id, NOW, overlap=2 * DAY)
    assert new.old_until == NOW + 2 * DAY
    assert knows(store, old.token, NOW + DAY) == knows(store, new.token, NOW + DAY) == old.key.id
    with pytest.raises(ExpiredKey):
        knows(store, old.token, NOW + 2 * DAY)
    assert knows(store, new.token, NOW + 100 * DAY)


def test_a_rotation_never_lengthens_the_life_of_an_old_secret(store: Store) -> None:
    old = made(store, expires_at=NOW + DAY)
    keys.rotate(store, old.key.id, NOW, overlap=30 * DAY)
    with pytest.raises(ExpiredKey):
        knows(store, old.token, NOW + DAY)


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ({"plan": "gold"}, "demo, free, trader, business"),
        ({"owner": "  "}, "owner"),
        ({"owner": "x" * 101}, "100"),
        ({"owner": "Ada\x1b[2J"}, "owner"),
        ({"scopes": ["write"]}, "alerts"),
        ({"scopes": []}, "one or more"),
        ({"expires_at": NOW}, "later day"),
        ({"terms": Terms({"requests_a_minut": 1})}, "requests_a_minute"),
        ({"terms": Terms({"batch_size": 5}, NOW + DAY, NOW + DAY)}, "before they begin"),
        ({"terms": Terms({"batch_size": 5}, None, NOW - DAY)}, "before they begin"),
        ({"terms": Terms({})}, "what is to be different"),
    ],
)
def test_a_key_that_cannot_be_is_refused_with_what_would_do(store: Store, wrong: dict[str, Any], hint: str) -> None:
    asked = {"owner": "Ada", "plan": "free"} | wrong
    owner, plan = asked.pop("owner"), asked.pop("plan")
    with pytest.raises(BadTerms, match=hint):
        keys.create(store, API, owner, plan, NOW, **asked)
    with store.reading() as db:
        assert kept.every(db) == []


def test_a_new_secret_that_has_ended_already_is_refused(store: Store) -> None:
    with pytest.raises(BadTerms, match="later day"):
        keys.rotate(store, made(store).key.id, NOW, expires_at=NOW)


@pytest.mark.parametrize("overlap", [timedelta(seconds=-1), timedelta(days=91)])
def test_an_overlap_that_cannot_be_is_refused(store: Store, overlap: timedelta) -> None:
    with pytest.raises(BadTerms, match="90 days"):
        keys.rotate(store, made(store).key.id, NOW, overlap)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command line over a database of its own."""
    monkeypatch.setenv("BELLWETHER_DATABASE__PATH", str(tmp_path / "cli.sqlite3"))
    return lambda *words: CliRunner().invoke(main, ["keys", *words])


def test_the_command_line_makes_lists_rotates_and_revokes(run: Any) -> None:
    created = run("create", "--owner", "Ada", "--plan", "trader", "--scopes", "read,alerts", "--expires", "2999-12-31")
    token = created.stdout.strip()
    assert read_token(token)
    assert "shown only now" in created.stderr
    listed = run("list").output
    assert "Ada" in listed and "trader" in listed and "works" in listed
    assert token not in listed and token[:20] in listed
    rotated = json.loads(run("rotate", "1", "--overlap", "3", "--json").output)
    assert rotated["key"] != token and rotated["old_until"]
    assert "works no more" in run("revoke", "1").output
    (shown,) = json.loads(run("list", "--json").output)
    assert shown["revoked_at"] and not any(one["works"] for one in shown["secrets"])


def test_a_key_that_leaked_can_be_revoked_by_itself(run: Any) -> None:
    run("create", "--owner", "Ada")
    token = run("create", "--owner", "Eve").stdout.strip()
    assert "Key 2 of Eve works no more" in run("revoke", token).output
    first, second = json.loads(run("list", "--json").output)
    assert (first["revoked_at"], bool(second["revoked_at"])) == (None, True)
    assert "Key 2" in run("revoke", second["secrets"][0]["begins_with"]).output
    assert run("revoke", "bw_live_000000000000").exit_code == run("revoke", "Eve").exit_code == 1


def test_terms_of_its_own_from_the_command_line(run: Any) -> None:
    run("create", "--owner", "Ada", "--set", "requests_a_minute=1000", "--set", "symbols=AAPL,MSFT")
    assert run("terms", "1", "--plan", "trader", "--set", "horizons=[10]", "--until", "2999-12-31").exit_code == 0
    (shown,) = json.loads(run("list", "--json").output)
    in_force = shown["in_force"]
    assert (in_force["requests_a_minute"], in_force["symbols"]) == (1000, ["AAPL", "MSFT"])
    assert (in_force["horizons"], in_force["batch_size"], shown["plan"]) == ([10], 100, "trader")


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "words",
    [
        ("create", "--owner", "Ada", "--plan", "gold"),
        ("create", "--owner", "Ada", "--set", "batch_size"),
        ("create", "--owner", "Ada", "--from", "2026-01-01"),
        ("create", "--owner", "Ada", "--expires", "tomorrow"),
        ("rotate", "7"),
        ("rotate", "1", "--overlap", "999999999999"),
        ("revoke", "7"),
        ("terms", "7", "--plan", "free"),
        ("terms", "1"),
    ],
    ids=" ".join,
)
def test_the_command_line_says_what_is_wrong_in_one_sentence(run: Any, words: tuple[str, ...]) -> None:
    run("create", "--owner", "Ada")
    answer = run(*words)
    assert answer.exit_code == 1
    assert answer.stderr.startswith("Error: ") and len(answer.stderr.splitlines()) == 1
