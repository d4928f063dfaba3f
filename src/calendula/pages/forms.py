"""What browsers send: forms, read field by field, so that each mistake can be told at its place."""

from collections.abc import Mapping
from typing import Annotated, NamedTuple, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError

from calendula.errors import Invalid

Fields = Mapping[str, str]
_MOST_FIELDS = 500


async def _fields(request: Request) -> Fields:
    """Return the fields of a form that are filled in; raise Invalid for files and repetitions."""
    form = await request.form(max_files=0, max_fields=_MOST_FIELDS)
    fields = {}
    for name, value in form.multi_items():
        if not isinstance(value, str) or name in fields:
            raise Invalid("The form says a thing twice.")
        fields[name] = value.strip()
    return {name: value for name, value in fields.items() if value}


FormFields = Annotated[Fields, Depends(_fields)]
"""The fields of the form that a browser sent, without those that were left empty."""

_Model = TypeVar("_Model", bound=BaseModel)


class Mistakes(NamedTuple):
    """The fields that cannot be taken, each with why: `missing` or `wrong`."""

    kinds: Mapping[str, str]


def read(model: type[_Model], fields: Fields) -> _Model | Mistakes:
    """Return what a form says, or which of its fields are at fault."""
    wanted = {name: fields[name] for name in model.model_fields if name in fields}
    try:
        return model.model_validate(wanted)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        return Mistakes({str(it["loc"][0]): _kind(it["type"]) for it in faults if it["loc"]})


def _kind(fault: str) -> str:
    return "missing" if fault in {"missing", "blank"} else "wrong"
