"""Connections that are cut in the middle of a COMMIT."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from sqlalchemy import select, text

from calendula.doctors.models import Doctor
from support import load, servers
from support.clusters import Cluster
from support.load import Booking
from support.proxy import Cut, Proxy
from support.servers import Server

TOGETHER = 8

Book = Callable[[Booking, str | None], Any]


@pytest.fixture
def service(tmp_path: Path, proxied_url: str) -> Iterator[Server]:
    """An open clinic whose database is behind the proxy."""
    environment = {
        "CALENDULA_DATABASE_URL": proxied_url,
        "CALENDULA_OPEN_CLINIC": "true",
        "CALENDULA_LOCK_TIMEOUT": "30",
        "CALENDULA_STATEMENT_TIMEOUT": "30",
    }
    with servers.running(tmp_path, environment) as server:
        yield server


@pytest.fixture(params=["/book_appointment", "/v1/appointments"])
def book(request: pytest.FixtureRequest, service: Server, cluster_url: str) -> Book:
    """Book a slot at one of the two endpoints, with a key or without."""
    path = str(request.param)
    with load.database_of(cluster_url) as database, database.read() as session:
        doctor = session.scalars(select(Doctor.id).where(Doctor.name == load.DOCTOR)).one()

    def post(slot: Booking, key: str | None) -> Any:
        who = {"identifier": f"P-{slot.patient}", "name": "Asha Verma"}
        wish = {"doctor_id": str(doctor), "start": f"{slot.day}T09:00:00Z", "patient": who}
        body = slot.body() if path == "/book_appointment" else json.dumps(wish)
        headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
        return httpx.post(f"{service.url}{path}", content=body, headers=headers, timeout=60)

    return post


@pytest.mark.parametrize("where", Cut)
def test_who_is_cut_off_is_told_that_nobody_knows(
    proxy: Proxy, cluster_url: str, book: Book, where: Cut
) -> None:
    """A booking cut off in its COMMIT is 503, and its key tells: booked then, or booked now."""
    first, wanted = (Booking(load.day(number), load.LABELS[0]) for number in range(2))
    assert book(first, None).status_code == 201
    proxy.cut(where)
    answer = book(wanted, "key")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert proxy.cut_off.is_set()
    again = book(wanted, "key")
    assert again.status_code == 201
    assert (again.headers.get("Idempotency-Replayed") == "true") is (where is Cut.BEHIND)
    assert book(wanted._replace(patient=1), None).status_code == 409
    assert {it.date for it in load.held(cluster_url)} == {first.day, wanted.day}
    assert len(load.held(cluster_url)) == 2


@pytest.mark.parametrize("where", Cut)
def test_all_of_a_batch_are_told_that_nobody_knows(
    service: Server, cluster: Cluster, proxy: Proxy, cluster_url: str, where: Cut
) -> None:
    """Bookings cut off in the COMMIT that they share are 503 each, and each one's key tells."""
    slots = [load.slot(number) for number in range(TOGETHER + 1)]
    with ExitStack() as stack:
        clients = [stack.enter_context(load.connection_to(service.url)) for _ in slots]
        with load.database_of(cluster_url) as database, database.write() as session:
            session.execute(text("LOCK TABLE appointment IN SHARE MODE"))
            load.send(clients[0], slots[0], slots[0].key)
            cluster.wait_for_lock()
            for client, slot in zip(clients[1:], slots[1:], strict=True):
                load.send(client, slot, slot.key)
            assert httpx.get(f"{service.url}/healthz").status_code == 200  # it has read them all
            proxy.cut(where, but=1)
        answers = [load.receive(client) for client in clients]
        assert answers[0].status == 201
        assert [it.status for it in answers].count(503) > 1
        again = [load.book(clients[0], slot, slot.key) for slot in slots]
    for first, second in zip(answers, again, strict=True):
        assert {first.status, second.status} <= {201, 503}
        known = first.status == 201 or where is Cut.BEHIND
        assert (second.status, second.replayed) == (201, known)
    booked = {it.members["appointment_id"] for it in again}
    assert {str(it.id) for it in load.held(cluster_url)} == booked
    assert len(booked) == len(slots)
