"""Families of models are found by their kind, and one that is not registered by its name."""

import pytest

import wilks
from wilks.errors import InputError
from wilks.statistics import STATISTICS, Statistic, family_of, statistic_from_dict


@pytest.mark.parametrize("kind", STATISTICS)
def test_every_kind_is_that_of_its_class(kind):
    family = family_of(kind)
    assert issubclass(family, Statistic) and family.kind == kind
    assert family.summary.endswith(".") and family.version >= 1


def test_a_family_that_is_not_registered_is_found_by_its_name():
    assert family_of("wilks.statistics.linear.kernel:Kernel") is wilks.Kernel
    made = statistic_from_dict({"kind": "wilks.statistics.linear.kernel:Kernel", "n_centers": 5})
    assert made == wilks.Kernel(n_centers=5)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (
            "forest",
            r"one of \['histogram', 'kernel', 'kernel_set', 'mlp', 'scan'\], or module:Class of another, but 'forest'",
        ),
        ("None", "but 'None' came"),
        ("no_such_module:Forest", "the class of a model 'no_such_module:Forest' must be importable"),
        ("wilks.statistics.linear:Forest", "must be importable, but AttributeError"),
        ("math:exp", r"must be a wilks\.statistics\.Statistic, but math:exp is"),
        ("collections:OrderedDict", r"must be a wilks\.statistics\.Statistic"),
    ],
)
def test_another_kind_is_refused(kind, message):
    with pytest.raises(InputError, match=message):
        statistic_from_dict({"kind": kind} if kind != "None" else {})
