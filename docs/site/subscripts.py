"""Subscripts in the prose of the methodology: y_it and Σ_{i∈g} are set as on a blackboard."""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

# one letter, an accent or a sign, then what stands below it; names such as base_period have more
LETTERS = r"A-Za-z\u00c0-\u024f\u0391-\u03c9"
SUBSCRIPT = re.compile(
    rf"(?<![A-Za-z0-9_`])([{LETTERS}ℓ1][\u0302\u0303\u0304]?[⁺⁻±²]?)_"
    rf"(?:\{{([^}}]*)\}}|\(([^)]*)\)|([{LETTERS}0-9]{{1,6}}(?:,[a-z]+)?)(?![{LETTERS}0-9_]))"
)
KEPT = (nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw)


def parts(text: str) -> list[nodes.Node]:
    """A text as plain pieces and subscripts."""
    found: list[nodes.Node] = []
    end = 0
    for match in SUBSCRIPT.finditer(text):
        below = next(group for group in match.groups()[1:] if group is not None)
        found += [nodes.Text(text[end : match.start()] + match[1]), nodes.subscript("", below)]
        end = match.end()
    return [*found, nodes.Text(text[end:])]


class Subscripts(SphinxTransform):
    """Put subscripts into the texts of a page of the methodology."""

    default_priority = 700

    def apply(self, **kwargs: object) -> None:
        """Replace each text that has one."""
        if not self.env.docname.startswith("docs/methodology/"):
            return
        for text in list(self.document.findall(nodes.Text)):
            if not isinstance(text.parent, KEPT) and SUBSCRIPT.search(text):
                text.parent.replace(text, parts(text))


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_transform(Subscripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
