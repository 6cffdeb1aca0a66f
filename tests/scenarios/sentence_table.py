"""How often the sentence of each outcome tells an effect, over many worlds.

`.venv/bin/python tests/scenarios/sentence_table.py 200` writes docs/proofs/sentences.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from scenario_facts import ROOT, TOLD, World
from sentence_rules import direction, says_effect

from zgzx_research.proofs.many_worlds import over_worlds
from zgzx_research.report.wording import word
from zgzx_research.simulate.world.constants import Order

Row = dict[str, Sequence]


def one_world(scenario: str, size: str, seed: int) -> Row:
    """Return finding, whether an effect is told, and the direction told, for each outcome."""
    world = World(Order(scenario, size, seed))
    world.keep_headlines(beside=False)
    found: Row = {}
    for outcome, (primary, _) in TOLD.items():
        text = world.sentence(outcome, "zh")
        finding = str(world.facts[f"{outcome}.{primary}.headline.finding"]["value"])
        found[outcome] = (finding, says_effect(text, "zh"), direction(text, "zh"))
    return found


def to_markdown(worlds: Sequence[Row]) -> str:
    """Write one line per outcome: shares in percent."""
    heads = ["outcome", "design", "worlds", "interval leaves out zero", "told with reserve"]
    heads += ["told as exploratory", "told as an effect"]
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for outcome, (primary, _) in TOLD.items():
        finding = Counter(world[outcome][0].rpartition("_")[0] for world in worlds)
        told = sum(world[outcome][1] for world in worlds)
        reserve, trial = finding["open"], finding["exploratory"]
        counts = [reserve + trial + told, reserve, trial, told]
        shares = [f"{100 * count / len(worlds):.1f}" for count in counts]
        name = word(f"outcome.{outcome}", "en")
        lines.append(f"| {name} | {primary} | {len(worlds)} | {' | '.join(shares)} |")
    return "\n".join(lines)


def page(scenario: str, size: str, worlds: Sequence[Row]) -> str:
    """Write the text of docs/proofs/sentences.md."""
    command = f"tests/scenarios/sentence_table.py {len(worlds)}"
    return f"""# What the sentences say where nothing is true

Written by `.venv/bin/python {command}`: {len(worlds)} synthetic worlds, scenario `{scenario}`, size
`{size}`, seeds from 0 on. Do not edit. Every award has no effect in them.

Each outcome has one sentence, about the design that studies/demo.toml names. The sentence of a
primary claim tells an effect where p is below 5 % divided by the number of primary claims; between
that and 5 % it tells the estimate with reserve and leaves the answer to the test of all claims
together. The sentence of any other outcome tells its estimate as exploratory and claims no effect.
The fourth column is what a sentence would say that looked at the 95 % interval alone. Shares of
worlds in percent; the aim is that no entry of the last column is above 5.

{to_markdown(worlds)}
"""


def _kept(path: Path | None) -> list[Row]:
    """Read the worlds of an earlier run, a line each."""
    if path is None or not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("worlds", type=int)
    parser.add_argument("--scenario", default="null")
    parser.add_argument("--size", default="tiny")
    parser.add_argument("--keep", type=Path, help="file of worlds done; a stopped run goes on")
    asked = parser.parse_args()
    one = partial(one_world, asked.scenario, asked.size)
    worlds = _kept(asked.keep)[: asked.worlds]
    for row in over_worlds(one, range(len(worlds), asked.worlds)):
        worlds.append(row)
        if asked.keep:
            with asked.keep.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
    text = page(asked.scenario, asked.size, worlds)
    sys.stdout.write(text)
    if (asked.scenario, asked.size) == ("null", "tiny"):
        (ROOT / "docs/proofs/sentences.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
