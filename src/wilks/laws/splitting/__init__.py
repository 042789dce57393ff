"""Multilevel splitting: small p of any statistic, by draws of the null that go on from level to level."""

from wilks.laws.splitting.particles import Particles, Population
from wilks.laws.splitting.tail import METHOD, SplittingOptions, Tail, kept_runs, split_tail

__all__ = ["METHOD", "Particles", "Population", "SplittingOptions", "Tail", "kept_runs", "split_tail"]
