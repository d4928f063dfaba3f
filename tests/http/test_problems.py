"""What goes wrong is answered with what the caller needs to know."""

import pytest
from fastapi.testclient import TestClient

from support.clinic import find


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/v1/doctors", "GET, POST"),
        ("/v1/doctors/{doctor}", "GET, PATCH"),
        ("/v1/doctors/{doctor}/hours", "GET, PUT"),
        ("/v1/patients/search", "POST"),
        ("/book_appointment", "POST"),
        ("/desk", "GET"),
    ],
)
def test_a_wrong_method_learns_every_right_one(client: TestClient, path: str, methods: str) -> None:
    """`Allow` has all that can be done at a path, not only what its first route can do."""
    answer = client.request("TRACE", path.format(doctor=find(client)))
    assert (answer.status_code, answer.headers["allow"]) == (405, methods)


def test_members_that_do_not_fit_each_other_are_no_missing_fields(admin: TestClient) -> None:
    """Nobody is told that fields are missing who has filled in all of them."""
    noon = "2099-02-27T12:00:00Z"
    problem = admin.post("/v1/time-off", json={"start": noon, "end": noon}).json()
    assert problem["detail"] == "body must end after it starts."
    assert problem["errors"] == [{"field": "body", "detail": "must end after it starts"}]
