"""How pages are written."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from calendula.pages import assets, languages


@cache
def environment(code: str) -> Environment:
    """Return the environment that renders the pages in a language."""
    found = Environment(
        loader=PackageLoader("calendula.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    spoken = languages.translations(code)
    found.install_gettext_translations(spoken, newstyle=True)  # type: ignore[attr-defined]
    found.filters["dialled"] = _dialled
    found.globals["asset"] = assets.path
    found.globals["languages"] = languages.LANGUAGES
    return found


def _dialled(phone: str) -> str:
    """Return a telephone number as programs dial it (RFC 3966), from how people write it."""
    return "".join(it for it in phone if it in "+0123456789")
