"""Cut the committed report fonts out of the full Noto Sans SC; run by hand when the source changes.

npm pack @expo-google-fonts/noto-sans-sc@0.4.3 && tar xzf expo-google-fonts-noto-sans-sc-0.4.3.tgz
.venv/bin/python .ci/fonts.py package zgzx_research/report/fonts
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

WEIGHTS = {
    "Regular": "400Regular/NotoSansSC_400Regular.ttf",
    "Bold": "700Bold/NotoSansSC_700Bold.ttf",
}
RANGES = [
    (0x20, 0x7E),  # ASCII
    (0xA0, 0xFF),  # Latin-1
    (0x100, 0x17F),  # Latin Extended-A: names of authors in references
    (0x300, 0x36F),  # combining accents
    (0x370, 0x3FF),  # Greek
    (0x2000, 0x206F),  # general punctuation
    (0x2070, 0x209F),  # super- and subscripts
    (0x20A0, 0x20CF),  # currency
    (0x2100, 0x218F),  # letter-like, Roman numerals, fractions
    (0x2190, 0x21FF),  # arrows
    (0x2200, 0x22FF),  # mathematical operators
    (0x2300, 0x23FF),  # technical: floor, ceiling
    (0x2460, 0x24FF),  # circled and bracketed numbers
    (0x2500, 0x257F),  # box drawing
    (0x2580, 0x259F),  # blocks
    (0x25A0, 0x25FF),  # geometric shapes
    (0x2600, 0x27BF),  # stars, ticks
    (0x3000, 0x303F),  # CJK punctuation, with the geta mark
    (0xFF00, 0xFFEF),  # full-width forms
]
# Characters outside GB2312 that firm and place names of Shenzhen do use.
NAMES = "堃昇喆犇焱垚玥珺璟瑄翀祎赟熠晞曈镕玹琎骉淏湜璠嬿妤彧锜镆砼锂氟硅铼芯睿"
FEATURES = ["ccmp", "halt", "kern", "liga", "locl", "mark", "mkmk", "palt", "pwid"]
NAME_IDS = [0, 1, 2, 3, 4, 5, 6, 13, 14]


def gb2312() -> set[int]:
    """Every character of GB 2312-80."""
    pairs = (bytes([high, low]) for high in range(0xA1, 0xF8) for low in range(0xA1, 0xFF))
    return {ord(pair.decode("gb2312")) for pair in pairs if pair.decode("gb2312", errors="ignore")}


def wanted() -> set[int]:
    ranges = {point for first, last in RANGES for point in range(first, last + 1)}
    return gb2312() | ranges | {ord(character) for character in NAMES}


def cut(source: Path, target: Path) -> None:
    options = subset.Options()
    options.layout_features, options.name_IDs = FEATURES, NAME_IDS
    options.hinting, options.notdef_outline, options.recalc_timestamp = False, True, False
    options.drop_tables += ["STAT", "BASE", "vhea", "vmtx", "DSIG"]
    font = TTFont(source, recalcTimestamp=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=wanted())
    subsetter.subset(font)
    font.save(target, reorderTables=True)


def main(package: str, target: str) -> None:
    for weight, source in WEIGHTS.items():
        cut(Path(package) / source, Path(target) / f"NotoSansSC-{weight}.ttf")
    shutil.copyfile(Path(package) / "LICENSE_FONT", Path(target) / "OFL.txt")


if __name__ == "__main__":
    main(*sys.argv[1:])
