"""What a hostile workbook could do to the service, and that it cannot."""

import tracemalloc
from collections.abc import Mapping
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from calendula.imports import workbook, xlsx_file
from calendula.imports.table import Unreadable
from support import tables

SHEET = "xl/worksheets/sheet1.xml"
TEXTS = "xl/sharedStrings.xml"
_MIB = 1024 * 1024


def _with(**parts: bytes | None) -> bytes:
    """Return a workbook of two cells, with other parts than it has."""
    named: Mapping[str, bytes | None] = {
        {"sheet": SHEET, "texts": TEXTS}.get(name, name): part for name, part in parts.items()
    }
    made = BytesIO()
    with (
        ZipFile(BytesIO(tables.sheet([["record"], ["Zanzibar"]]))) as source,
        ZipFile(made, "w", ZIP_DEFLATED) as target,
    ):
        for name in {*source.namelist(), *named}:
            part = named[name] if name in named else source.read(name)
            if part is not None:
                target.writestr(name, part)
    return made.getvalue()


def _sheet(rows: str, head: str = "") -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'{head}<worksheet xmlns="{space}"><sheetData>{rows}</sheetData></worksheet>'.encode()


def _texts(*texts: str) -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    items = "".join(f"<si><t>{text}</t></si>" for text in texts)
    return f'<sst xmlns="{space}">{items}</sst>'.encode()


def _refusal(content: bytes) -> str:
    with pytest.raises(Unreadable) as caught:
        list(xlsx_file.lines(content))
    assert "Zanzibar" not in caught.value.detail
    return caught.value.detail


def test_macros_and_pictures_are_left_out() -> None:
    """Only what is read reaches the reader."""
    content = workbook.bounded(_with(**{"xl/vbaProject.bin": b"x", "xl/media/a.png": b"x"}))
    with ZipFile(BytesIO(content)) as archive:
        assert SHEET in archive.namelist()
        assert {name.rpartition(".")[2] for name in archive.namelist()} == {"xml", "rels"}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', "100,000 rows"),
        ('<row><c r="A1048576"><v>1</v></c></row>', "100,000 rows"),
        ('<row r="100001"><c/></row><row><c><v>1</v></c></row>', "100,000 rows"),
        ('<row r="1"><c r="AY1"><v>1</v></c></row>', "50 columns"),
        ('<row r="1"><c r="AX1"/><c><v>1</v></c></row>', "50 columns"),
        ("<row>" + "<c/>" * 51 + "</row>", "50 columns"),
        ('<row r="1"><c r="AAAA1"/></row>', "not readable"),
        ('<row r="1"><c r="A99999999999"/></row>', "not readable"),
        ('<row r="1"><c r="a1"/></row>', "not readable"),
        ('<row r="-1"><c/></row>', "not readable"),
        ("<row><c></row>", "not readable"),
        ("<row><c><v>&bomb;</v></c></row>", "not readable"),
    ],
)
def test_a_cell_far_away_is_refused(rows: str, words: str) -> None:
    """A sheet that claims more rows or columns than may be never reaches the reader."""
    assert words in _refusal(_with(sheet=_sheet(rows)))


def test_a_prefix_hides_no_cell() -> None:
    """A cell counts under whatever prefix its namespace has."""
    far = b'<x:worksheet xmlns:x="urn:x"><x:row><x:c r="XFD1"/></x:row></x:worksheet>'
    assert "50 columns" in _refusal(_with(sheet=far))


def test_a_zip_bomb_is_refused() -> None:
    """A part that unfolds to more than 128 MiB is not unfolded further, however large it is."""
    made = BytesIO()
    with ZipFile(made, "w", ZIP_DEFLATED) as archive, archive.open(SHEET, "w") as part:
        for _ in range(450):
            part.write(b" " * _MIB)
    assert len(made.getvalue()) < _MIB
    tracemalloc.start()
    try:
        assert "too large" in _refusal(made.getvalue())
        assert tracemalloc.get_traced_memory()[1] < 400 * _MIB
    finally:
        tracemalloc.stop()


def test_many_parts_are_as_bad_as_one() -> None:
    """The limit is for all parts together."""
    parts = {f"xl/{number}.xml": b"<a/>" + b" " * (50 * _MIB) for number in range(3)}
    assert "too large" in _refusal(_with(**parts))


def test_a_size_that_lies_hides_nothing() -> None:
    """A zip that understates what is in it is refused, as it is broken."""
    made = bytearray(_with(sheet=_sheet("<row/>" * 100_000)))
    true = len(_sheet("<row/>" * 100_000)).to_bytes(4, "little")
    assert true in made
    assert "not readable" in _refusal(bytes(made.replace(true, (10).to_bytes(4, "little"))))


def test_texts_that_are_shared_too_often_are_refused() -> None:
    """A long text in a million cells is as large as it looks, whatever its file's size."""
    cell = '<c t="s"><v>0</v></c>'
    rows = f"<row>{cell * 50}</row>" * 6_000
    assert "too large" in _refusal(_with(sheet=_sheet(rows), texts=_texts("Z" * 1000)))


def test_an_endless_text_is_refused() -> None:
    """A cell has at most 1,000 characters, in a workbook too."""
    assert "1,000 characters" in _refusal(_with(texts=_texts("Zanzibar" * 126)))


@pytest.mark.parametrize(
    "part",
    [
        b'<!DOCTYPE x [<!ENTITY a "Zanzibar">]><sst><si><t>&a;</t></si></sst>',
        b'<sst xmlns="urn:x"><si><si><t>Zanzibar</t></si></si></sst>',
        b"<sst><si><t>\xff</t></si></sst>",
        b'<?xml version="1.0" encoding="latin-1"?><sst><si><t>\xff</t></si></sst>',
        b"<sst><si><t>&#xD800;</t></si></sst>",
        b"<sst><si><t>&#0;</t></si></sst>",
        '<?xml version="1.0" encoding="utf-16"?><sst/>'.encode("utf-16"),
        "<sst/>".encode("utf-16-le"),
        b"",
    ],
    ids=[
        "entities",
        "nested",
        "no UTF-8",
        "latin-1",
        "lone surrogate",
        "NUL",
        "UTF-16",
        "UTF-16 without a mark",
        "empty",
    ],
)
def test_xml_that_is_out_of_the_ordinary_is_refused(part: bytes) -> None:
    """Entities, half characters and other encodings do not even reach the reader."""
    with pytest.raises(Unreadable, match="not readable"):
        workbook.bounded(_with(texts=part))


def test_a_declaration_hides_no_cell() -> None:
    """What is counted cannot be told another place than the reader sees, by a default of a DTD."""
    head = '<!DOCTYPE worksheet [<!ATTLIST c r CDATA "A1">]>'
    with pytest.raises(Unreadable, match="not readable"):
        workbook.bounded(_with(sheet=_sheet("<row>" + "<c/>" * 51 + "</row>", head)))


@pytest.mark.parametrize(
    "parts",
    [{"xl/workbook.xml": None}, {"texts": None}, {"sheet": None}, {"[Content_Types].xml": None}],
    ids=str,
)
def test_a_workbook_that_lacks_a_part_raises_nothing_else(parts: dict[str, None]) -> None:
    """What is missing is missing: the file is refused, or read as far as it goes."""
    try:
        list(xlsx_file.lines(_with(**parts)))
    except Unreadable as error:
        assert "Excel" in error.detail  # noqa: PT017 - either is right


def test_any_part_may_be_cut() -> None:
    """A file that breaks off is refused wherever it does."""
    whole = tables.xlsx_of([tables.DOCTOR])
    for length in range(0, len(whole), 97):
        assert "Excel" in _refusal(whole[:length])
