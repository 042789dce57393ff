"""What is looked at in nuisances and variations before anything is learned."""

from typing import TYPE_CHECKING

from wilks import lazy
from wilks.cli.checks import Findings
from wilks.config import Systematics
from wilks.errors import InputError
from wilks.nuisances import Nuisance, Unselected
from wilks.responses import Variation
from wilks.responses.variation import points_of, warn_if_one_sided, yield_notice

if TYPE_CHECKING:
    from wilks.responses import polynomials
else:
    polynomials = lazy.Module("wilks.responses.polynomials")


def note_nuisances(found: Findings, systematics: Systematics, *, has_responses: bool) -> None:
    """One row for each nuisance."""
    for one in systematics.parameters:
        found.add(f"nuisance {one.name}", f"{one.describe().partition(': ')[2]}; {_response(one, has_responses)}")
    if len(systematics):
        found.numbers["nuisances"] = {
            one.name: {"sigma": one.scale, "auxiliary": one.auxiliary.kind, "is_learned": one.log_ratio is None}
            for one in systematics.parameters
        }


def _response(nuisance: Nuisance, has_responses: bool) -> str:
    if nuisance.is_normalization:
        return f"multiplies the yield by {nuisance.yield_text}"
    if nuisance.log_ratio is not None:
        return "its response is a formula"
    return "its response is learned" if has_responses else "its response is not learned yet: wilks learn-nuisances"


def note_moved_toys(found: Findings, systematics: Systematics) -> None:
    """Apply each transform to the events that toys are drawn from, one sigma up and down.

    Raises:
        InputError: a transform that cannot be used.
    """
    source = systematics.sources.toy_source
    if not isinstance(source, Unselected):
        return
    for one in systematics.parameters:
        if one.transform is not None:
            ratios = [source.yield_ratio([one], {one.name: step * one.scale}) for step in (-1.0, 1.0)]
            text = " and ".join(f"{ratio:.4g}" for ratio in ratios)
            found.add(f"toys moved by {one.name}", f"yield times {text} at -1 and +1 sigma")


def check_variation_set(found: Findings, systematics: Systematics) -> None:
    """Read all variations; whether they belong to the reference, and can determine the responses.

    Raises:
        InputError: one that cannot be used, or too few of a nuisance.
    """
    loaded, names = systematics.loaded, systematics.to_learn
    if not names:
        return
    variations = systematics.variations
    for index, one in enumerate(variations):
        line = loaded.document.position(("variations", index)).line
        _note_variation(found, one, ratio=systematics.yield_ratio(one), line=line)
    for name in names:
        with loaded.located("nuisances", name):
            _require_alone(name, variations)
    points = points_of(names, variations)
    with loaded.located("responses", "order"):
        polynomials.terms_for(names, points, order=loaded.config.responses.order or 1, terms=None)
    warn_if_one_sided(names, points)
    found.numbers["variations"] = [
        {"at": dict(one.values), "n_events": one.sample.n_events, "yield_ratio": systematics.yield_ratio(one)}
        for one in variations
    ]


def _note_variation(found: Findings, one: Variation, *, ratio: float, line: int) -> None:
    found.add(f"variation {one.describe()}", f"{one.sample.n_events:,} events; yield {ratio:.4g} of the reference")
    if text := yield_notice(one, ratio=ratio):
        found.warnings.append(f"line {line}: {text}, or give its expected_events")


def _require_alone(name: str, variations: tuple[Variation, ...]) -> None:
    if not any({moved for moved, value in one.values.items() if value} == {name} for one in variations):
        raise InputError(f"there must be variations that move {name!r} alone, but there are none; add one")
