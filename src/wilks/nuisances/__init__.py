"""Nuisance parameters, auxiliary likelihoods and the evaluation of log r(x; nu).

An analysis without nuisances has ``nuisances=()``: the empty case of the general one. No nuisance is defined yet.
"""
