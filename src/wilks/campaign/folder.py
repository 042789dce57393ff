"""A store of toys in the folder of a campaign."""

import json
import sys
import sysconfig
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow

from wilks.analysis import Analysis
from wilks.campaign.ledger import DAMAGED, FAILED, JOBS, OWNER, PLAN, PLAN_VERSION, PROGRESS, SHARDS, Ledger
from wilks.campaign.shrink import ASIDE
from wilks.campaign.store import ToyStore
from wilks.campaign.table import ToyRow
from wilks.documents import differences
from wilks.errors import StoreError
from wilks.functions import NamedFunction
from wilks.hypotheses import Generator, Hypothesis, require_hypothesis
from wilks.nuisances import behavior, sources
from wilks.storage import LIBRARIES, as_path, installed_version, load

_HYPOTHESIS, _ANALYSIS = "hypothesis", "analysis"


class FolderStore(ToyStore):
    """Toys of one analysis, hypothesis and seed in a folder: a campaign, with all that its toys need.

    Args:
        folder: new, empty, or of the same analysis, hypothesis and seed.
        keep_params: whether rows keep the params of their fit; None: as the folder says, or yes.

    Attributes:
        ledger: the plan and the files.

    Raises:
        StoreError: the folder is of other toys (what differs is named), holds other files, or cannot be written.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        analysis: Analysis,
        hypothesis: Hypothesis,
        seed: int,
        keep_params: bool | None = None,
    ) -> None:
        require_hypothesis(hypothesis)
        self.folder = as_path(folder)
        self.analysis, self.hypothesis, self.seed = analysis, hypothesis, seed
        values = (analysis.describe(), hypothesis.to_dict(), seed, analysis.fingerprint())
        # Through JSON and back, so that a tuple equals a list.
        owner = json.loads(json.dumps(dict(zip(OWNER, values, strict=True))))
        if not (self.folder / PLAN).exists():
            self._begin(owner, keep_params=keep_params is not False)
        self.ledger = Ledger.open(self.folder)
        _require_same(self.ledger, owner, keep_params)
        if self.ledger.functions:
            behavior.require_same_functions(self.ledger.functions, self._function_values(), place=self.folder)

    @classmethod
    def open(cls, folder: str | Path, *, load_analysis: Callable[[Path, str], Analysis] | None = None) -> "FolderStore":
        """The campaign that lies in ``folder``, with its analysis and hypothesis.

        ``load_analysis`` may replace `Analysis.load`: it gets the folder of the analysis and its fingerprint.

        Raises:
            StoreError: none lies there.
        """
        path = as_path(folder)
        document = Ledger.open(path).document
        try:
            seed, fingerprint = int(document["seed"]), str(document["fingerprint"])
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"{path / PLAN} must say what toys these are, but cannot be read ({type(error).__name__}: {error})"
            ) from error
        analysis = load_analysis(path / _ANALYSIS, fingerprint) if load_analysis else Analysis.load(path / _ANALYSIS)
        return cls(path, analysis=analysis, hypothesis=load(path / _HYPOTHESIS), seed=seed)

    @property
    def module_folders(self) -> list[str]:
        """Where this process has the modules of generators and other functions from that are not installed."""
        return _module_folders(
            [
                *sources.generators_of(self.analysis.toy_source),
                *self.hypothesis.sources.values(),
                *self.analysis.nuisances.functions,
            ]
        )

    def _function_values(self) -> dict[str, list[float]]:
        """What the functions of the analysis do, and the generators of the hypothesis."""
        n_features, found = len(self.analysis.features), dict(self.analysis.function_values)
        for role, source in self.hypothesis.sources.items():
            if isinstance(source, Generator):
                nu = {} if role == "signal" else self.hypothesis.nuisances
                found |= behavior.generator_values(source, n_features=n_features, nu=nu)
        return found

    def write(self, rows: Sequence[ToyRow]) -> None:
        self.ledger.write(rows)

    def table(self) -> pyarrow.Table:
        return self.ledger.table()

    def _begin(self, owner: Mapping[str, Any], *, keep_params: bool) -> None:
        if self.folder.exists() and not _is_free(self.folder):
            raise StoreError(
                f"toys must go to a new or empty folder, but {self.folder} holds other things; choose another"
            )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.hypothesis.save(self.folder / _HYPOTHESIS)
            self.analysis.save(self.folder / _ANALYSIS)
        except OSError as error:
            raise StoreError(f"toys cannot be written to {self.folder}: {error.strerror or error}") from error
        document = {
            "schema_version": PLAN_VERSION,
            "description": self.hypothesis.describe(),
            "n_parameters": self.analysis.n_parameters,
            "is_penalized": self.analysis.model.is_penalized,
            **owner,
            "extents": [],
            "keep_params": keep_params,
            **({"functions": values} if (values := self._function_values()) else {}),
            "module_folders": self.module_folders,
            "versions": {name: installed_version(name) for name in LIBRARIES},
        }
        Ledger(self.folder, document).save()


def _is_free(folder: Path) -> bool:
    """Whether there is nothing but what a beginning leaves behind that was interrupted, or makes at this moment."""
    own = {_HYPOTHESIS, _ANALYSIS, PLAN, SHARDS, PROGRESS, FAILED, DAMAGED, JOBS, ASIDE}
    return folder.is_dir() and all(x.name in own or x.suffix == ".partial" for x in folder.iterdir())


def _module_folders(sources: Iterable[object]) -> list[str]:
    """Where the modules of generators and other functions lie that are neither installed nor of this package."""
    installed = {Path(path).resolve() for name, path in sysconfig.get_paths().items() if name.endswith("lib")}
    found = []
    for name in {source.name for source in sources if isinstance(source, Generator | NamedFunction)}:
        top = name.partition(":")[0].partition(".")[0]
        file = getattr(sys.modules.get(top), "__file__", None)
        if file and top != "wilks":
            path = Path(file).resolve()
            folder = path.parents[1] if path.stem == "__init__" else path.parent
            if not any(folder.is_relative_to(other) for other in installed):
                found.append(str(folder))
    return sorted(found)


def _require_same(ledger: Ledger, owner: Mapping[str, Any], keep_params: bool | None) -> None:
    # The fingerprint says nothing that the description of the analysis does not.
    found = [name for name in differences(ledger.owner, owner) if name != "fingerprint"]
    if keep_params is not None and ledger.keep_params != keep_params:
        found.append("keep_params")
    if found:
        raise StoreError(
            f"the toys in {ledger.folder} are of another analysis, hypothesis or seed: {', '.join(found)} differ; "
            "choose a new folder, nothing was overwritten"
        )
