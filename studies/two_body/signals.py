"""The two signals of section 4.4 of "Learning New Physics from an Imperfect Machine"."""

import numpy as np

import wilks

from studies.two_body.regimes import Events

CONTACT = "dimuon_eft_high_mass.h5"
"""Of the method's authors, before the selection."""
CONTACT_YIELD = 25.1 / 22.8
"""Of the contact term over the Standard Model at mll > 100: cross sections of the authors' samples."""


def signals(events: Events, *, up: float = 1.0) -> dict[str, wilks.Alternative]:
    """A Z' of 300 GeV and a contact term, the true scale so many sigmas up."""
    contact, ratio = contact_term(events, up=up)
    return {
        "resonance": resonance_of(events, up=up),
        "contact term": wilks.Alternative(
            source=contact.without_extras(),
            expected_events=events.regime.expected_events * ratio,
            nuisances=events.regime.values(scale=up),
        ),
    }


def resonance_of(events: Events, *, up: float = 1.0) -> wilks.Alternative:
    """The Z' alone."""
    regime, moved = events.regime, events.at(events.loose("zprime300"), scale=up)
    values = regime.values(scale=up)
    return wilks.Alternative(signal=moved.without_extras(), n_signal=regime.n_resonance, nuisances=values)


def contact_term(events: Events, *, up: float) -> tuple[wilks.Sample, float]:
    """Its selected events, and how many are expected for each of the Standard Model at nuisances 0.

    The events of the method's authors have none that migrate from the Z peak: their yield moves as that of the pool.
    """
    regime, pool = events.regime, events.loose("pool")
    nominal = events.at(pool).expected_events
    if regime.wilson == 1.0:
        ratio = CONTACT_YIELD * events.at(pool, scale=up).expected_events / nominal
        return events.at(events.read(CONTACT), scale=up), ratio
    contact = events.at(events.loose(f"contact{100 * regime.wilson:g}"), scale=up)
    return contact, contact.expected_events / nominal


def contact_excess(events: Events, *, up: float) -> wilks.Sample:
    """What the contact term adds: its events, and those of the Standard Model with negative weights."""
    (contact, ratio), pool = contact_term(events, up=up), events.loose("pool")
    moved = events.at(pool, scale=up)
    less = moved.expected_events / events.at(pool).expected_events
    weights = [contact.rescaled(ratio).event_weights, -moved.rescaled(less).event_weights]
    return wilks.Sample(
        np.concatenate([contact.events, moved.events]), np.concatenate(weights), features=events.features
    )
