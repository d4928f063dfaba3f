"""The OpenAPI document is true, whoever asks and whatever they send."""

import pytest
from hypothesis import settings

from calendula.access.roles import ADMIN, DOCTOR
from fuzz.asking import ask
from support.access import bearer, make_key
from support.furnished import Furnished

_HALF = 0.5


def test_the_document_is_true_for_an_admin(clinic: Furnished) -> None:
    """Whoever may do all gets the answers that the document promises, and no others."""
    headers = bearer(make_key(clinic.database, ADMIN).text)
    found = ask(clinic.app, headers, clinic.ids, settings())
    assert not found.failures, "\n\n".join(found.failures)
    assert {"examples", "coverage", "fuzzing", "stateful"} == set(found.asked)
    operations = sum(map(len, clinic.app.openapi()["paths"].values()))
    assert len(found.done) > operations * _HALF, "what is asked must be possible, too"


@pytest.mark.parametrize("caller", ["nobody", DOCTOR])
def test_the_document_is_true_for_others(clinic: Furnished, caller: str) -> None:
    """Whoever may do little, or shows no key, gets the answers that the document promises too."""
    headers = bearer(make_key(clinic.database, DOCTOR).text) if caller == DOCTOR else {}
    found = ask(clinic.app, headers, clinic.ids, settings(), coverage=False)
    assert not found.failures, "\n\n".join(found.failures)
    assert found.done
