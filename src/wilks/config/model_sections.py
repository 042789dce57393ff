"""The keys of an analysis file that say what f(x; w) is: one section for each family of the registry."""

from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, create_model, model_validator

from wilks.config.options import with_options_of
from wilks.config.sections import Section
from wilks.errors import InputError
from wilks.statistics import STATISTICS, Statistic, family_of


class OneModel(Section):
    """The learned f(x; w): one of these."""

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        kinds = [f"`{name}`" for name in type(self).model_fields]
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            came = " and ".join(f"`{name}`" for name in given) or "none of them"
            known = f"{', '.join(kinds[:-1])} and {kinds[-1]}"
            raise ValueError(f"one of {known} must be given, but {came} came; give one")
        return self

    @property
    def kind(self) -> str:
        """Which of them is given: the key that an error points at."""
        return next(name for name in type(self).model_fields if getattr(self, name) is not None)

    def has_analytic_null(self, *, is_profiled: bool) -> bool:
        """Whether the null of t is known without toys, without or with nuisances; not where the options are refused."""
        try:
            return self.build().has_law(is_profiled=is_profiled)
        except InputError:  # said with file and line by whoever builds the model
            return False

    def build(self) -> Statistic:
        """The model of an analysis.

        Raises:
            InputError: an option that the model refuses.
        """
        return family_of(self.kind)(**getattr(self, self.kind).model_dump())


def section_of(kind: str) -> type[Section]:
    """The section with the options of a family."""
    family = family_of(kind)
    return with_options_of(family)(type(f"{family.__name__}Config", (Section,), {"__doc__": family.summary}))


_SECTIONS: dict[str, Any] = {
    kind: (section_of(kind) | None, Field(default=None, description=family_of(kind).summary)) for kind in STATISTICS
}
if TYPE_CHECKING:
    ModelConfig = OneModel
else:
    ModelConfig = create_model("ModelConfig", __base__=OneModel, __doc__=OneModel.__doc__, **_SECTIONS)
