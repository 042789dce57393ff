"""How many toys calibrate a test: every finished toy of the campaign in the output folder does.

The number in the analysis file is the least number to have, for `calibrate` and `run` to make and for `test` and
`report` to find; a larger campaign, planned by `wilks toys plan` or `extend`, is used as far as it is finished.
"""

from wilks.campaign import Ledger
from wilks.campaign.ledger import PLAN
from wilks.cli.places import TOYS
from wilks.config import LoadedConfig


def least_toys(loaded: LoadedConfig) -> int:
    """The least number to have: that of the file, or all that are planned where the file wants none.

    0: nothing is planned either, and the analytic null of a score statistic answers.
    """
    ledger = _ledger(loaded)
    return loaded.config.n_toys or (0 if ledger is None else ledger.plan.n_toys)


def usable_toys(loaded: LoadedConfig) -> int:
    """How many toys an answer will be counted among, by the names of the files in the output folder."""
    ledger = _ledger(loaded)
    n_finished = 0 if ledger is None else ledger.n_finished(ledger.plan.n_toys)
    return max(least_toys(loaded), n_finished)


def planned_toys(loaded: LoadedConfig) -> int:
    """Toys that are planned in the output folder, finished or not."""
    ledger = _ledger(loaded)
    return 0 if ledger is None else ledger.plan.n_toys


def _ledger(loaded: LoadedConfig) -> Ledger | None:
    """The campaign in the output folder, if there is one. Raises StoreError for one that cannot be read."""
    folder = loaded.output / TOYS
    return Ledger.open(folder) if (folder / PLAN).exists() else None
