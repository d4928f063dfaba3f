"""What `curl` does with the options that the guide uses, where no curl is installed."""

import sys
from argparse import ArgumentParser
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlsplit

_PARSER = ArgumentParser(allow_abbrev=False)
_PARSER.add_argument("url")
_PARSER.add_argument("-s", action="store_true")
_PARSER.add_argument("-i", action="store_true")
_PARSER.add_argument("-G", action="store_true")
_PARSER.add_argument("-X", dest="method")
_PARSER.add_argument("-H", dest="headers", action="append", default=[])
_PARSER.add_argument("-d", dest="body")
_PARSER.add_argument("--data-urlencode", dest="query")


def _read(body: str) -> str:
    """Return a body, or what is in the file that it names after an `@`."""
    name = body.removeprefix("@")
    if name == body:
        return body
    return sys.stdin.read() if name == "-" else Path(name).read_text()


def main() -> None:
    """Send the request that the arguments describe, and print the answer."""
    asked = _PARSER.parse_args()
    address = urlsplit(asked.url)
    target = f"{address.path}?{address.query}" if address.query else address.path
    if asked.query:
        name, value = asked.query.split("=", 1)
        target += f"?{name}={quote(value, safe='')}"
    headers = dict(header.split(": ", 1) for header in asked.headers)
    body = None if asked.body is None else _read(asked.body).encode()
    connection = HTTPConnection(address.netloc, timeout=30)
    connection.request(asked.method or ("POST" if body else "GET"), target, body, headers)
    answer = connection.getresponse()
    if asked.i:
        lines = [f"HTTP/1.1 {answer.status} {answer.reason}"]
        lines += [f"{name.lower()}: {value}" for name, value in answer.getheaders()]
        sys.stdout.write("\n".join([*lines, "", ""]))
    sys.stdout.write(answer.read().decode())


main()
