"""Options of the methods: each stands once, and what a method does not take is refused."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from zgzx_research.did.estimate import DEFAULTS, choose_options, options_of
from zgzx_research.did.methods import METHODS
from zgzx_research.errors import ZgzxError


def test_every_option_of_the_signature_is_taken_by_a_method_and_no_method_takes_another() -> None:
    assert {name for method in METHODS for name in options_of(method)} == set(DEFAULTS)


@pytest.mark.parametrize("method", METHODS)
def test_options_not_given_have_the_defaults_of_the_signature(method: str) -> None:
    options = choose_options(method, {})
    assert {name: getattr(options, name) for name in options_of(method)} == {
        name: DEFAULTS[name] for name in options_of(method)
    }
    with pytest.raises(FrozenInstanceError):
        options.leave_out = 3


@pytest.mark.parametrize("method", METHODS)
def test_an_option_the_method_does_not_take_is_refused_unless_at_its_default(method: str) -> None:
    others = set(DEFAULTS) - set(options_of(method))
    choose_options(method, {name: DEFAULTS[name] for name in others})
    for name in others:
        with pytest.raises(ZgzxError, match=f"method='{method}' has no such option") as caught:
            choose_options(method, {name: "anything else"})
        assert caught.value.examples == [name]
        assert all(taken in caught.value.remedy for taken in options_of(method))


@pytest.mark.parametrize(
    ("method", "given", "message"),
    [
        ("no_method", {}, "method='no_method' is unknown"),
        ("group_time", {"controls": "nobody"}, "controls='nobody' is unknown"),
        ("group_time", {"folds": 1}, "folds=1 is not usable"),
        ("group_time", {"anticipation": True}, "anticipation=True is not usable"),
        ("extended_two_way", {"family": "gamma"}, "family='gamma' is unknown"),
        ("stacked", {"event_window": (2, 1)}, "is not a first and a last event time"),
        ("imputation", {"adjustment": "doubly_robust"}, "imputation knows no adjustment"),
    ],
)
def test_values_that_no_panel_could_use_are_refused(
    method: str, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(ZgzxError, match=message.replace("(", r"\(")):
        choose_options(method, given)


def test_the_words_of_an_option_are_in_the_remedy() -> None:
    with pytest.raises(ZgzxError) as caught:
        choose_options("extended_two_way", {"family": "gamma"})
    assert caught.value.remedy == "Choose one of None, linear, poisson, logit."
