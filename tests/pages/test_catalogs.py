import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from babel.messages import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po

from calendula.pages.languages import ENGLISH, LANGUAGES, translations

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "calendula"
OTHERS = sorted(set(LANGUAGES) - {ENGLISH.code})
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%")


def _catalog(code: str) -> Catalog:
    path = SOURCE / "pages" / "locale" / code / "LC_MESSAGES" / "calendula.po"
    with path.open("rb") as file:
        return read_po(file, locale=code)


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The texts of the pages, each by its first form."""
    template = tmp_path_factory.mktemp("messages") / "messages.pot"
    extract = ["extract", "--mapping", str(ROOT / "babel.toml"), "--output", str(template)]
    command = CommandLineInterface()
    command.run(["pybabel", "--quiet", *extract, str(SOURCE)])  # type: ignore[no-untyped-call]
    with template.open("rb") as file:
        return {_forms(message.id)[0] for message in read_po(file) if message.id}


def _messages(code: str) -> Iterator[Message]:
    return (message for message in _catalog(code) if message.id)


def _forms(said: str | Sequence[str] | None) -> list[str]:
    return [said] if isinstance(said, str) else list(said or [""])


@pytest.mark.parametrize("code", OTHERS)
def test_a_language_has_all_texts(code: str, texts: set[str]) -> None:
    """Each text of the pages is in each language's file, and nothing else is."""
    assert {_forms(message.id)[0] for message in _messages(code)} == texts


@pytest.mark.parametrize("code", OTHERS)
def test_a_language_says_all_texts(code: str) -> None:
    """No text is left in English, nor guessed."""
    silent = [it.id for it in _messages(code) if it.fuzzy or not all(_forms(it.string))]
    assert silent == []


@pytest.mark.parametrize("code", OTHERS)
def test_a_plural_has_all_its_forms(code: str) -> None:
    """Where a number decides, each of the language's forms is there: Arabic has six."""
    catalog = _catalog(code)
    plurals = [message for message in catalog if message.pluralizable]
    assert plurals
    assert {len(_forms(message.string)) for message in plurals} == {catalog.num_plurals}


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_says_what_the_text_does(code: str) -> None:
    """What is filled into a text is filled into its translation, and nothing that is not there."""
    for message in _messages(code):
        texts = [set(_PLACEHOLDER.findall(form)) for form in _forms(message.id)]
        for form in _forms(message.string):
            placed = set(_PLACEHOLDER.findall(form))
            assert placed <= set.union(*texts), message.id
            if not message.pluralizable:
                assert placed == texts[0], message.id


@pytest.mark.parametrize("code", OTHERS)
def test_no_language_writes_markup(code: str) -> None:
    """A translation brings no tags that the text has not."""
    tags = re.compile(r"<[^>]+>")
    for message in _messages(code):
        ours = set(tags.findall(" ".join(_forms(message.id))))
        assert set(tags.findall(" ".join(_forms(message.string)))) <= ours


def test_english_is_what_is_written() -> None:
    """English needs no file: its texts are the ones in the pages."""
    assert translations("en").gettext("Find") == "Find"
