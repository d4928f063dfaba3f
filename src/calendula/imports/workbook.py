"""Makes a workbook of a stranger harmless, before a reader in another language opens it.

That reader makes room for every cell between the first and the last, and for the text of each: one
cell in the last row and column, or a zip that unfolds to a thousand times its size, would end the
process. So what is in the workbook is counted here, by a parser that keeps nothing.
"""

import re
from io import BytesIO
from xml.parsers import expat
from zipfile import ZipFile

from calendula.imports import table
from calendula.imports.table import Unreadable

_MAX_UNFOLDED = 128 * 1024 * 1024
"""Bytes of XML."""
_MAX_TEXT = 256 * 1024 * 1024
"""Characters, if every cell of a sheet had the longest text of the workbook."""

_READ = (".xml", ".rels")  # all else, pictures and macros among it, is left out
_CELL = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_ROW = re.compile(r"[1-9][0-9]{0,6}")


def no_workbook() -> Unreadable:
    """Return the error of a file that cannot be read."""
    return Unreadable("The file is not readable as an Excel workbook (.xlsx).")


def bounded(content: bytes) -> bytes:
    """Return a workbook with only what is read of it, all of which has been counted.

    Raises Unreadable where it is no workbook, or too large in rows, columns or texts.
    """
    parts = _unfolded(content)
    counts = [_count(part) for part in parts.values()]
    longest = max((it.longest for it in counts), default=0)
    if any(it.cells * longest > _MAX_TEXT for it in counts):
        raise _too_large()
    clean = BytesIO()
    with ZipFile(clean, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return clean.getvalue()


def _unfolded(content: bytes) -> dict[str, bytes]:
    """Return the parts of a workbook by name, and no more bytes than may be, whatever it says."""
    parts: dict[str, bytes] = {}
    left = _MAX_UNFOLDED
    try:
        with ZipFile(BytesIO(content)) as archive:
            for info in archive.infolist():
                if info.filename.lower().endswith(_READ):
                    with archive.open(info) as part:
                        parts[info.filename] = part.read(left + 1)
                    left -= len(parts[info.filename])
                if left < 0:
                    break
    except Exception:  # noqa: BLE001 - a broken zip raises a dozen types
        raise no_workbook() from None
    if left < 0:
        raise _too_large()
    return parts


def _count(part: bytes) -> "_Count":
    if b"\0" in part:  # UTF-16, which expat would understand and the reader would not
        raise no_workbook()
    count = _Count()
    parser = expat.ParserCreate("utf-8", " ")  # as the reader does, whatever the part declares
    parser.StartDoctypeDeclHandler = count.doctype
    parser.StartElementHandler = count.start
    parser.CharacterDataHandler = count.text
    parser.EndElementHandler = count.end
    try:
        parser.Parse(part, True)  # noqa: FBT003 - expat takes no names
    except expat.ExpatError:
        raise no_workbook() from None
    return count


class _Count:
    """How much there is in a part of a workbook."""

    def __init__(self) -> None:
        self.cells = 0
        self.longest = 0
        self._row = self._column = 0
        self._characters: int | None = None

    def doctype(self, *_: object) -> None:
        """Refuse what only an attack would declare."""
        raise no_workbook()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Follow where the cells are, as the reader does: those without a place are the next."""
        match name.rpartition(" ")[2]:
            case "row":
                self._place(self._row_of(attributes.get("r")), 0)
            case "c":
                self.cells += 1
                self._place(*self._cell_of(attributes.get("r")))
            case "si" if self._characters is not None:
                raise no_workbook()
            case "si":
                self._characters = 0

    def text(self, data: str) -> None:
        """Measure a shared text."""
        if self._characters is not None:
            self._characters += len(data)

    def end(self, name: str) -> None:
        """End a shared text."""
        if name.rpartition(" ")[2] == "si" and self._characters is not None:
            if self._characters > table.MAX_CELL:
                raise table.too_long_cell()
            self.longest = max(self.longest, self._characters)
            self._characters = None

    def _row_of(self, place: str | None) -> int:
        if place is None:
            return self._row + 1
        if not _ROW.fullmatch(place):
            raise no_workbook()
        return int(place)

    def _cell_of(self, place: str | None) -> tuple[int, int]:
        if place is None:
            return self._row, self._column + 1
        match = _CELL.fullmatch(place)
        if not match:
            raise no_workbook()
        return int(match[2]), _number(match[1])

    def _place(self, row: int, column: int) -> None:
        if row > table.MAX_ROWS + 1:
            raise table.too_many_rows()
        if column > table.MAX_COLUMNS:
            raise table.too_many_columns()
        self._row, self._column = row, column


def _number(letters: str) -> int:
    """Return the number of a column: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _too_large() -> Unreadable:
    return Unreadable("The workbook is too large when it is unfolded.")
