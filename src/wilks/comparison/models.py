"""Models that a user chose, as members of a comparison."""

from collections.abc import Iterator

from wilks.comparison.blocks import Block
from wilks.comparison.default_set import DefaultSet
from wilks.comparison.kernels import KernelBlock
from wilks.comparison.nulls import Null
from wilks.errors import InputError
from wilks.search import Search
from wilks.statistics import Statistic
from wilks.statistics.linear import Kernel, KernelSet
from wilks.statistics.linear.centers import Candidates
from wilks.statistics.linear.kernel import gaussians_of
from wilks.storage import named

# By its name, so that JAX is loaded where a network is fitted.
_NETWORKS = "wilks.comparison.networks:NetworkBlock"


def blocks_of(model: object, null: Null, *, seed: int, search: Search | None = None) -> Iterator[Block]:
    """The members of a model, or of the default set where it is None; ``search`` is the effort of fits of networks.

    Raises:
        InputError: a model that is none of kernels and no network; a search without a network.
    """
    if search is not None and not (isinstance(model, Statistic) and model.kind == "mlp"):
        raise InputError("search is how hard a network is fitted, but model is no wilks.MLP; leave it out")
    if model is None:
        yield from DefaultSet().blocks(null, seed=seed)
    elif isinstance(model, Kernel):
        yield _block(null, model.n_centers, model.width, ridges=(model.ridge,), seed=model.seed)
    elif isinstance(model, KernelSet):
        yield from _blocks_of_set(model, null)
    elif isinstance(model, Statistic) and model.kind == "mlp":
        yield named(_NETWORKS)(null, model, search=Search() if search is None else search)
    else:
        raise InputError(
            "model must be a wilks.Kernel or a wilks.KernelSet, whose score statistics are compared, a wilks.MLP, "
            f"whose fits are symmetrised, or None for the default set, but a {type(model).__name__} came"
        )


def _blocks_of_set(model: KernelSet, null: Null) -> Iterator[Block]:
    """One for each width.

    Raises:
        InputError: widths that the reference of an analysis would choose.
    """
    if model.widths is None:
        raise InputError(
            "widths of a set of kernels must be given to compare two samples with it, but None came; model=None takes "
            "widths by degrees of freedom, with other members beside them"
        )
    for n_centers, width, ridges in zip(model.centers, model.widths, model.strengths, strict=True):
        yield _block(null, n_centers, width, ridges=ridges, seed=model.seed)


def _block(null: Null, n_centers: int, width: float | None, *, ridges: tuple[float, ...], seed: int) -> KernelBlock:
    events = null.pool.standardized
    gaussians = gaussians_of(Candidates(events, null.pool.masses), n_centers=n_centers, width=width, seed=seed)
    return KernelBlock(null, gaussians, events=events, ridges=ridges)
