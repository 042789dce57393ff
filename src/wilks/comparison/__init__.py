"""Two samples on equal terms: are they drawn from one distribution?"""

from wilks.comparison.answer import Comparison, CountsAnswer, FeatureAnswer, MemberAnswer
from wilks.comparison.comparing import compare
from wilks.comparison.default_set import DefaultSet
from wilks.comparison.where import Interval

__all__ = ["Comparison", "CountsAnswer", "DefaultSet", "FeatureAnswer", "Interval", "MemberAnswer", "compare"]
