"""The options of learning, which a configuration file has, too."""

from dataclasses import dataclass

from wilks.errors import InputError
from wilks.typing import Count, Positive, check_options, whole_number

ACTIVATIONS = ("tanh", "softplus", "relu")


@dataclass(frozen=True)
class Training:
    """How the networks that learn responses are trained.

    Args:
        hidden: neurons of each hidden layer; () leaves what is linear in the inputs; None: (4,) for one input, (10, 10)
            for more.
        n_networks: networks whose log r are averaged; each holds out another share of the events and starts elsewhere.
        activation: of the hidden layers: tanh, softplus or relu.
        n_iterations: of L-BFGS, at most.
        patience: iterations that are waited for a lower held-out loss.
        tolerance: how much lower it must become within these, as the change of t = N(R_0) <(log r - true log r)^2>, the
            mean over the samples, that the missing part of the response makes; else a network stops.

    Raises:
        InputError: an option outside these limits.

    >>> Training(hidden=(4,)).n_networks
    4
    """

    hidden: tuple[Count, ...] | None = None
    n_networks: Count = 4
    activation: str = "tanh"
    n_iterations: Count = 1000
    patience: Count = 30
    tolerance: Positive = 0.002

    def __post_init__(self) -> None:
        check_options(self)
        if self.hidden is not None:
            layers = tuple(whole_number(n, name="each number of hidden neurons", least=1) for n in self.hidden)
            object.__setattr__(self, "hidden", layers)
        if self.activation not in ACTIVATIONS:
            raise InputError(f"activation must be one of {', '.join(ACTIVATIONS)}, but {self.activation!r} came")

    def layers(self, n_inputs: int) -> tuple[int, ...]:
        """Neurons of each hidden layer."""
        if self.hidden is not None:
            return self.hidden
        return (4,) if n_inputs == 1 else (10, 10)
