import pytest
from hypothesis import given
from hypothesis import strategies as st

from wilks.campaign.plan import Extent, Plan, Shard, usual_shard_size
from wilks.errors import InputError

extents = st.lists(st.builds(Extent, st.integers(1, 300), st.integers(1, 50)), max_size=4)


@given(extents)
def test_every_toy_is_in_one_shard(extents) -> None:
    plan = Plan(tuple(extents))
    shards = list(plan.shards())
    assert [index for shard in shards for index in range(shard.first, shard.last + 1)] == list(range(plan.n_toys))
    assert [shard.number for shard in shards] == list(range(plan.n_shards))
    assert [plan.shard(number) for number in range(plan.n_shards)] == shards
    assert Plan.from_list(plan.to_list()) == plan


@given(extents, st.integers(0, 600))
def test_an_extension_leaves_the_shards_that_are_there(extents, n_toys) -> None:
    plan = Plan(tuple(extents))
    longer = plan.extended(n_toys)
    assert list(longer.shards())[: plan.n_shards] == list(plan.shards())
    assert longer.n_toys == max(n_toys, plan.n_toys)


@pytest.mark.parametrize("number", [2, -1, 0.5, True, "0"])
def test_a_shard_that_is_not_planned_is_refused(number) -> None:
    with pytest.raises(InputError, match="shard must be"):
        Plan((Extent(5, 3),)).shard(number)


def test_a_shard_knows_its_size() -> None:
    assert [shard.n_toys for shard in Plan((Extent(5, 3),)).shards()] == [3, 2]
    assert Shard(0, 4, 4).n_toys == 1


def test_the_usual_shards_are_as_many_as_processes_want_and_never_huge() -> None:
    assert [usual_shard_size(n) for n in (1, 64, 65, 10_000, 10**8)] == [1, 1, 2, 157, 1000]
