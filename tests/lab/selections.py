"""Selections of a weight clip that are made up."""

from wilks.search import Search
from wilks.selection import Stage, Trial, WeightClipSelection
from wilks.selection.spread import Spread


def made_up_selection(*, trials: tuple[Trial, ...], fresh: Trial, spread: Spread) -> WeightClipSelection:
    """Of clip 9 for the network (1, 4, 1)."""
    return WeightClipSelection(
        model={"kind": "mlp", "hidden": [4], "weight_clip": 9.0, "activation": "sigmoid"},
        n_parameters=13,
        stages=(Stage(40, 9.0, (8.0, 10.0), (8.0, 10.0), 0.12),),
        trials=trials,
        fresh=fresh,
        efforts=(spread,),
        effort_clip=9.0,
        spread=spread,
        search=Search(),
        tolerance=0.1,
        seed=0,
        fingerprint="0",
    )
