"""What no field of a kind may hold. In each text stands a mark, which must stand in no answer."""

from typing import Any

MARK = "Zanzibar"

NUL = f"{MARK}\0"
HIDDEN = [
    *(f"{MARK}\u202e", f"{MARK}\u2067", f"{MARK}\u200b", f"\ufeff{MARK}", f"{MARK}\nx"),
]
TOO_MUCH = [" \t\u2003", MARK * 40, MARK + "\u0301" * 10_000, "x" * 1_000_000]
NO_DATES = [
    *("2027-02-30", "0000-01-01", "10000-01-01", "20270226", "2027-W08-5", "2027-02-26T00:00:00"),
    *("２０２７-02-26", "", MARK, "1738886400"),
]
NAIVE = ["2027-02-26T09:00:00", "2027-02-26T09:00", "2027-02-26 09:00:00"]
NO_INSTANTS = [
    *("2027-02-26", "2027-02-30T09:00:00Z", "20270226T090000Z", MARK, "", "2027-02-26 09:00:00Z"),
    *("0000-01-01T00:00:00Z", "9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00"),
    *("2027-02-26T24:30:00Z", "2027-02-26T09:00:00+99:00"),
]
NO_INTEGERS: list[Any] = ["1", 1.0, 1.5, True, -1, 2**63, 10**400]
NO_LABELS = [
    *(MARK, "10:30 AM - 10:00 AM", "10:00 AM - 10:00 AM", "11:30 PM - 12:30 AM"),
    *("25:00 - 26:00", "10:00 AM - 10:30 AM" + " " * 10_000),
]
NO_ZONES = [MARK, "../etc/passwd", "/etc/passwd", "UTC/../UTC", "UTC0", "x" * 150]
NO_IDS = ["1", "", MARK, "0" * 32, "{" + "0" * 36 + "}", "\0"]
NO_IDS_IN_PATHS = ["1", "%00", "%ff", MARK, "x" * 2000, "0" * 32, "..%2f..", "%20"]
NO_ADDRESSES = [MARK, f"{MARK}@", f"{MARK} <a@example.com>", f"a@{MARK}", f"a@b.com,{MARK}"]
NO_CURSORS = ["", MARK, "W10", "..%2fetc%2fpasswd", "x" * 5000]
ANOTHER_KIND: dict[str, list[Any]] = {
    "boolean": ["true", 1, 0, "", [], {}],
    "array": ["", MARK, 1, True, {}, [None], [MARK], [[]]],
    "object": ["", MARK, 1, True, [], [{}]],
    "integer": ["", MARK, [], {}],
    "identifier": [1.5, True, [], {}],
    "uuid": [1, True, []],
    "note": [1, 1.5, True, [], {}],
}
A_TEXT = [1, 1.5, True, [], {}]
"""What is no text, for every other kind."""
SELDOM = {
    "date": ["0001-01-01", "0001-01-02", "9999-12-30", "9999-12-31", "2027-03-28", "2011-12-30"],
    "date-time": [
        *("0001-01-01T00:00:00Z", "0001-01-02T00:00:00+01:00", "9999-12-31T23:59:59.999999Z"),
        *("9999-12-31T00:00:00-01:00", "2027-03-28T01:30:00+00:00", "2011-12-30T12:00:00-10:00"),
    ],
}
"""The ends of the calendar, and the nights of clock changes."""
NAMES = ["José", "O'Brien", "张伟", "Asha 🙂", "مريم", "می\u200cخواهم", "क्\u200dष"]
SCRIPTS = ["<script>alert(1)</script>", "{{7*7}}", "'; DROP TABLE doctor; --"]
NO_JSON = [
    *(b"[" * 60_000, b'{"a":' * 10_000, b'{"name": "\xff"}', '{"name": "x"}'.encode("utf-16")),
    *(b'{"name": "Zanzibar', b"{} {}", b"9" * 5000),
]
NO_OBJECT = [b"", b"[]", b"null", b'"Zanzibar"', b"7"]
NO_TYPES = ["text/plain", "application/x-www-form-urlencoded", "", "json", "application/json5"]
