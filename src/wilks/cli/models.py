"""wilks models: the data tested with the model of the file and with others, on the same toys."""

import contextlib

import click

from wilks.campaign import LocalProcesses, Toys
from wilks.cli.options import analysis_argument, json_option, module_folder_option, processes_option
from wilks.cli.places import MODELS
from wilks.cli.prepare import Prepared, claim_output, prepare, require_toy_source
from wilks.cli.progress import progress
from wilks.cli.session import Session
from wilks.cli.toys import finished_toys
from wilks.config import load_config
from wilks.config.schema import OWN_MODEL
from wilks.errors import ConfigError
from wilks.models import ModelTable, model_table
from wilks.statistics import Statistic
from wilks.statistics.fits import FitResult
from wilks.storage import load, save, saved_kinds

_RESULT, _TOYS = "table", "toys"


@click.command("models", short_help="Test the data with several models on the same toys, in one table.")
@analysis_argument
@processes_option
@module_folder_option
@json_option
def models(analysis_file: str, processes: int | None, as_json: bool) -> None:
    """t, p, Z and seconds of `model` and of each of `models` of the file, on the same data and the same toys.

    The smallest of several p-values is none: a corrected one is given, from the joint distribution in the toys. An
    interrupted run goes on where it stopped.
    """
    session = Session("models", as_json=as_json)

    def work() -> None:
        prepared = prepare(session, load_config(analysis_file).with_processes(processes), with_data=True)
        if not prepared.loaded.config.models:
            raise ConfigError(
                prepared.loaded.document.message(
                    (), "`models` must name other models beside `model`; add models: {bins: {histogram: {}}}"
                )
            )
        require_toys_of_models(prepared)
        claim_output(session, prepared)
        models_step(session, prepared, made=finished_toys(prepared))

    session.run(work)


def require_toys_of_models(prepared: Prepared) -> None:
    """Raise ConfigError where the file has other models and no toys for them, or one that is refused."""
    if not prepared.loaded.config.models:
        return
    require_toy_source(prepared)
    _given(prepared)
    if not prepared.loaded.config.toys.n_toys:
        raise ConfigError(
            prepared.loaded.document.message(
                ("models",), "several models are compared on toys, but toys.n_toys is 0; give a number, such as 1000"
            )
        )


def models_step(session: Session, prepared: Prepared, *, made: Toys | None) -> ModelTable:
    """Make the toys of every model that are not there, test the data, print the table and keep it."""
    toys, folder = prepared.loaded.config.toys, prepared.output / MODELS
    session.interrupted = f"interrupted; the finished toys are kept in {folder}: the same command goes on"
    session.note(f"testing {1 + len(prepared.loaded.config.models)} models on the same toys")
    assert prepared.data is not None
    with contextlib.ExitStack() as stack:
        reporter = stack.enter_context(progress(session.notes))
        workers = None if toys.processes is None else stack.enter_context(LocalProcesses(toys.processes))
        stack.enter_context(prepared.loaded.located("models"))
        found = model_table(
            prepared.analysis,
            prepared.data,
            models=_given(prepared),
            n_toys=toys.n_toys,
            seed=toys.seed,
            auxiliaries=prepared.observed,
            made=() if made is None else (made,),
            store=folder / _TOYS,
            executor=workers,
            progress=reporter,
        )
    save(found, folder / _RESULT, is_replacing=True)
    session.say(str(found))
    session.outcome.numbers["models"] = found.to_dict()
    session.outcome.files["models"] = str(folder / _RESULT)
    return found


def stored_models(prepared: Prepared, fit: FitResult) -> ModelTable | None:
    """The table in the output folder, if it is that of the models of the file, and of the data of this fit."""
    folder = prepared.output / MODELS / _RESULT
    if not prepared.loaded.config.models or not saved_kinds(folder):
        return None
    found: ModelTable = load(folder)
    wanted = {name: model.to_dict() for name, model in _given(prepared).items()}
    is_wanted = {one.name: dict(one.options) for one in found.rows} == wanted
    return found if is_wanted and found.is_of(fit) else None


def _given(prepared: Prepared) -> dict[str, Statistic]:
    """The model of the file and the others, by name."""
    config, found = prepared.loaded.config, {}
    for name, section in {OWN_MODEL: config.model, **config.models}.items():
        place = ("model",) if name == OWN_MODEL else ("models", name)
        with prepared.loaded.located(*place):
            found[name] = section.build()
    return found
