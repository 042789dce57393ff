"""The commented analysis file that a new study starts from."""

from wilks.config.found import FoundSample
from wilks.config.schema import ToysConfig
from wilks.samples.checked_arrays import is_formula_like
from wilks.search import Search
from wilks.statistics.linear import Kernel
from wilks.statistics.network import MLP
from wilks.wording import in_yaml, listed, visible


def template(
    reference: FoundSample, *, data: FoundSample | None, tree: str | None = None, schema: str | None = None
) -> str:
    """Text of a commented analysis file for these samples.

    Every column that can be one becomes a feature; comments say which were left out, and why. ``schema`` is the path of
    a JSON Schema for editors.
    """
    features = [name for name in reference.columns if data is None or name in data.columns]
    return "".join(
        (
            f"# yaml-language-server: $schema={visible(schema)}\n" if schema else "",
            _HEAD,
            _features_text(features, [*reference.reasons, *(data.reasons if data else ())]),
            _SELECTION,
            f"\ntree: {in_yaml(tree)}\n" if tree else "",
            _reference_text(reference, data),
            _data_text(data),
            _TAIL.format_map(_defaults()),
        )
    )


def _defaults() -> dict[str, object]:
    """What the dataclasses of options, and the section of toys, say where a file says nothing."""
    model, kernel, search, toys = MLP(), Kernel(), Search(), ToysConfig()
    return {
        "hidden": list(model.hidden),
        "weight_clip": model.weight_clip,
        "n_centers": kernel.n_centers,
        "ridge": kernel.ridge,
        "n_starts": search.n_starts,
        "seed": search.seed,
        "n_toys": _N_TOYS,
        "toys_seed": toys.seed,
    }


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return f"[{', '.join(map(in_yaml, names))}]"


def _features_text(features: list[str], left_out: list[str]) -> str:
    reasons = "".join(["# Left out:\n", *(f"#   {line}\n" for line in left_out)]) if left_out else ""
    return (
        "\n# Inputs of the model: columns, names defined below, or expressions such as log(pt1).\n"
        "# EDIT: keep the variables that the test is to look at.\n"
        f"{reasons}features: {_listed(features)}\n"
    )


def _reference_text(reference: FoundSample, data: FoundSample | None) -> str:
    n_training = max(1, reference.n_events // 2)
    weights = reference.nominal_weights
    alike = f"# Columns that look like weights: {listed(reference.weights)}\n" if reference.weights else ""
    expected = (
        "  # The sum of the weights is the number of events expected in the data; to scale them:\n"
        "  # expected_events: 2000\n"
        if weights
        else _expected_text(reference, data)
    )
    return (
        f"\n# The reference hypothesis. Columns that can be features: {listed(reference.columns)}\n"
        f"{alike}reference:\n  files: {_listed(reference.files)}   # globs work too; relative to this file\n"
        f"{_weight_text(weights)}{expected}"
        f"  # This many of the {reference.n_events} events train; toys are drawn from the rest, which should be many\n"
        "  # times the expected events. Or delete it and name a source of toys below.\n"
        f"  n_training: {n_training}\n"
    )


def _expected_text(reference: FoundSample, data: FoundSample | None) -> str:
    """As many events as the data have: what a test of the distribution alone expects."""
    predicted = "  # EDIT: the number of events that the reference predicts for the data (cross section x luminosity)."
    if data is None:
        return f"{predicted}\n  expected_events: {max(1, reference.n_events // 20)}\n"
    return (
        f"{predicted} This is\n  # how many the data have before any selection; with a `where`, write what passes it.\n"
        f"  expected_events: {max(1, data.n_events)}\n"
    )


def _weight_text(weights: tuple[str, ...]) -> str:
    if not weights:
        return "  # weight: w   # a column; none: every event counts one\n"
    if len(weights) == 1:
        return f"  weight: {in_yaml(weights[0])}\n"
    if all(map(is_formula_like, weights)):
        return f"  weight: {'*'.join(weights)}   # EDIT: the product of all that look like weights; keep what applies\n"
    return f"  weight: {in_yaml(weights[0])}   # EDIT: one of several; define a product of those that apply\n"


def _data_text(data: FoundSample | None) -> str:
    if data is None:
        return f"{_DATA_HEAD}# data:\n#   files: data.root\n"
    return (
        f"{_DATA_HEAD}data:\n  files: {_listed(data.files)}   # {data.n_events} events before the selection\n"
        f"{_DATA_WEIGHTS.format(listed(data.not_one)) if data.not_one else ''}"
    )


_N_TOYS = 1_000
_DATA_HEAD = "\n# The observed data: read by check, test and run; calibrate does not look at them.\n"
_DATA_WEIGHTS = """\
  # EDIT: data are counts, every event of weight one, but these files carry {}, not one everywhere.
  # Weighted simulation cannot stand for data: unweight it first. If it is no weight of these events:
  # weight: null   # every row counts one
"""
_HEAD = """\
# An analysis for `wilks`: do the data agree with the reference?
#   wilks check THIS_FILE      reads everything, fits nothing
#   wilks run THIS_FILE        check, calibrate, test and report
name: ""
output: results   # folder of everything that is written; one folder for one analysis
"""

_SELECTION = """
# New columns, for every sample: + - * / **, comparisons, and or not, sqrt exp log sin cos cosh abs where ...
# define:
#   mll: sqrt(2*pt1*pt2*(cosh(eta1-eta2)-cos(delta_phi)))

# Selection of events, for every sample.
# where: pt1 > 20 and abs(eta1) < 2.4

# Columns shown in the report that the model does not see.
# carry: [mll]
"""

_TAIL = """
# Systematic uncertainties: how the reference may differ from nature. `wilks learn-nuisances` learns the responses.
# nuisances:
#   scale: {{sigma: 0.02}}                              # learned from the variations
#   luminosity: {{sigma: 0.025, normalization: true}}   # multiplies the yield by exp(nu), exactly
# variations:
#   - {{at: {{scale: 0.02}}, files: scale_up.root}}       # or weight: w_scale_up, another weight of the reference
#   - {{at: {{scale: -0.02}}, files: scale_down.root}}

# Toys under the reference calibrate the test: n toys reach p = 1/(n + 1).
toys:
  n_toys: {n_toys}
  seed: {toys_seed}
  # pool: {{files: more_reference.root}}              # instead of n_training: other events of the reference
  # generator: {{function: "my_module:background"}}   # or function(rng, n, nuisances) -> (n, d)

# The model f(x; w). Nothing needs to be chosen: it is kernels of several widths, which follow from the reference
# alone. Or one of these:
# model:
#   kernel: {{n_centers: {n_centers}, width: 1.0, ridge: {ridge}, is_score: true}}  # one width: no toys needed
#   kernel_set: {{widths: [0.3, 1.0, 3.0], ridges: [{ridge}]}}              # widths of your own
#   mlp: {{hidden: {hidden}, weight_clip: {weight_clip}}}   # a network; `wilks select` chooses its clip

# true: subtract the mean, divide by the standard deviation of the reference; false: features as they are.
standardize: true

# Every fit of a network, of data and toys alike, searches from this many starts.
# search: {{n_starts: {n_starts}, seed: {seed}}}
"""
