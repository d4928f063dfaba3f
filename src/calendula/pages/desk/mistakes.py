"""What is wrong with a form, in words."""

from collections.abc import Mapping

from calendula.pages.forms import Mistakes
from calendula.pages.reader import Reader

Sentences = Mapping[str, Mapping[str, str]]
"""By the name of a field and the kind of its mistake; marked for the translators."""


def tell(reader: Reader, mistakes: Mistakes, sentences: Sentences) -> dict[str, str]:
    """Return what a reader is told of each field that is at fault, in the order of the form."""
    kinds = mistakes.kinds
    return {
        field: reader.text(said.get(kinds[field]) or said["wrong"])
        for field, said in sentences.items()
        if field in kinds
    }
