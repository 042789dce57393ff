"""The list of families is whole, and Python and an analysis file mean the same by each of them."""

import inspect
from dataclasses import replace

import pytest

import wilks
import wilks.models
from wilks.config import Systematics, build_analysis, load_config, read_data, read_sources
from wilks.models import MODEL_KINDS, Model, model_from_dict
from wilks.nuisances import Nuisances


def _subclasses(model: type) -> set[type]:
    return {one for direct in model.__subclasses__() for one in {direct, *_subclasses(direct)}}


def test_every_model_is_in_the_list(families):
    known = {type(family.model) for family in families}
    concrete = {
        one for one in _subclasses(Model) if one.__module__.startswith("wilks.") and not inspect.isabstract(one)
    }
    assert concrete == known == set(MODEL_KINDS.values())


def test_every_model_is_there_with_and_without_score_statistic(families):
    for family in families:
        if hasattr(family.model, "is_score"):
            other = replace(family.model, is_score=not family.model.is_score)
            assert other in [one.model for one in families], f"{family.name}: its other statistic is missing"


def test_a_model_is_made_again_from_its_document(family):
    assert model_from_dict(family.model.to_dict(), MODEL_KINDS) == family.model
    assert MODEL_KINDS[family.model.to_dict()["kind"]] is type(family.model)


def test_nuisances_are_taken_or_refused(any_case):
    if not (any_case.is_profiled and any_case.family.refuses_nuisances):
        assert len(any_case.build().nuisances) == 2 * any_case.is_profiled
        return
    with pytest.raises(wilks.InputError, match=any_case.family.refuses_nuisances) as refusal:
        any_case.build()
    assert "; use " in str(refusal.value) or "give " in str(refusal.value), "a refusal says what to do"


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


def test_a_file_with_a_refused_combination_says_so(any_case, make_study):
    study = make_study(any_case)
    checked = study.run("check", "FILE")
    if not (any_case.is_profiled and any_case.family.refuses_nuisances):
        assert checked.exit_code == 0, checked.output
        return
    assert checked.exit_code == 2 and any_case.family.refuses_nuisances in " ".join(checked.output.split())
    assert not study.output.exists()


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
