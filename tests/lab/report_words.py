"""What the report of a family says, and what it must not say."""

import html
import re
from typing import Any


def checked_report(page: str, case: Any, families: tuple[Any, ...]) -> None:
    """Assert that a page has all phrases of its family, and none that another family alone has."""
    plain = re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL))
    text, own = " ".join(html.unescape(plain).split()), case.family.says
    missing = [phrase for phrase in own if phrase not in text]
    foreign = [one for family in families for one in family.says if one not in own and one in text]
    assert not missing and not foreign, (missing, foreign)
    assert ("Systematic uncertainties are profiled" in text) == case.is_profiled
    words = case.family.model.words(is_profiled=case.is_profiled)
    assert all(" ".join(line.split()) in text for line in words.formulas)
