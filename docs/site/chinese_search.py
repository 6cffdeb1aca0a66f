"""Search for Chinese words: pages and queries are cut into pairs of neighbouring characters.

Sphinx indexes words between blanks, and Chinese has none; pairs need no dictionary.
"""

from __future__ import annotations

import re

from sphinx.application import Sphinx
from sphinx.search.zh import SearchChinese

CHINESE = r"[\u4e00-\u9fff]+"

SPLITTER = r"""
function splitQuery(query) {
  const pairs = (run) => run.length < 2
    ? [run] : [...run.slice(1)].map((_, at) => run.slice(at, at + 2));
  const words = query.match(/[\u4e00-\u9fff]+|[a-zA-Z0-9_]+/g) || [];
  return words.flatMap((word) => /[\u4e00-\u9fff]/.test(word) ? pairs(word) : [word]);
}
"""


class PairsOfCharacters(SearchChinese):
    """Sphinx's search in Chinese pages, with pairs of characters in place of a dictionary."""

    language_name = "English"  # of the stemmer; Sphinx 9.0 names one for Chinese that it lacks
    js_splitter_code = SPLITTER

    def split(self, input: str) -> list[str]:
        """Latin words, and each pair of neighbouring Chinese characters."""
        runs = re.findall(CHINESE, input)
        pairs = [run[at : at + 2] for run in runs for at in range(len(run) - 1)]
        latin = self.latin1_letters.findall(input)
        self.latin_terms.update(latin)  # only these are stemmed
        return pairs + latin


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_search_language(PairsOfCharacters)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
