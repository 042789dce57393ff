"""Templates of pages, and what they make of their content."""

from collections.abc import Mapping
from types import MappingProxyType

from jinja2 import Environment, PackageLoader, StrictUndefined

from wilks.reports.tables import is_unbroken
from wilks.storage import installed_version
from wilks.wording import printable

NO_LABELS: Mapping[str, str] = MappingProxyType({})


def _shown(value: object) -> object:
    """Text without characters that no page may hold; markup comes from templates alone, which then escape the rest."""
    return printable(value) if type(value) is str else value


def environment(package: str) -> Environment:
    """Templates of a package, whose values are all escaped; ``wilks_version`` is known to all of them."""
    made = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["wilks_version"] = installed_version()
    return made


_ENVIRONMENT = environment("wilks.reports")
_ENVIRONMENT.tests["unbroken"] = is_unbroken


def render(template: str, **content: object) -> str:
    """A page as text; every value is escaped."""
    return _ENVIRONMENT.get_template(template).render(content)
