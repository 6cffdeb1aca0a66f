"""What a sentence may say beside its facts, checked by reading the sentence itself."""

from __future__ import annotations

import re

from zgzx_research.evidence.facts import Facts

# words of an effect that is told without reserve, and of one that is told with it
EFFECT = {"zh": ("高出", "低了"), "en": ("higher than without", "lower than without")}
RESERVE = {
    "zh": ("估计比没有获奖时高", "估计比没有获奖时低"),
    "en": ("above what they would have been", "below what they would have been"),
}
RULED_OUT = {"zh": "能够排除的", "en": "rule out are effects"}
GOOD_YEAR = {"zh": "相符：那一年偏高", "en": "This agrees with firms winning in good years"}
CHANCE = {"zh": "估计的改变没有超出偶然", "en": "changes by no more than chance"}
DETECTABLE = {
    "zh": r"真实影响(?:若|只要)达到 ([\d.,]+)",
    "en": r"true effect of ([\d.,]+)",
}


def says_effect(text: str, language: str) -> bool:
    """Whether a text tells an effect without reserve."""
    return any(word in text for word in EFFECT[language])


def direction(text: str, language: str) -> int:
    """Return 1 where a text tells a rise, -1 for a fall, 0 for neither."""
    up, down = zip(EFFECT[language], RESERVE[language], strict=True)
    rise, fall = (any(word in text for word in words) for words in (up, down))
    return int(rise) - int(fall)


def detectable(text: str, language: str) -> list[float]:
    """List the detectable effects that a text names."""
    return [float(n.replace(",", "")) for n in re.findall(DETECTABLE[language], text)]


def number(facts: Facts, key: str) -> float:
    """Return a number; infinite where there is none."""
    value = facts.get(key) if facts.has(key) else None
    return float("inf") if value is None else float(value)
