from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from calendula.http.fields import Email, Identifier, Note, Phone

EMAIL: TypeAdapter[Any] = TypeAdapter(Email)
PHONE: TypeAdapter[Any] = TypeAdapter(Phone)
NOTE: TypeAdapter[Any] = TypeAdapter(Note)
IDENTIFIER: TypeAdapter[Any] = TypeAdapter(Identifier)
LONG = "@".join(["x" * 64, ".".join(["y" * 62] * 3)])  # 253 characters


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("asha@example.com", "asha@example.com"),
        (" Asha.Verma+clinic@EXAMPLE.com ", "Asha.Verma+clinic@example.com"),
        ("jose\u0301@ex\u00e4mple.de", "jos\u00e9@ex\u00e4mple.de"),
        ("用户@例子.广告", "用户@例子.广告"),
        ("o'brien@example.ie", "o'brien@example.ie"),
        (LONG, LONG),
    ],
)
def test_an_address_is_taken(given: str, stored: str) -> None:
    """An address to which mail can be sent is stored in one form, of which nothing is lost."""
    assert EMAIL.validate_python(given) == stored


@pytest.mark.parametrize(
    "given",
    [
        *("asha", "@example.com", "asha@", "asha@example", "a b@example.com", "asha@example.com."),
        *("Asha <asha@example.com>", '"a b"@example.com', "a@b.com, c@d.com", "a@[127.0.0.1]"),
        *("asha@example.com\nBcc: all@example.com", "a\0@example.com", "a\u202eb@example.com"),
        *(f"y{LONG}y", "x" * 65 + "@example.com", "x" * 1_000_000, "a..b@example.com"),
    ],
    ids=range(17),
)
def test_what_is_no_address_is_refused(given: str) -> None:
    """What mail cannot be sent to, or only trickery would write, is refused, and not repeated."""
    with pytest.raises(ValidationError) as refusal:
        EMAIL.validate_python(given)
    (error,) = refusal.value.errors()
    assert error["msg"] == "Value error, must be an e-mail address"


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("+91 22 5550 0100", "+91 22 5550 0100"),
        ("  (022)  555-0100 ", "(022) 555-0100"),
        ("030/555.01", "030/555.01"),
        ("112", "112"),
        ("1" * 20, "1" * 20),
        (" ".join("1" * 20) + ".", " ".join("1" * 20) + "."),  # 40 characters
    ],
)
def test_a_telephone_number_is_taken(given: str, stored: str) -> None:
    """A number is stored as it was typed, but for white space."""
    assert PHONE.validate_python(given) == stored


@pytest.mark.parametrize(
    "given",
    [
        *("12", "+()", "1" * 21, "1" + "-" * 38 + "23", "call me", "555-0100 ext. 3"),
        *("٠١٢٣", "123\u00b2", "１２３", "12\x003", "1,2,3", "123\u200b"),
    ],
    ids=range(12),
)
def test_what_is_no_telephone_number_is_refused(given: str) -> None:
    """Too few digits or too many, letters, and digits that no telephone has are refused."""
    with pytest.raises(ValidationError, match="must be a telephone number"):
        PHONE.validate_python(given)


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (None, None),
        *(("", None), (" \r\n\t ", None)),
        (" Needs a ramp.\r\n\r\n\t- and José\u0301 \n", "Needs a ramp.\n\n\t- and José\u0301"),
        ("Jose\u0301", "José"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("x" * 1000, "x" * 1000),
        ("e\u0301" * 1000, "é" * 1000),
        ("یک‌بار 👩‍⚕️", "یک‌بار 👩‍⚕️"),
    ],
    ids=range(9),
)
def test_a_note_is_taken(given: str | None, stored: str | None) -> None:
    """A note may have lines and any script; a blank one is none."""
    assert NOTE.validate_python(given) == stored


@pytest.mark.parametrize(
    "given",
    [
        *("x" * 1001, "x" + "\u0301" * 10_000, "a\0b", "a\x1bb", "a\rb", "a\u0085b", "a\u2028b"),
        *("a\u202eb", "a\u2066b", "a\u200bb", "a\ufeffb", 1, True, ["a"]),
    ],
    ids=range(14),
)
def test_what_is_no_note_is_refused(given: object) -> None:
    """Too much, what cannot be seen, what turns the text around, and what is no text is refused."""
    with pytest.raises(ValidationError):
        NOTE.validate_python(given)


@pytest.mark.parametrize("kind", [EMAIL, PHONE], ids=["email", "phone"])
@pytest.mark.parametrize("given", [None, "", " ", 5550100, ["a@example.com"]], ids=range(5))
def test_a_contact_is_a_text(kind: TypeAdapter[Any], given: object) -> None:
    """An address or a number that is missing, blank or no text is refused."""
    with pytest.raises(ValidationError):
        kind.validate_python(given)


@pytest.mark.parametrize("given", ["P-1001", 7, -7, 2**63 - 1, 1 - 2**63])
def test_an_identifier_is_a_text_or_a_number(given: Any) -> None:
    """Whichever it was, it is stored as a text; the document has the same bounds."""
    assert IDENTIFIER.validate_python(given) == str(given)
    integers = IDENTIFIER.json_schema()["anyOf"][1]
    assert (integers["minimum"], integers["maximum"]) == (1 - 2**63, 2**63 - 1)


@pytest.mark.parametrize("given", [1.0, 1.5, True, None, 2**63, -(2**63), [], {}])
def test_no_other_value_is_an_identifier(given: Any) -> None:
    """A number that was counted in floats has lost digits that nobody knows."""
    with pytest.raises(ValidationError) as refusal:
        IDENTIFIER.validate_python(given)
    (error,) = refusal.value.errors()
    assert error["msg"] == "Value error, must be a text, or a whole number of 64 bits"
