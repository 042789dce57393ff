"""wilks learn-nuisances: responses of the nuisances, learned from varied samples and checked on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from wilks import plots, responses
from wilks.cli.learned import Learned, save_learned
from wilks.cli.options import analysis_argument, json_option, style_options
from wilks.cli.outcome import ExitCode
from wilks.cli.places import ANALYSIS, CLOSURE, LEARNED, RESPONSES, STUDY
from wilks.cli.prepare import Prepared, note_variations, prepare, show_check, with_responses
from wilks.cli.session import Session
from wilks.config import load_config
from wilks.config.nuisance_sections import ResponsesConfig
from wilks.errors import InputError, StoreError
from wilks.nuisances import Nuisance, Nuisances
from wilks.samples import Sample
from wilks.storage import save, whole_file


@click.command("learn-nuisances", short_help="Learn the responses of the nuisances from varied samples.")
@analysis_argument
@style_options
@click.option("--accept-poor", is_flag=True, help="Go on with a response that does not reproduce the variations.")
@json_option
def learn_nuisances(analysis_file: str, accept_poor: bool, as_json: bool) -> None:
    """Study how the reference depends on its nuisances, learn log r(x; nu), and check it on all variations."""
    session = Session("learn-nuisances", as_json=as_json)

    def work() -> None:
        prepared = prepare(
            session, load_config(analysis_file), with_data=False, needs_responses=False, may_learn_again=True
        )
        _require_something_to_learn(prepared)
        if prepared.learned is not None and not prepared.learned.changed:
            session.output = prepared.output
            _repeat(session, prepared, prepared.learned)
            return
        _require_unclaimed(prepared)
        note_variations(prepared)
        show_check(session, prepared)
        learn_step(session, prepared, accept_poor=accept_poor)

    session.run(work)


def learn_step(session: Session, prepared: Prepared, *, accept_poor: bool = False) -> Prepared | None:
    """Learn and check the responses; None, with exit code 4, if they are poor and not accepted."""
    session.output = prepared.output
    session.interrupted = "interrupted; no response was written"
    config, reference = prepared.loaded.config.responses, prepared.analysis.reference
    parameters, variations = prepared.systematics.parameters, prepared.systematics.variations
    with prepared.loaded.located("responses"):
        study = responses.study_responses(reference, parameters, variations=variations)
        session.say(str(study))
        order = study.order if config.order is None else config.order
        chosen = study.training(variations) if config.order is None else variations
        session.note(f"learning the responses of {', '.join(study.order)} from {len(chosen)} variations")
        learned = _learn(reference, parameters, chosen, config, order=order)
        closure = responses.check_responses(reference, learned, variations=variations)
    _show_closure(session, closure)
    numbers = {"order": order, "trained_at": [dict(one.values) for one in chosen]}
    numbers |= {"study": study.to_dict(), "closure": closure.to_dict()}
    session.outcome.numbers["responses"] = numbers
    found: dict[str, responses.ResponseStudy | responses.Closure] = {STUDY: study, CLOSURE: closure}
    _keep(session, prepared.output / RESPONSES, found, labels=prepared.loaded.config.labels)
    if not _passes(session, closure, is_accepted=accept_poor or config.accept_poor):
        return None
    is_poor = not closure.is_good
    path = save_learned(prepared.output, prepared.systematics, learned, is_poor=is_poor, numbers=numbers)
    session.outcome.files["nuisances"] = str(path)
    session.say(f"The responses are in {path}; the figures in {prepared.output / RESPONSES}.")
    return with_responses(prepared, Learned(learned, is_poor, numbers, ()))


def _learn(
    reference: Sample,
    parameters: Sequence[Nuisance],
    variations: Sequence[responses.Variation],
    config: ResponsesConfig,
    *,
    order: int | dict[str, int],
) -> Nuisances:
    """In bins, or with networks; poor ones are judged later, on all variations."""
    if config.bins:
        return responses.bin_responses(
            reference,
            parameters,
            variations=variations,
            edges=config.bins,
            order=order,
            yields_from_samples=config.yields_from_samples,
            accept_poor=True,
        )
    hidden = None if config.hidden is None else tuple(config.hidden)
    return responses.learn_responses(
        reference,
        parameters,
        variations=variations,
        order=order,
        inputs=config.inputs,
        seed=config.seed,
        training=responses.Training(hidden=hidden, n_networks=config.n_networks, activation=config.activation),
        yields_from_samples=config.yields_from_samples,
        accept_poor=True,
    )


def _show_closure(session: Session, closure: responses.Closure) -> None:
    session.say("\nThe reference times r(x; nu) against the variations")
    session.say(str(closure))
    for name in closure.names:
        session.say(f"{name}: p = {closure.p_value(name):.3g} that its variations come from this response.")


def _keep(
    session: Session,
    folder: Path,
    found: Mapping[str, responses.ResponseStudy | responses.Closure],
    *,
    labels: Mapping[str, str],
) -> None:
    """Save the study and the closure, for `wilks figures`, and draw them."""
    figures: dict[str, Callable[[], Any]] = {}
    for place, one in found.items():
        save(one, folder / place, is_replacing=True)
        figures |= plots.figures_of(one, labels=labels)
    try:
        for name, draw in figures.items():
            path = folder / f"{name}.png"
            if content := _png(session, name, draw):
                with whole_file(path) as file:
                    file.write(content)
                session.outcome.files[name] = str(path)
    except OSError as error:
        raise StoreError(
            f"figures must be written to {folder}, but: {error.strerror}; give another `output`"
        ) from error


def _png(session: Session, name: str, draw: Callable[[], Any]) -> bytes:
    """The figure as PNG; empty, with a warning, where it cannot be drawn."""
    try:
        return plots.to_png(draw())
    except Exception as error:  # whatever a drawing library meets: one figure is no reason to end
        session.warn(f"the figure {name} could not be drawn ({type(error).__name__}: {error})")
        return b""


def _passes(session: Session, closure: responses.Closure, *, is_accepted: bool) -> bool:
    """Whether to go on; the warning says what is poor."""
    if closure.is_good:
        return True
    places = "; ".join(
        ", ".join(f"{name} = {value:g}" for name, value in row.values.items()) for row in closure.poor_rows
    )
    text = f"the responses do not reproduce the variations at {places}"
    if is_accepted:
        session.outcome.warn(f"{text}, and were accepted nonetheless")
        session.say(f"Warning: {session.outcome.warnings[-1]}.")
        return True
    session.outcome.warn(
        f"{text}. No response was written. Give a higher responses.order or variations nearer to 0, larger samples, "
        "other networks or responses.inputs; or go on with --accept-poor"
    )
    session.say(f"Warning: {session.outcome.warnings[-1]}.")
    session.outcome.end_with(ExitCode.QUALITY_GATE)
    return False


def _repeat(session: Session, prepared: Prepared, learned: Learned) -> None:
    """Responses that are there, learned from the same: nothing to do."""
    numbers: dict[str, Any] = dict(learned.numbers)
    session.outcome.numbers["responses"] = numbers
    session.outcome.files["nuisances"] = str(prepared.output / LEARNED)
    session.say(
        f"The responses in {prepared.output / LEARNED} were learned from these samples already; delete the file to "
        "learn them again."
    )
    for name, p_value in numbers["closure"]["p_values"].items():
        session.say(f"{name}: p = {p_value:.3g} that its variations come from this response.")


def _require_something_to_learn(prepared: Prepared) -> None:
    if not prepared.systematics.to_learn:
        raise InputError(
            prepared.loaded.document.message(
                ("nuisances",),
                "there must be a nuisance whose response is learned, but all have a formula or there is none; go on "
                "with `wilks calibrate`",
            )
        )


def _require_unclaimed(prepared: Prepared) -> None:
    if (prepared.output / ANALYSIS).exists():
        changed = ", ".join(prepared.learned.changed) if prepared.learned is not None else "the responses"
        raise StoreError(
            f"the output folder {prepared.output} must be free for new responses, but it holds an analysis with others "
            f"and what was made with it. What differs: {changed}. Nothing was overwritten; give another `output`, or "
            "delete that folder"
        )
