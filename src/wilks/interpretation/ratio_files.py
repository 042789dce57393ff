"""The fitted f as a file that any program can evaluate: plain numbers, and no code.

One JSON document with ``kind`` "learned_ratio", the number of its layout, ``schema_version``, and the SHA-256 of all
the rest, ``digest``. ``parts`` has one entry for each region, of which there is one as a rule: its ``features`` in
order, the ``shift`` and ``scale`` by which they are standardized, ``reach``, where standardized values end on either
side (null: nowhere), and ``f`` of what results, in one of these forms.

``network``
    a_0 = x, a_l = activation(W_l a_{l-1} + b_l), f = W_L a_{L-1} + b_L with ``layers`` of ``weights`` W (outputs,
    inputs) and ``biases`` b; ``activation`` is sigmoid 1/(1 + e^-z), tanh, softplus log(1 + e^z) or silu z/(1 + e^-z).
``gaussians``
    f = sum_m a_m exp(max(-|x - z_m|^2 / (2 width^2), -200)) over all ``centers`` z, with their ``coefficients`` a, of
    all ``groups`` of one ``width``.
``grid``
    f is ``values``[k] in cell k of the products of intervals between ``edges`` of each feature, the last feature
    running fastest, and 0 outside; an interval holds its lower edge, the last its upper edge too.
``tree``
    begin at cut 0 and go to ``below`` where x[feature] < cut, else to ``above``: another cut, or -1 - k for
    ``values``[k]; without cuts f is the one value there is.
``zero``
    f = 0.

Infinite numbers stand as "inf" and "-inf". `wilks.interpretation.load_ratio` reads it with NumPy alone.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from wilks.analysis import Analysis
from wilks.interpretation.learned import require_own
from wilks.samples import Standardization
from wilks.statistics import Statistic
from wilks.statistics.fits import FitResult
from wilks.statistics.regions import Regions
from wilks.storage import Folder, as_path, installed_version, write_document
from wilks.typing import FloatArray, require_kind

KIND, SCHEMA_VERSION = "learned_ratio", 1


def ratio_document(analysis: Analysis, *, fit: FitResult) -> dict[str, Any]:
    """The fitted f, of all regions where there are several, as plain values.

    Args:
        analysis: what the fit was made with.
        fit: of it, whether or not it converged.

    Raises:
        InputError: a fit of another analysis; a model whose f has no form that other programs read.
    """
    require_kind(analysis, Analysis, name="analysis")
    require_own(analysis, fit)
    return {
        "kind": KIND,
        "schema_version": SCHEMA_VERSION,
        "written_by": f"wilks {installed_version()}",
        "fingerprint": fit.fingerprint,
        "t": fit.t if np.isfinite(fit.t) else None,
        "model": analysis.model.describe(),
        "nuisances": {one.name: one.value for one in fit.nuisances},
        "delta_nuisances": {one.name: one.value for one in fit.delta_nuisances},
        "parts": list(_parts(analysis, fit.params)),
    }


def write_ratio(analysis: Analysis, path: Folder, *, fit: FitResult) -> None:
    """Write `ratio_document` to a JSON file, which `load_ratio` reads back and evaluates.

    Args:
        analysis: what the fit was made with.
        path: of the file; one that is there is replaced.
        fit: of it.

    Raises:
        InputError: as `ratio_document`.
    """
    write_document(as_path(path), ratio_document(analysis, fit=fit))


def _parts(analysis: Analysis, params: FloatArray) -> Iterator[dict[str, Any]]:
    model = analysis.model
    if not isinstance(model, Regions):
        yield _part("", analysis.features, model, params, analysis.standardization)
        return
    for k, (name, features) in enumerate(zip(model.names, model.features, strict=True)):
        yield _part(name, features, model.models[k], model.region_params(params, k), model.maps[k])


def _part(
    region: str, features: tuple[str, ...], model: Statistic, params: FloatArray, standardization: Standardization
) -> dict[str, Any]:
    reach = standardization.reach
    return {
        "region": region,
        "features": list(features),
        **standardization.to_dict(),
        "reach": reach if np.isfinite(reach) else None,
        "f": model.portable(params),
    }
