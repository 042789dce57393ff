"""Toys as long as the time of a scan lasts, counted in the seconds that toys say they took."""

from dataclasses import dataclass, field

import numpy as np

from wilks.analysis import Analysis
from wilks.campaign import Toys
from wilks.documents import canonical_json
from wilks.hypotheses import Hypothesis
from wilks.selection.trials import MakeToys

_N_PROBED, _FEW = 4, 10


class OutOfBudgetError(Exception):
    """More toys would take longer than what is left."""


@dataclass
class Budget:
    """Makes toys with ``make`` until ``seconds`` of one core are spent.

    The time is what each toy says that it took, which is kept with it: a scan that goes on decides as it did before.
    How long more toys will take is known from those of the same model and search, the first four of which are a probe,
    whose quickest one had nothing to compile.
    """

    make: MakeToys
    seconds: float
    spent: float = 0.0
    _counted: dict[str, int] = field(default_factory=dict)
    _paces: dict[str, float] = field(default_factory=dict)

    def __call__(self, analysis: Analysis, hypothesis: Hypothesis, *, n_toys: int, seed: int) -> Toys:
        """Toys as `MakeToys` says.

        Raises:
            OutOfBudgetError: they would take too long.
        """
        pace = _pace_key(analysis)
        if pace not in self._paces:
            self._require(0.0, "the time was spent")
            self._made(analysis, hypothesis, n_toys=min(_N_PROBED, n_toys), seed=seed)
        n_new = n_toys - self._counted.get(_campaign_key(analysis, hypothesis, seed), 0)
        wanted = max(n_new, 0) * self._paces[pace]
        if n_new > 0:
            self._require(
                wanted, f"{n_new} more toys of {self._paces[pace]:.2g} s would take longer than what was left"
            )
        return self._made(analysis, hypothesis, n_toys=n_toys, seed=seed)

    def _made(self, analysis: Analysis, hypothesis: Hypothesis, *, n_toys: int, seed: int) -> Toys:
        toys, key = self.make(analysis, hypothesis, n_toys=n_toys, seed=seed), _campaign_key(analysis, hypothesis, seed)
        seconds = toys.seconds[:n_toys]
        self.spent += float(np.sum(seconds[self._counted.get(key, 0) :]))
        self._counted[key] = max(n_toys, self._counted.get(key, 0))
        self._paces[_pace_key(analysis)] = float(np.min(seconds) if n_toys < _FEW else np.median(seconds))
        return toys

    def _require(self, seconds: float, why: str) -> None:
        if self.spent + seconds >= self.seconds:
            raise OutOfBudgetError(why)


def _pace_key(analysis: Analysis) -> str:
    model = {name: value for name, value in analysis.model.to_dict().items() if name != "weight_clip"}
    return canonical_json({"model": model, "n_starts": analysis.search.n_starts})


def _campaign_key(analysis: Analysis, hypothesis: Hypothesis, seed: int) -> str:
    return canonical_json({"of": analysis.fingerprint(), "hypothesis": hypothesis.to_dict(), "seed": seed})
