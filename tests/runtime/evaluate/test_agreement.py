"""Coefficients of agreement on published examples."""

import pytest

from slipway_runtime.evaluate.agreement import cohen_kappa, krippendorff_alpha

pytestmark = pytest.mark.capability("P6")


def test_cohens_kappa_of_a_known_table() -> None:
    # 50 grant proposals, two readers: 20 both yes, 5 and 10 apart, 15 both no. Agreement .7, by chance .5.
    one = ["yes"] * 25 + ["no"] * 25
    other = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    assert cohen_kappa(one, other) == pytest.approx(0.4, abs=1e-12)
    assert cohen_kappa(["a", "a"], ["a", "a"]) == 1.0
    with pytest.raises(ValueError, match="no items"):
        cohen_kappa([], [])


def test_krippendorffs_alpha_of_the_published_example() -> None:
    # Krippendorff (2011), section C: four observers, twelve units, missing values; alpha for nominal data is .743.
    observers = ["123321412...", "12332241 25.3".replace(" ", ""), ".3332342251.", "1233244125 1.".replace(" ", "")]
    units = [[None if mark == "." else mark for mark in unit] for unit in zip(*observers, strict=True)]
    assert krippendorff_alpha(units) == pytest.approx(0.743, abs=5e-4)
    assert krippendorff_alpha([["a", "a"], ["a", "a"]]) == 1.0
    with pytest.raises(ValueError, match="two labels"):
        krippendorff_alpha([["a", None], ["b"]])
