"""The engine of networks of several regions: each region is searched by itself, and all descend together from there."""

import numpy as np

from wilks.problem import Problem
from wilks.statistics.fits import Data
from wilks.statistics.network.engine import NetworkEngine
from wilks.statistics.regions.networks import NetworkRegions
from wilks.statistics.regions.together import nuisances_of_regions
from wilks.typing import FloatArray


class RegionNetworkEngine(NetworkEngine):
    """Fits of all regions together.

    The best minimum of the sum is, without nuisances, the sum of the best minima, which a search over the parameters of
    all regions would have to hit at once. So one of the starting points is made of the best fit of each region with the
    nuisances that it has.

    Args:
        problem: of the rows of all regions.
        model: f of each.
    """

    def __init__(self, problem: Problem, model: NetworkRegions) -> None:
        super().__init__(problem, model)
        self._regions, nuisances = model, nuisances_of_regions(problem.nuisances, model.layout.n_regions)
        problems = zip(model.problems(problem), nuisances, strict=True)
        own = [Problem(one.reference, one.standardization, told, one.search) for one, told in problems]
        self._alone = [(k, NetworkEngine(own[k], network)) for k, network in model.networks]

    def seeds(self, data: Data) -> FloatArray:
        names, best = self.problem.nuisances.names, []
        for k, engine in self._alone:
            places = [names.index(name) for name in engine.problem.nuisances.names]
            own = Data(self._regions.layout.own(k, data.events), np.asarray(data.observed)[places])
            best.append(engine.fit([own])[0].params)
        return np.concatenate(best)[None]
