import gzip
import re
from html.parser import HTMLParser

import pytest
from fastapi.testclient import TestClient

from calendula.http.middleware import MAX_BODY


def test_the_first_page_has_the_doctors(client: TestClient) -> None:
    """Whoever opens the address can book with a doctor."""
    page = client.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Dr. Mei Chen" in page.text
    assert "Cardiology" in page.text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"name": "mei"}, ["Dr. Mei Chen"]),
        ({"specialty": "Paediatrics"}, ["Dr. Amina Yusuf"]),
        ({"name": "nobody"}, []),
    ],
    ids=["name", "specialty", "nobody"],
)
def test_doctors_are_found(client: TestClient, query: dict[str, str], found: list[str]) -> None:
    """A doctor is found by a part of the name, or by the specialty."""
    page = client.get("/", params=query).text
    assert re.findall(r"<h2><bdi>(.*?)</bdi></h2>", page) == found


def test_what_was_looked_for_is_text(client: TestClient) -> None:
    """What somebody types is shown as what it is."""
    page = client.get("/", params={"name": '"><script>alert(1)</script>'}).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_page_lets_the_browser_do_little(client: TestClient) -> None:
    """No script or style but the site's own files, no frame around it, no other site's anything."""
    headers = client.get("/").headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


class _Loaded(HTMLParser):
    """What a page loads, and what of it is written into the page itself."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "script":
            (self.loaded if found.get("src") else self.inline).append(found.get("src") or tag)
        if tag == "link":
            self.loaded.append(found.get("href") or "")
        if tag == "style":
            self.inline.append(tag)
        self.inline += [name for name in found if name == "style" or name.startswith("on")]


def test_all_that_a_page_loads_is_its_own(client: TestClient) -> None:
    """Scripts and styles are files of the site that may be kept for ever, each of one content."""
    page = _Loaded()
    page.feed(client.get("/").text)
    assert page.inline == []
    assert len(page.loaded) >= 4
    for path in page.loaded:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert "immutable" in answer.headers["cache-control"]
        assert client.get(path.replace("/static/", "/static/0")).status_code == 404


def test_pages_are_compressed(client: TestClient) -> None:
    """A browser that understands gzip gets less to load, and the same."""
    with client.stream("GET", "/", headers={"Accept-Encoding": "gzip"}) as answer:
        compressed = b"".join(answer.iter_raw())
    plain = client.get("/", headers={"Accept-Encoding": "identity"})
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) == len(compressed) < len(plain.content)
    assert gzip.decompress(compressed) == plain.content


def test_an_error_is_a_page(client: TestClient) -> None:
    """What a page cannot do, it says in words, under the status that says the same."""
    answer = client.get("/", params={"cursor": "nonsense"})
    assert answer.status_code == 422
    assert "Something in the form is not right" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "content-security-policy" in answer.headers


def test_what_is_not_there_is_a_page_for_browsers(client: TestClient) -> None:
    """Whoever mistypes an address in a browser reads words, and a program reads a problem."""
    asked = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    page, answer = client.get("/nothing", headers=asked), client.get("/nothing")
    assert (page.status_code, answer.status_code) == (404, 404)
    assert "We cannot find this page" in page.text
    assert "content-security-policy" in page.headers
    assert answer.headers["content-type"] == "application/problem+json"


def test_another_site_cannot_send_a_form(client: TestClient) -> None:
    """A form that a browser sends from another site's page is refused."""
    fields = {"language": "de", "back": "/"}
    sites = {"cross-site": 422, "same-site": 422, "same-origin": 303, "none": 303}
    for site, status in sites.items():
        answer = client.post(
            "/language", data=fields, headers={"Sec-Fetch-Site": site}, follow_redirects=False
        )
        assert answer.status_code == status


def test_a_language_is_chosen(client: TestClient) -> None:
    """Whoever switches the language sees the page they came from in it, from then on."""
    back = "/?name=mei"
    answer = client.post("/language", data={"language": "ar", "back": back}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, back)
    assert '<html lang="ar" dir="rtl">' in client.get("/").text


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil", "x", ""])
def test_the_switch_leads_nowhere_else(client: TestClient, back: str) -> None:
    """No other site can use the switch to send people away."""
    fields = {"language": "de", "back": back}
    answer = client.post("/language", data=fields, follow_redirects=False)
    assert answer.headers["location"] == "/"


def test_a_language_that_is_not_spoken_is_not_chosen(client: TestClient) -> None:
    """An unknown language leaves everything as it is."""
    answer = client.post("/language", data={"language": "xx"}, follow_redirects=False)
    assert "set-cookie" not in answer.headers


def test_a_form_has_a_size(client: TestClient) -> None:
    """A form over the limit of all bodies is refused."""
    answer = client.post("/language", data={"back": "x" * MAX_BODY})
    assert answer.status_code == 413
