import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendula import names


@pytest.mark.parametrize(
    "name",
    [
        "José",
        "O'Brien",
        "张伟",
        "🩺",
        "مريم",
        "मीनाक्षी",
        "क्\u200dष",
        "می\u200cخواهم",
        "<script>",
        "{{7*7}}",
        "👩\u200d⚕️",
    ],
)
def test_people_of_every_script_have_names(name: str) -> None:
    """A name in any script, with joiners or apostrophes, is kept as it was given, in NFC."""
    assert names.clean(f"  {name}\n") == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " \t\u2003",
        "a\0b",
        "a\u202eb",
        "a\u200bb",
        "\ufeffa",
        "a\ud800",
        "a\nb",
        "a\u2066b",
        "\u200d",
        "...",
        "\u3164",
        "a\u2800",
        "a\uffff",
        "a\ufdd0",
        "é" * 201,
    ],
)
def test_what_cannot_be_seen_is_no_name(name: str) -> None:
    """A name that is blank, too long, or holds what nobody can see or store is refused."""
    with pytest.raises(ValueError, match="must"):
        names.clean(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Dr. Rajesh Kumar", "dr.  rajesh\tKUMAR"),
        ("José", "Jose\u0301"),
        ("Straße", "STRASSE"),
        ("Anna", "An\u034fna\ufe0f"),
        ("Ａｎｎ", "Ann"),
        ("می\u200cخواهم", "میخواهم"),
    ],
)
def test_names_that_look_the_same_are_the_same(one: str, other: str) -> None:
    """Case, spacing, width and joiners do not make another name."""
    assert names.key(one) == names.key(other)


def test_other_letters_are_other_names() -> None:
    """An accent makes another name: José is not Jose."""
    assert names.key("José") != names.key("Jose")


@given(st.text())
def test_a_key_is_its_own_key(text: str) -> None:
    """Normalising twice is normalising once, for any text."""
    assert names.key(names.key(text)) == names.key(text)


@given(st.text())
def test_cleaning_is_done_once(text: str) -> None:
    """A clean name stays as it is, and whatever cannot be cleaned is refused with ValueError."""
    try:
        name = names.clean(text)
    except ValueError:
        return
    assert names.clean(name) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        *(("for Asha", "Asha Verma"), ("ASHA'S mother", "Asha Verma"), ("AshaVerma", "Asha Verma")),
        *(("Vermas child", "Asha Verma"), ("OBrien", "Pat O'Brien"), ("Li asked", "Li Wu")),
        *(("张伟的妈妈", "张伟"), ("zoe called", "Zoë Müller"), ("山田太郎さんの依頼", "山田太郎")),
    ],
)
def test_a_text_mentions_a_name(text: str, name: str) -> None:
    """By any word of it, in whatever case, with or without accents, alone or in another word."""
    assert names.mentions(text, name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        *(("an emergency", "Asha Verma"), ("about an hour late", "Bo Ann"), ("a fall", "A Lee")),
        *(("", "Asha"), ("the left knee", "Knut Leffler")),
    ],
)
def test_a_text_does_not_mention_a_name(text: str, name: str) -> None:
    """Short words count alone only, and a single letter not at all."""
    assert not names.mentions(text, name)
