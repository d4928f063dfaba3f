from typing import Annotated

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import Field

from calendula.http.fields import Body, Email, Name
from calendula.pages import forms
from calendula.pages.forms import FormFields, Mistakes
from calendula.pages.page import PageRoute


class _Who(Body):
    name: Name
    email: Annotated[Email | None, Field()] = None


def test_a_form_is_read() -> None:
    """What a form says is checked as what comes as JSON is, and what is not asked for ignored."""
    read = forms.read(_Who, {"name": " Asha Verma ", "csrf": "x"})
    assert isinstance(read, _Who)
    assert (read.name, read.email) == ("Asha Verma", None)


def test_each_mistake_has_its_place() -> None:
    """What is missing and what is wrong are told apart, each at its field."""
    assert forms.read(_Who, {"email": "nobody"}) == Mistakes({"name": "missing", "email": "wrong"})


@pytest.fixture
def echo() -> TestClient:
    """A page that gives back what a form said."""
    app = FastAPI()
    app.router.route_class = PageRoute

    @app.post("/")
    async def back(fields: FormFields) -> dict[str, str]:
        return dict(fields)

    return TestClient(app)


def test_empty_fields_are_none(echo: TestClient) -> None:
    """A field that was left empty, or has only spaces, is as one that is not there."""
    assert echo.post("/", data={"a": " x ", "b": "", "c": "  "}).json() == {"a": "x"}


@pytest.mark.parametrize(
    "body",
    ["a=1&a=2", "&".join(f"f{n}=1" for n in range(501))],
    ids=["repeated", "many"],
)
def test_a_form_that_nobody_can_read_is_refused(echo: TestClient, body: str) -> None:
    """A form that says a thing twice, or has fields without end, is a page that says so."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = echo.post("/", content=body, headers=headers)
    assert answer.status_code in {400, 422}
    assert "text/html" in answer.headers["content-type"]


def test_a_file_is_refused(echo: TestClient) -> None:
    """No page takes files."""
    answer = echo.post("/", files={"a": ("a.txt", b"x")})
    assert answer.status_code in {400, 422}


@pytest.mark.parametrize("charset", ["utf-8", "unicode_escape", "undefined", "punycode"])
def test_what_names_its_own_charset_is_refused(echo: TestClient, charset: str) -> None:
    """No form of the pages comes as multipart, in whose charsets half characters can hide."""
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\\ud800\r\n--x--\r\n'
    headers = {"Content-Type": f"multipart/form-data; boundary=x; charset={charset}"}
    answer = echo.post("/", content=part, headers=headers)
    assert answer.status_code == 422
    assert "text/html" in answer.headers["content-type"]
