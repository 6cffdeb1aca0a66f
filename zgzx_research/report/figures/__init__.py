"""Figures of results: one file per figure, with its drawing, caption and alternative text.

A figure's file has one public function, `plot_<what>(data, …)`. It checks the data and returns a
`FigureSpec`; nothing is drawn yet, since only the page knows the language, the name of the outcome
and whether the data are synthetic. `spec.draw(style)` makes a `ReportFigure`: the picture, its
caption and its alternative text, in the language of `style`. A notebook shows a `FigureSpec` by
itself (in Chinese unless the call names another language); `page.figure(spec)` puts it into the
report.

To add a figure, add one file. It needs a function ``draw(style: FigureStyle) -> ReportFigure`` and
the public function that returns ``FigureSpec(draw, …)``; `cohorts.py` is a short example. Sizes,
colours and the watermark are in `figure_style.py`, arrows at cut intervals, the claimed effect and
shaded years in `figure_marks.py`, words in `report/wording.toml`. Add an example to
`tests/unit/report_words/figure_cases.py`: tests measure that words have ten pixels on a phone, that
nothing overlaps, that series differ without colours and that cut intervals have arrows.

A figure has one title. In a notebook it stands in the picture; on a page the caption says it, and
the picture is cut off below it.
"""
