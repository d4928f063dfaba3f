"""CSV as spreadsheets write it (RFC 4180), with commas or semicolons."""

import csv
from collections.abc import Iterator
from io import StringIO

from calendula.imports.table import Unreadable


def lines(content: bytes) -> Iterator[list[str]]:
    """Give the lines of a CSV file in UTF-8, with or without a byte order mark.

    Raises Unreadable where it is none.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("The file must be a text in UTF-8.") from None
    head = text.partition("\n")[0]
    delimiter = ";" if head.count(";") > head.count(",") else ","
    try:
        yield from csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error:
        raise Unreadable("The file is not readable as CSV.") from None
