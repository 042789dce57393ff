"""select_weight_clip with real toys, of the network of two neurons that all families are tested beside.

Where toys are made again, their fits are made up in `make test`.
"""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import wilks
from wilks.problems import exponential
from wilks.selection import WeightClipSelection, select_weight_clip
from wilks.selection import selecting as front
from wilks.selection.trials import JUDGING, toy_seed
from wilks.statistics.fits import FitResult

from tests.lab.made_up_fits import FITTED, fits_of_chi_square

OPTIONS = {"n_toys": (20,), "n_spread": 4, "most_starts": 2, "seed": 5}


def analysis_of(source: object = exponential.BACKGROUND, **changes: object) -> wilks.Analysis:
    settings = {
        "reference": wilks.Sample(np.random.default_rng(0).exponential(size=600), features=["x"]),
        "model": wilks.MLP(hidden=(2,), weight_clip=4.0),
        "expected_events": 100,
        "toy_source": source,
        "search": wilks.Search(n_starts=2),
    }
    return wilks.Analysis(**settings | changes)


def selected(place: Path) -> WeightClipSelection:
    with ThreadPoolExecutor(1) as here:
        return select_weight_clip(analysis_of(), store=place, executor=here, **OPTIONS)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("selection")


@pytest.fixture(scope="module")
def found(place: Path) -> WeightClipSelection:
    return selected(place)


@pytest.fixture(params=["made up", pytest.param("fitted", marks=pytest.mark.nightly)])
def repeated(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, fit_of: Callable[..., FitResult]
) -> Iterator[tuple[WeightClipSelection, Path]]:
    """A selection and its folder, while the same fits can be had again."""
    if request.param == "fitted":
        yield request.getfixturevalue("found"), request.getfixturevalue("place")
        return
    place = tmp_path_factory.mktemp("made-up")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FITTED, fits_of_chi_square(fit_of, clip=3.0))
        yield selected(place), place


def test_the_chosen_analysis_differs_in_clip_and_search_alone(found) -> None:
    begun, chosen = analysis_of().describe(), found.analysis.describe()
    assert {name for name in begun if begun[name] != chosen[name]} == {"model"}
    assert chosen["model"] == begun["model"] | {"weight_clip": found.weight_clip}
    assert found.fingerprint == found.analysis.fingerprint() == found.applied_to(analysis_of()).fingerprint()
    low, high = found.interval
    assert low < found.weight_clip < high and found.n_parameters == 7


def test_fresh_toys_are_those_of_any_campaign_with_this_seed(found) -> None:
    """t is a function of (analysis, data): nothing of the selection is in it."""
    alone = wilks.campaign.toys_here(found.analysis, wilks.Null(), n_toys=20, seed=toy_seed(5, JUDGING))
    valid = alone.t[np.isfinite(alone.t)]
    assert found.fresh.compatibility.mean == pytest.approx(valid.mean(), rel=1e-12)
    assert found.fresh.weight_clip == found.weight_clip and found.fresh.compatibility.n_toys == 20


def test_it_is_said_in_words(found) -> None:
    text = str(found)
    assert text.startswith(f"Weight clip {found.weight_clip:g}, interval ")
    for phrase in ("20 toys (tolerance 0.05)", "Fresh toys, which chose nothing: ", "Spread: two seeds", "2 starts"):
        assert phrase in text
    assert ("the search stays at 2 starts" in text) == (not found.efforts[-1].is_small)
    assert any("kernels" in one for one in found.warnings) == (not found.is_stable)


def test_the_same_call_makes_no_toy_again(found, place, monkeypatch) -> None:
    monkeypatch.setattr("wilks.campaign.shard.fit_together", lambda *arguments: pytest.fail("a fit"))
    with ThreadPoolExecutor(1) as here:
        again = select_weight_clip(analysis_of(), store=place, executor=here, **OPTIONS)
    assert again.to_document() == found.to_document()


def test_it_goes_on_where_it_was_interrupted(repeated, tmp_path) -> None:
    """In the last campaigns, where the first ones are finished."""
    found, place = repeated
    campaigns = sorted(place.iterdir(), key=lambda campaign: (campaign / "campaign.json").stat().st_mtime_ns)
    for campaign in campaigns[:-2]:
        shutil.copytree(campaign, tmp_path / campaign.name)
    n_left = []

    def stop(done: int, total: int) -> None:
        n_left.append(total - done)
        if sum(n > 0 for n in n_left) == 3:
            raise KeyboardInterrupt

    with ThreadPoolExecutor(1) as here:
        options = OPTIONS | {"store": tmp_path, "executor": here}
        with pytest.raises(KeyboardInterrupt):
            select_weight_clip(analysis_of(), progress=stop, **options)
        assert len(list(tmp_path.iterdir())) == len(campaigns) - 1
        assert without_times(select_weight_clip(analysis_of(), **options)) == without_times(found)


def test_a_function_of_this_process_is_used_here(repeated) -> None:
    found, _ = repeated

    def draw(rng, n, nuisances):
        return exponential.background(rng, n, nuisances)

    here = without_times(select_weight_clip(analysis_of(draw), **OPTIONS))
    assert here["fresh"] == without_times(found)["fresh"] and here["stages"] == without_times(found)["stages"]


def test_it_is_saved_and_read_back(found, tmp_path) -> None:
    found.save(tmp_path / "selection")
    read = wilks.load(tmp_path / "selection")
    assert str(read) == str(found) and read.to_dict() == found.to_dict() and read.analysis is None
    assert read.applied_to(analysis_of()).fingerprint() == found.fingerprint


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_toys": (40, 20)}, "n_toys must be ascending"),
        ({"n_toys": (10,)}, "at least 20"),
        ({"bracket": (5.0, 2.0)}, "low < high"),
        ({"tolerance": -1.0}, "tolerance must not be negative"),
        ({"most_starts": 1}, "most_starts must be a whole number of at least 2"),
    ],
)
def test_options_outside_their_limits_are_refused(options, message, monkeypatch) -> None:
    monkeypatch.setattr(front, "run_toys", lambda *a, **k: pytest.fail("started"))
    with pytest.raises(wilks.InputError, match=message):
        select_weight_clip(analysis_of(), **options)


@pytest.mark.parametrize(
    ("model", "advice"),
    [
        (wilks.Kernel(n_centers=10, width=1.0, ridge=3.0), "KernelSet\\(widths=None\\) takes widths"),
        (wilks.KernelSet(widths=(0.5,), n_centers=10), "widths=None takes widths and ridge"),
        (wilks.Histogram(n_bins=5), "choose n_bins by the resolution"),
    ],
)
def test_a_model_without_a_clip_is_told_what_it_has_instead(model, advice) -> None:
    with pytest.raises(wilks.InputError, match=f"which has none. .*{advice}"):
        select_weight_clip(analysis_of(model=model))


def without_times(found: WeightClipSelection) -> dict[str, object]:
    return _without(found.to_document(), {"seconds", "fingerprint"})


def _without(value: object, names: set[str]) -> object:
    if isinstance(value, dict):
        return {key: _without(item, names) for key, item in value.items() if key not in names}
    return [_without(item, names) for item in value] if isinstance(value, list | tuple) else value
