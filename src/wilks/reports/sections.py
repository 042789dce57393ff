"""What a report says about samples, model, fit, toys and versions, as tables."""

import platform
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime

import numpy as np

from wilks.analysis import Analysis
from wilks.campaign import Toys
from wilks.hypotheses import Generator, Null
from wilks.laws import Calibration
from wilks.laws.compatibility import Compatibility, seen_row, seen_title
from wilks.laws.omnibus import TAIL_PROBABILITY, TESTS
from wilks.nuisances import Unselected
from wilks.reports.rendering import NO_LABELS
from wilks.reports.samples import samples_table
from wilks.reports.tables import Table, count, flat_rows, number, setting
from wilks.samples import Sample
from wilks.significance.printing import probability_from_log
from wilks.statistics import Words
from wilks.statistics.fits import FitResult, MemberFit
from wilks.storage import LIBRARIES, installed_version
from wilks.typing import FloatArray


def sample_tables(analysis: Analysis, data: Sample | None) -> tuple[Table, ...]:
    """Where reference, data and toy events come from."""
    samples = {"reference": analysis.reference}
    if data is not None:
        samples["data"] = data
    source = analysis.toy_source
    if isinstance(source, Sample):
        samples["pool of toy events"] = source
    if isinstance(source, Unselected):
        samples["toy events before the selection"] = source.sample
    told = analysis.describe()
    of_source = (told["toy_source"] or {}).get("sample", "")
    known = {"reference": told["reference"], "pool of toy events": of_source}
    note = "" if isinstance(source, Sample | Unselected) else f"Toy events: {_toy_source(analysis)}."
    return (samples_table(samples, digests=known, note=note),)


def model_tables(analysis: Analysis) -> tuple[Table, ...]:
    """Model, standardization and search, or the tolerances of a fit that is no search."""
    maps = analysis.standardization
    inputs = zip(analysis.features, maps.shift, maps.scale, strict=True)
    model = (("model", analysis.model.describe()), ("parameters", str(analysis.n_parameters)))
    settings = {key: value for key, value in analysis.model.to_dict().items() if key != "kind"}
    settings = {key: value for key, value in settings.items() if value is not None}  # what a rule chose, `model` says
    return (
        Table("Model f(x; w)", (*model, *flat_rows(settings))),
        Table(
            "Inputs of the model: (x - shift)/scale",
            tuple((name, number(float(shift)), number(float(scale))) for name, shift, scale in inputs),
            ("feature", "shift", "scale"),
            _standardization_note(analysis),
        ),
        _search_table(analysis),
    )


def _search_table(analysis: Analysis) -> Table:
    settings = asdict(analysis.search)
    if analysis.model.words(is_profiled=bool(analysis.nuisances)).is_searched:
        return Table("Search", flat_rows(settings))
    return Table("Fit", flat_rows({name: settings[name] for name in ("decrement_tolerance", "kkt_tolerance")}))


def fit_tables(fit: FitResult, words: Words | None) -> tuple[Table, ...]:
    """The fit of the data and what certifies its end, in the words of its family; None: the family is not known."""
    rows = (
        ("status", "converged" if fit.converged else "failed", fit.status.message),
        ("t", number(fit.t), "the test statistic"),
        ("τ", number(fit.tau), words.tau if words else ""),
        ("Δ", number(fit.delta), "-2 min L over the nuisance parameters alone; 0 without nuisances"),
        ("Newton decrement", number(fit.newton_decrement), words.decrement if words else "in units of t"),
        ("KKT residual", number(fit.kkt_residual), words.residual if words else ""),
        *(_search_rows(fit) if words is None or words.is_searched else ()),
        ("events", count(fit.n_events), "in the data that were fitted"),
    )
    members = (member_table(fit),) if fit.members else ()
    return (Table("", rows, ("", "value", "meaning")), *members)


def _search_rows(fit: FitResult) -> tuple[tuple[str, str, str], ...]:
    """Of a fit that goes from many starts to the best of many minima in a box."""
    n_bound = round(fit.share_at_bound * fit.params.size) if np.isfinite(fit.share_at_bound) else 0
    return (
        ("parameters at the bound", f"{n_bound} of {fit.params.size}", f"a share of {number(fit.share_at_bound)}"),
        ("starts", str(fit.n_starts), "independent starting points of the search"),
        ("gap of the best two", number(fit.start_gap), "difference in t; near 0 if the best value was found twice"),
    )


def member_table(fit: FitResult) -> Table:
    """The members of a set of kernels."""
    rows = tuple((one.name, number(one.ridge), number(one.t), _local_p(one)) for one in fit.members)
    note = "Local p: by the gamma law of the mean and variance of each score statistic, approximate; toys calibrate t."
    return Table("Members of the set of kernels", rows, ("member", "ridge", "t", "local p"), note)


def _local_p(one: MemberFit) -> str:
    return number(one.p_value) if np.isnan(one.log_p_value) else probability_from_log(one.log_p_value)


def start_values(fit: FitResult) -> str:
    """t of the starts, best first, NaN last."""
    return ", ".join(f"{t:.3f}" if np.isfinite(t) else "failed" for t in np.sort(-fit.start_t) * -1.0)


def null_tables(calibration: Calibration, toys: Toys | None) -> tuple[Table, ...]:
    """The toys, and how they compare with the chi-square if there is one."""
    c = calibration.compatibility
    if c is None:
        return (toy_table(calibration, toys),)
    compared = (compatibility_table(c, dof_source=_dof_source(calibration)), *((seen_table(c),) if c.is_judged else ()))
    return (*compared, toy_table(calibration, toys))


def compatibility_table(c: Compatibility, *, dof_source: str) -> Table:
    """Mean, variance, tail and KS p against the chi-square, each with its error, and the p of all together."""
    tail_error = float(np.sqrt(c.n_toys * TAIL_PROBABILITY * (1.0 - TAIL_PROBABILITY)))
    mean = f"{c.mean_pull:+.1f} errors" if c.is_mean_judged else c.mean_text
    rows = (
        ("mean of t", f"{c.mean:.2f} ± {c.mean_error:.2f}", number(c.degrees_of_freedom), mean),
        (
            "variance/(2 mean)",
            f"{c.variance_ratio:.3f} ± {c.variance_ratio_error:.3f}",
            "1",
            f"{c.variance_ratio_pull:+.1f} errors",
        ),
        (
            f"toys with t ≥ {c.tail_t:.2f}",
            str(c.tail_count),
            f"{c.tail_expected:.1f} ± {tail_error:.1f}",
            f"p = {c.tail_p_value:.2g}",
        ),
        ("Kolmogorov-Smirnov", "", "", f"p = {c.ks_p_value:.2g}"),
        ("all together", "", "", f"p = {c.omnibus_p_value:.2g}"),
    )
    header = ("", "toys", f"chi-square({c.degrees_of_freedom:.4g})", "difference")
    note = (
        f"Degrees of freedom: {dof_source}. All together: the smallest of these p-values, by its rank among simulated "
        "chi-square sets that were treated as the toys were; it decides, at 2 %."
    )
    return Table("Do the toys follow a chi-square?", rows, header, note)


def seen_table(c: Compatibility) -> Table:
    """How often so many toys show a departure."""
    rows = tuple(seen_row(one) for one in c.seen)
    note = "Shares of simulated sets in which a test has p ≤ 5 %: what is seldom shown may well be there."
    return Table("What these toys can show", rows, (seen_title(c.n_valid), *TESTS, "together"), note)


def toy_table(calibration: Calibration, toys: Toys | None, *, reach_z: float | None = None) -> Table:
    """How many toys, of what, and what limits them; ``reach_z`` where it is not that of a count among all of them."""
    summary = calibration.summary
    reasons = "; ".join(f"{n}: {code.message}" for code, n in summary.failures) if summary else ""
    rows = [
        ("toys", count(calibration.n_toys)),
        ("failed", f"{calibration.n_failed}{f' ({reasons})' if reasons else ''}"),
        ("largest Z that they can give", f"{calibration.reach_z if reach_z is None else reach_z:.2f}"),
    ]
    if summary is None:
        rows.append(("origin", "bare values of t: their analysis and hypothesis are not known"))
    else:
        low, high = summary.n_events_range
        overlap = summary.overlap_z_error
        rows += [
            ("hypothesis", _hypothesis(summary.hypothesis)),
            ("events per toy", f"{count(low)} to {count(high)}"),
            (
                "common error of Z from a finite pool",
                "none: every toy is drawn anew" if overlap is None else number(overlap),
            ),
            ("fingerprint of their analysis", summary.fingerprint),
        ]
    return Table("Toys", (*rows, *(_campaign_rows(toys) if toys is not None else ())))


def reproduction_table(fingerprint: str | None, *, more: Mapping[str, str] = NO_LABELS) -> Table:
    """What was asked for, if that is known, fingerprint, versions, platform and time."""
    rows = [*more.items(), ("fingerprint of the analysis", fingerprint or "not known: bare values of t")]
    rows += [(name, installed_version(name)) for name in LIBRARIES]
    rows += [("Python", platform.python_version()), ("platform", platform.platform())]
    rows.append(("report written", datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")))
    return Table("", tuple(rows), note="Equal fingerprints mean equal reference, features, model, box and search.")


def _dof_source(calibration: Calibration) -> str:
    if calibration.is_estimated_dof:
        return "the mean of these toys"
    of_model = calibration.summary.degrees_of_freedom if calibration.summary else None
    return "the number of parameters of the model" if calibration.degrees_of_freedom == of_model else "given by hand"


def _hypothesis(hypothesis: object) -> str:
    if not isinstance(hypothesis, Null):
        return str(hypothesis)
    events = "a Poisson number of events" if hypothesis.n_events is None else f"{count(hypothesis.n_events)} events"
    return f"null hypothesis, {events} in each toy"


def _toy_source(analysis: Analysis) -> str:
    source = analysis.toy_source
    if isinstance(source, Generator):
        return f"drawn by {source.name}, version {source.version}"
    return "none given with the analysis" if source is None else setting(source)


def _standardization_note(analysis: Analysis) -> str:
    if bool(np.all(analysis.standardization.shift == 0.0) and np.all(analysis.standardization.scale == 1.0)):
        return "Features enter as they are."
    return "Fixed with the analysis, before the data were seen."


def _campaign_rows(toys: Toys) -> tuple[tuple[str, str], ...]:
    done = np.isfinite(toys.t)
    rows = [("seed", str(toys.seed))]
    if done.any():
        rows += [
            (
                "largest Newton decrement, KKT residual",
                f"{toys.newton_decrement[done].max():.2g}, {toys.kkt_residual[done].max():.2g}",
            ),
            ("median gap of the best two starts", _median_gap(toys.start_gap[done])),
            ("computing time", f"{np.nansum(toys.seconds):,.0f} s on one core"),
        ]
    return tuple(rows)


def _median_gap(gaps: FloatArray) -> str:
    """The median over toys with two starts or more; a gap needs two."""
    known = gaps[np.isfinite(gaps)]
    return number(float(np.median(known))) if known.size else "only one start"
