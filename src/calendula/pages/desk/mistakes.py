"""What is wrong with a form, in words."""

from collections.abc import Mapping

from calendula.pages.forms import Mistakes
from calendula.pages.languages import marked as _
from calendula.pages.reader import Reader

Sentences = Mapping[str, Mapping[str, str]]
"""By the name of a field and the kind of its mistake; marked for the translators."""

OF_PATIENT: Sentences = {
    "identifier": {"wrong": _("The number must be one line of at most 200 characters.")},
    "phone": {"wrong": _("Enter a telephone number such as +91 22 5550 0100.")},
    "email": {"wrong": _("Enter an e-mail address such as name@example.com.")},
}
"""Of the fields that all forms about a patient have."""


def tell(reader: Reader, mistakes: Mistakes, sentences: Sentences) -> dict[str, str]:
    """Return what a reader is told of each field that is at fault, in the order of the form."""
    kinds = mistakes.kinds
    return {
        field: reader.text(said.get(kinds[field]) or said["wrong"])
        for field, said in sentences.items()
        if field in kinds
    }
