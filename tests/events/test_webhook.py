"""Posts of events over real sockets: what is taken in, what is refused, and how."""

import asyncio
import base64
import gzip
import json
import random
from dataclasses import replace
from typing import Any

import pytest

from ftos_tui.domain.delivery.fold import Delivery
from ftos_tui.domain.delivery.outcome import Outcome, OutcomeKind
from ftos_tui.domain.delivery.states import Dispatch
from ftos_tui.stores.protocol import StoreUnreachable
from ftos_tui.studio.message_views import reported_in_words
from tests.events.conftest import STAMP, Serving, provider_with, sent_message
from tests.servers.sendgrid_events import SIGNATURE, TIMESTAMP, EventSigner, body_of, event
from tests.stores.queueing import queue, sent

VECTOR_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8"
    "eNEc6wEA3F+g=="
)
VECTOR_SIGNATURE = "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM="
VECTOR_TIMESTAMP = "1600112502"
VECTOR_BODY = (
    b'[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address",'
    b'"sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",'
    b'"sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",'
    b'"smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]\r\n'
)
AGES = 10.0**9


async def test_the_published_vector_is_accepted_and_every_change_of_it_refused(serving: Serving) -> None:
    async with serving(oldest_s=AGES) as endpoint:
        provider_with(endpoint.session, VECTOR_KEY, name="Vector")
        url = f"http://127.0.0.1:{endpoint.port}/events/Vector"
        headers = {SIGNATURE: VECTOR_SIGNATURE, TIMESTAMP: VECTOR_TIMESTAMP}
        again = json.dumps(json.loads(VECTOR_BODY)).encode()
        for body in (VECTOR_BODY[:-2], again, VECTOR_BODY + b" "):
            assert (await endpoint.post(body, headers, url)).status_code == 401
        for changed in (
            {TIMESTAMP: "1600112503"},
            {SIGNATURE: VECTOR_SIGNATURE[:-1]},
            {SIGNATURE: "no base64!"},
            {SIGNATURE: base64.b64encode(b"no DER").decode()},
            {SIGNATURE: ""},
        ):
            assert (await endpoint.post(VECTOR_BODY, headers | changed, url)).status_code == 401
        assert (await endpoint.post(VECTOR_BODY, headers, url)).status_code == 200
        [kept] = endpoint.unmatched
        assert (kept.code, kept.canonical, kept.message_id) == ("dropped", "", None)
        assert json.loads(kept.raw)["email"] == "hello@world.com"


async def test_posts_without_a_whole_signature_are_refused(serving: Serving) -> None:
    async with serving() as endpoint:
        for headers in ({}, {TIMESTAMP: STAMP}, {TIMESTAMP: "soon", SIGNATURE: ""}):
            assert (await endpoint.post(b"[]", headers)).status_code == 401
        assert len(endpoint.noted) == 2


async def test_how_old_a_post_may_be(serving: Serving) -> None:
    async with serving() as endpoint:
        now = int(STAMP)
        body = body_of([])
        for stamp, status in (
            (now - 25 * 3600, 200),
            (now - 25 * 3600 - 1, 401),
            (now + 300, 200),
            (now + 301, 401),
            ("-1", 401),
            ("soon", 401),
            ("9" * 13, 401),
            ("", 401),
        ):
            headers = endpoint.signer.headers(body, str(stamp))
            assert (await endpoint.post(body, headers)).status_code == status, stamp
        assert sum("signed too long ago" in line for line in endpoint.noted) == 1


BODIES = [
    (b"", 400),
    (b"{}", 400),
    (b'"text"', 400),
    (b"[", 400),
    (b"[" * 100_000, 400),
    (b"[]", 200),
    (b"[]\r\n", 200),
    (b'[null, 1, [], "text", {}]', 200),
    (b'[{"event": ' + b"[" * 60_000 + b"]" * 60_000 + b"}]", 400),
    (b'[{"event": "open", "timestamp": ' + b"9" * 5000 + b"}]", 200),
    (b'[{"event": "open", "timestamp": NaN, "email": "\xff\xfe"}]', 200),
    (b'[{"event": "\\ud800\\u0000", "sg_event_id": "\\u0000"}]', 200),
    (b"[" + b"{}," * 4999 + b"{}]", 200),
    (b"[" + b"{}," * 5000 + b"{}]", 413),
]


async def test_bodies(serving: Serving) -> None:
    async with serving() as endpoint:
        for body, status in BODIES:
            assert (await endpoint.post(body)).status_code == status, body[:40]
        assert [line.partition(" was ")[0] for line in endpoint.noted] == [
            "warning: A post of events for Gateway",
            "warning: Gateway posts events that belong to no message: `ftos-tui events list --unmatched`.",
        ]
        assert len(endpoint.unmatched) == 8


async def test_compressed_bodies_are_refused_before_they_are_read(serving: Serving) -> None:
    async with serving() as endpoint:
        body = gzip.compress(body_of([]))
        headers = {**endpoint.signer.headers(body, STAMP), "Content-Encoding": "gzip"}
        assert (await endpoint.post(body, headers)).status_code == 415


async def test_other_paths_and_methods(serving: Serving) -> None:
    async with serving() as endpoint:
        base = f"http://127.0.0.1:{endpoint.port}"
        for path in ("/", "/events/", "/events", "/events/a/b", "/events/%ff", "/events/Nobody"):
            assert (await endpoint.post(b"[]", None, base + path)).status_code == 404
        provider_with(endpoint.session, name="Without keys")
        assert (await endpoint.post(b"[]", None, f"{base}/events/Without%20keys")).status_code == 404
        assert "warning: Events for Without keys were refused: its appConfig has no event_public_key." in endpoint.noted
        import httpx2

        async with httpx2.AsyncClient(trust_env=False) as client:
            assert (await client.get(endpoint.url)).status_code == 405
            assert (await client.get(f"{base}/health")).text == "ok\n"
            assert (await client.head(f"{base}/health")).status_code == 200
            answer = await client.post(
                f"{endpoint.url}/?x=1", content=b"[]", headers=endpoint.signer.headers(b"[]", STAMP)
            )
            assert answer.status_code == 200


async def test_keys_of_files_serve_providers_without_their_own(serving: Serving) -> None:
    signer = EventSigner()
    async with serving(keys=[signer.public_key]) as endpoint:
        provider_with(endpoint.session, name="Plain")
        url = f"http://127.0.0.1:{endpoint.port}/events/Plain"
        assert (await endpoint.post(b"[]", signer.headers(b"[]", STAMP), url)).status_code == 200
        assert (await endpoint.post(b"[]", signer.headers(b"[]", STAMP))).status_code == 401


async def test_events_are_folded_in_whatever_their_order_and_however_often_they_come(serving: Serving) -> None:
    async with serving() as endpoint:
        ours, at = endpoint.message_id, int(STAMP)
        events = [
            event("processed", ours, timestamp=at),
            event("deferred", ours, timestamp=at + 1, attempt="1", response="451 later"),
            event("delivered", ours, timestamp=at + 2, response="250 OK", tls=1),
            event("open", ours, timestamp=at + 3, sg_machine_open=True, sg_event_id="m1"),
            event("open", ours, timestamp=at + 4, sg_machine_open=False, sg_event_id="o1"),
            event("open", ours, timestamp=at + 5, sg_event_id="o2"),
            event("click", ours, timestamp=at + 6, url="javascript:alert(1)", category=["a", "b"]),
            event("spamreport", ours, timestamp=at + 7, category="a"),
            event("group_unsubscribe", ours, timestamp=at + 8, asm_group_id=7),
        ]
        doubles = [{**one, "sg_event_id": f"again-{number}"} for number, one in enumerate(events)]
        chaos = random.Random(5)
        batches: list[list[dict[str, Any]]] = [[*events], [*doubles], [*events, *doubles]]
        for batch in batches:
            chaos.shuffle(batch)
            assert await endpoint.events(*batch) == 200
        found = endpoint.reported
        assert (found.delivery, found.opens, found.machine_opens, found.clicks) == (Delivery.DELIVERED, 2, 1, 1)
        assert (found.complained, found.unsubscribed) == (True, True)
        assert found.delivery_at is not None
        assert found.delivery_at.timestamp() == at + 2
        counts = endpoint.session.store.status_counts(endpoint.provider.provider_id)
        assert (counts["open"], counts["delivered"], counts["click"]) == (1, 1, 1)
        assert len(endpoint.session.store.messages.kept_events()) == len(events)
        assert endpoint.unmatched == []


async def test_what_was_not_tracked_is_said(serving: Serving) -> None:
    async with serving() as endpoint:
        assert await endpoint.events(event("open", endpoint.message_id), event("click", endpoint.message_id)) == 200
        session = endpoint.session
        number = endpoint.provider.number
        detail = session.store.messages.message(endpoint.message_id)
        assert [line.provider_version for line in detail.attempts] == [0]
        assert reported_in_words(session, detail)[1:] == (
            f"opened once, first {detail.row.reported.first_open:%Y-%m-%d %H:%M:%S} UTC",
            "clicked once",
        )
        sent_by = replace(detail, attempts=tuple(replace(line, provider_version=number) for line in detail.attempts))
        assert reported_in_words(session, sent_by)[2] == "clicks: tracking off at send time"


async def test_posts_at_once_count_each_event_once(serving: Serving) -> None:
    async with serving() as endpoint:
        events = [
            event("open", endpoint.message_id, sg_event_id=f"e{n}", timestamp=1_700_000_000 + n) for n in range(40)
        ]
        bodies = [body_of(events[start : start + 20]) for start in (0, 5, 10, 20, 15, 0, 20, 10)]
        answers = await asyncio.gather(*(endpoint.post(body) for body in bodies))
        assert {answer.status_code for answer in answers} == {200}
        assert endpoint.reported.opens == 40


async def test_missing_and_odd_fields(serving: Serving) -> None:
    async with serving() as endpoint:
        ours = endpoint.message_id
        odd = [
            event("bounce", ours, type="bounce", reason="550 5.1.1 unknown", sg_message_id=None, timestamp=None),
            event("bounce", ours, type="blocked", status="5.7.1", sg_message_id="", sg_event_id="block"),
            event("deferred", "another", sg_event_id=None, email=None, timestamp=True),
            event("open", ours, timestamp=1_700_000_000_000, sg_event_id=7),
            event("open", ours, timestamp="1700000001", sg_event_id="x" * 500),
            event("open", ours, timestamp=-1, sg_event_id="y"),
            event("bounce", "", sg_message_id=None, **{"smtp-id": None, "ftos_msg": None}),
            {"event": "delivered", "smtp-id": f"<{ours}@bank.example.com>"},
            {"event": ["no", "text"], "ftos_msg": 5},
            event("brand_new", ours),
        ]
        assert await endpoint.events(*odd) == 200
        assert (endpoint.reported.delivery, endpoint.reported.opens) == (Delivery.BOUNCED, 3)
        assert endpoint.reported.first_open is not None
        assert endpoint.reported.first_open.timestamp() == 1_700_000_000
        assert [kept.code for kept in endpoint.unmatched] == ["", "bounce", "deferred"]
        kept = endpoint.session.store.messages.kept_events()
        assert [one.canonical for one in kept if one.code == "blocked"] == ["blocked"]
        assert (kept[0].code, kept[0].canonical) == ("brand_new", "")
        assert sum("belong to no message" in line for line in endpoint.noted) == 1


async def test_a_provider_speaks_only_for_messages_whose_provider_has_the_same_key(serving: Serving) -> None:
    async with serving() as endpoint:
        other = EventSigner()
        foreign = provider_with(endpoint.session, other.public_key, name="Foreign")
        same = provider_with(endpoint.session, other.public_key, endpoint.signer.public_key, name="Same account")
        theirs, shared = sent_message(endpoint.session, foreign), sent_message(endpoint.session, same)
        assert await endpoint.events(event("delivered", theirs), event("delivered", shared)) == 200
        rows = [endpoint.session.store.messages.message_row(one).reported.delivery for one in (theirs, shared)]
        assert rows == [Delivery.NONE, Delivery.DELIVERED]
        assert len(endpoint.unmatched) == 1


async def test_events_settle_what_was_in_doubt_and_show_conflicts(serving: Serving) -> None:
    async with serving() as endpoint:
        session, provider_id = endpoint.session, endpoint.provider.provider_id
        [doubt] = queue(session.store, provider_id)
        sent(session.store, provider_id, after=Dispatch.IN_DOUBT, outcome=Outcome(OutcomeKind.IN_DOUBT))
        from ftos_tui.studio.messages import act

        [canceled] = queue(session.store, provider_id)
        act(session, "cancel", [canceled])
        assert await endpoint.events(event("processed", doubt), event("processed", canceled)) == 200
        rows = session.store.messages
        assert rows.message_row(doubt).state is Dispatch.ACCEPTED
        assert (rows.message_row(canceled).state, rows.message_row(canceled).conflict) == (Dispatch.CANCELED, True)
        assert "info: Events show that Gateway took 1 messages thought otherwise." in endpoint.noted
        assert any(line.startswith("warning: Gateway reports 1 messages as sent") for line in endpoint.noted)


async def test_a_change_of_the_account_is_an_alarm(serving: Serving) -> None:
    async with serving() as endpoint:
        change = {"event": "account_status_change", "type": "compliance_suspend", "timestamp": int(STAMP)}
        for _ in range(2):
            assert await endpoint.events(change) == 200
        alarm = "error: Gateway: SendGrid reports a change of the account: compliance_suspend."
        assert endpoint.noted.count(alarm) == 1
        assert await endpoint.events({"event": "account_status_change", "type": None}) == 200
        assert endpoint.noted[-1].endswith("it does not say which.")
        assert len(endpoint.unmatched) == 2


async def test_a_store_that_is_away_has_the_post_repeated(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> Any:
        raise StoreUnreachable("The store is away.")

    def broken(*_: Any) -> Any:
        raise RuntimeError("canary")

    async with serving() as endpoint:
        take = type(endpoint.session.store.messages).take_events
        for failing, status in ((away, 503), (broken, 500)):
            monkeypatch.setattr(type(endpoint.session.store.messages), "take_events", failing)
            answer = await endpoint.post(body_of([event("delivered", endpoint.message_id)]))
            assert answer.status_code == status
            assert "canary" not in answer.text + "".join(endpoint.noted)
        assert endpoint.noted[0].endswith("The store is away.")
        monkeypatch.setattr(type(endpoint.session.store.messages), "take_events", take)
        assert await endpoint.events(event("delivered", endpoint.message_id)) == 200
        assert endpoint.reported.delivery is Delivery.DELIVERED


async def test_statuses_of_the_providers_own_list_count(serving: Serving) -> None:
    from ftos_tui.domain.draft import Draft
    from ftos_tui.domain.statuses import StatusRow
    from ftos_tui.studio.providers import save
    from ftos_tui.studio.reading import base_of

    async with serving() as endpoint:
        rows = (StatusRow("Delivered", "Arrived", "delivered"),)
        save(endpoint.session, Draft(base_of(endpoint.provider)).with_statuses(rows))
        assert (
            await endpoint.events(event("delivered", endpoint.message_id), event("bounce", endpoint.message_id)) == 200
        )
        assert endpoint.reported.delivery is Delivery.DELIVERED
        assert dict(endpoint.session.store.status_counts(endpoint.provider.provider_id))["Delivered"] == 1
