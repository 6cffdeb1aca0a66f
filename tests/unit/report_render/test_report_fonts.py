"""The committed fonts: what they print, what they refuse, subsets of equal bytes."""

from __future__ import annotations

import io

import pytest
from fontTools.ttLib import TTFont
from matplotlib import font_manager

from zgzx_research.errors import ZgzxError
from zgzx_research.report import fonts


def test_gb2312_and_the_signs_of_our_figures_are_there() -> None:
    hanzi = bytes(
        byte for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFF) for byte in (high, low)
    )
    text = hanzi.decode("gb2312", errors="ignore")
    assert len(text) == 3755  # level 1
    assert fonts.missing(text) == []
    assert fonts.missing("●○■□◐〓…−×±≥≤→αβθΣ“”、。（）①％ çÉ\n\t\u200b") == []


def test_a_missing_character_is_named_with_its_code_point() -> None:
    with pytest.raises(ZgzxError, match=r"brief: .*𠮷 \(U\+20BB7\)"):
        fonts.require("吉野家与𠮷野家", where="brief")


def test_missing_characters_of_data_print_as_geta() -> None:
    assert fonts.missing("龘甲龘𠮷") == ["龘", "𠮷"]
    assert fonts.replace_missing("深圳龘甲有限公司") == "深圳〓甲有限公司"


def test_matplotlib_takes_our_files_however_often_we_register() -> None:
    assert fonts.register() == fonts.register() == "Noto Sans SC"
    for weight, name in (("normal", "NotoSansSC-Regular.ttf"), ("bold", "NotoSansSC-Bold.ttf")):
        found = font_manager.findfont(
            font_manager.FontProperties(family=fonts.FAMILY, weight=weight)
        )
        assert found == str(fonts.FOLDER / name)


def test_a_web_subset_holds_the_characters_asked_for_and_no_others() -> None:
    data = fonts.web_subset("留任率 95%", "bold")
    assert data[:4] == b"wOF2"
    assert len(data) < 20_000
    assert set(TTFont(io.BytesIO(data)).getBestCmap()) == {
        ord(character) for character in "留任率 95%"
    }
    fonts.cut_font.cache_clear()
    assert fonts.web_subset("%59 率任留留", "bold") == data


def test_the_licence_stands_beside_the_fonts() -> None:
    assert "SIL OPEN FONT LICENSE" in (fonts.FOLDER / "OFL.txt").read_text(encoding="utf-8")
