"""The list of families is whole, and Python and an analysis file mean the same by each of them."""

import inspect
from dataclasses import replace

from wilks.config import Systematics, build_analysis, load_config, read_data, read_sources
from wilks.nuisances import Nuisances
from wilks.statistics import REGIONS, STATISTICS, Statistic, family_of, statistic_from_dict


def _subclasses(model: type) -> set[type]:
    return {one for direct in model.__subclasses__() for one in {direct, *_subclasses(direct)}}


def test_every_model_is_in_the_list(families):
    known = {type(family.model) for family in families}
    of_regions = {family_of(kind) for kind in REGIONS}  # which test_regions.py takes through all
    concrete = {
        one for one in _subclasses(Statistic) if one.__module__.startswith("wilks.") and not inspect.isabstract(one)
    }
    assert known == {family_of(kind) for kind in STATISTICS}
    assert concrete == known | of_regions


def test_every_model_is_there_with_and_without_score_statistic(families):
    for family in families:
        if hasattr(family.model, "is_score"):
            other = replace(family.model, is_score=not family.model.is_score)
            assert other in [one.model for one in families], f"{family.name}: its other statistic is missing"


def test_a_model_is_made_again_from_its_document(family):
    assert statistic_from_dict(family.model.to_dict()) == family.model
    assert family_of(family.model.to_dict()["kind"]) is type(family.model)


def test_what_a_model_takes_from_the_reference_changes_no_option(case, workshop):
    placed = workshop.analysis(case).model
    assert placed == case.family.model and placed.to_dict() == case.family.model.to_dict()
    assert (
        placed.has_law(is_profiled=case.is_profiled) == case.has_analytic_null
        and placed.is_penalized != case.family.has_chi_square
    )


def test_nuisances_are_taken(case, workshop):
    assert len(workshop.analysis(case).nuisances) == 2 * case.is_profiled


def test_an_analysis_file_and_python_mean_the_same(case, make_study):
    study = make_study(case)
    loaded = load_config(study.path)
    sources = read_sources(loaded)
    systematics = Systematics(loaded, sources)
    nuisances = systematics.nuisances(Nuisances()) if case.is_profiled else None
    built = build_analysis(loaded, sources, nuisances)
    assert built.describe() == case.build().describe()
    assert built.fingerprint() == case.build().fingerprint()
    assert (read_data(loaded).events == study.data).all()
    assert systematics.observed() == study.auxiliaries


def test_a_file_is_found_good(case, make_study):
    study = make_study(case)
    checked = study.run("check", "FILE")
    assert checked.exit_code == 0, checked.output


def test_every_family_has_words_of_its_own(families):
    for is_profiled in (False, True):
        words = {family.name: family.model.words(is_profiled=is_profiled) for family in families}
        for one in words.values():
            texts = (*one.formulas, *one.sentences, one.tau, one.decrement, one.residual)
            assert all(text.strip() for text in texts) and len(one.formulas) >= 1 and len(one.sentences) >= 3
            assert is_profiled == any("Δ" in text for text in (*one.formulas, *one.sentences))
        assert (
            len({one.formulas for one in words.values()})
            == len({one.sentences for one in words.values()})
            == len(words)
        )
