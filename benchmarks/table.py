"""From measurements to results.md: ratios, but only where estimates agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contestants import OURS

AGREE = 1e-6  # of estimates, relative to the larger of the estimate and 1
# of critical values, relative: 999 draws leave a Monte-Carlo error of .02, and scaling by quartiles
# adds more
BAND = 0.1
REFERENCE = {
    "doubly_robust": "csdid"
}  # whose estimates ours must equal where the fastest peer normalises differently
Measurement = dict[str, Any]


def gap(one: Measurement, other: Measurement) -> float:
    """The largest difference of estimates at common event times, relative to max(estimate, 1)."""
    mine, theirs = (dict(zip(m["event_time"], m["estimate"], strict=True)) for m in (one, other))
    common = mine.keys() & theirs.keys()
    if not common or not {e for e in mine if e >= 0} <= common:
        return float("inf")
    return max(abs(mine[e] - theirs[e]) / max(1.0, abs(theirs[e])) for e in common)


def error_gap(one: Measurement, other: Measurement) -> float:
    """The largest relative difference of standard errors after treatment.

    For information, definitions differ.
    """
    mine, theirs = (dict(zip(m["event_time"], m["std_error"], strict=True)) for m in (one, other))
    return max(
        (abs(mine[e] / theirs[e] - 1) for e in mine.keys() & theirs.keys() if e >= 0),
        default=float("nan"),
    )


def agreement(
    own: Measurement, peer: Measurement, all_of: Sequence[Measurement]
) -> tuple[bool, str]:
    """Whether a ratio may be printed, and what to say of the estimates."""
    off = gap(own, peer)
    said = f"{off:.0e}"
    if own["job"] == "band" and abs(own["critical"] / peer["critical"] - 1) > BAND:
        return False, f"{said}; critical values {own['critical']:.2f} and {peer['critical']:.2f}"
    if off <= AGREE:
        return True, said
    name = REFERENCE.get(own["job"])
    if name is None or name == peer["package"]:
        return False, said
    same_job = [m for m in all_of if m["job"] == own["job"] and "failed" not in m]
    for units in sorted({m["units"] for m in same_job if m["package"] == name}, reverse=True):
        pair = {m["package"]: m for m in same_job if m["units"] == units}
        if OURS in pair and (equal := gap(pair[OURS], pair[name])) <= AGREE:
            return True, f"{said}; with {name} {equal:.0e} at {units:,} units"
    return False, said


def judged(ratio: float, ask: float) -> str:
    """ "met", or by how much it was missed."""
    return f"met (≥ {ask:g}×)" if ratio >= ask else f"**missed**: {ratio:.1f}× of {ask:g}×"


def to_markdown(results: dict[str, Any], jobs: Sequence[Any]) -> str:
    """The whole of results.md."""
    m, found = results["machine"], results["measurements"]
    versions = {x["package"]: x["version"] for x in found if "version" in x}
    lines = [
        "# Side by side with peers",
        "",
        f"Written by `make benchmark` on {results['date']}: {m['cores']} cores ({m['processor']}), "
        f"{m['memory_gb']} GB, {m['system']}, Python {m['python']}, load "
        f"{m['load_at_start']} at the start. "
        + ", ".join(f"{name} {version}" for name, version in versions.items())
        + ".",
        "",
        "Seconds are from the data frame to the event study with its intervals, best of "
        "several runs (one run where a",
        f"call takes more than 5 s); MB are the peak above the input. Where estimates "
        f"agree to {AGREE:g}, ratios are",
        "printed: theirs / ours for time, ours / theirs for memory. Standard errors "
        "after treatment are compared for",
        "information: definitions differ. Asks are against the fastest peer.",
        "",
        "| job | units | package | seconds | MB | times faster | memory | estimates off "
        "| errors off | ask |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for job in jobs:
        for units in sorted({x["units"] for x in found if x["label"] == job.label}):
            lines += _rows(
                job,
                units,
                [x for x in found if x["label"] == job.label and x["units"] == units],
                found,
            )
    return "\n".join(lines) + "\n"


def _rows(
    job: Any, units: int, row: Sequence[Measurement], found: Sequence[Measurement]
) -> list[str]:
    """The lines of one job at one size, ours first."""
    own = next(x for x in row if x["package"] == OURS)
    peers = [x for x in row if x is not own]
    done = sorted((x for x in peers if "failed" not in x), key=lambda x: min(x["seconds"]))
    lines = [_line(job, units, own, "", "", "", "", _own_ask(job, own))]
    for peer in [*done, *(x for x in peers if "failed" in x)]:
        if "failed" in own or "failed" in peer:
            lines.append(_line(job, units, peer, "", "", "", "", ""))
            continue
        agree, said = agreement(own, peer, found)
        faster = min(peer["seconds"]) / min(own["seconds"])
        memory = own["peak_mb"] / max(peer["peak_mb"], 0.1)
        asks = [judged(faster, job.asks[units])] if peer is done[0] and units in job.asks else []
        if peer is done[0] and units in job.memory_asks:
            asks.append(
                "memory met (≤ 1/10)"
                if memory <= 0.1
                else f"memory **missed**: {memory:.2f} of .10"
            )
        shown = (f"{faster:.1f}×", f"{memory:.2f}") if agree else ("–", "–")
        verdict = "; ".join(asks) if agree else "**estimates differ**"
        lines.append(_line(job, units, peer, *shown, said, f"{error_gap(own, peer):.0e}", verdict))
    return lines


def _own_ask(job: Any, own: Measurement) -> str:
    if job.gigabytes is None or "failed" in own:
        return ""
    used = (own["peak_mb"] + own["input_mb"]) / 1024
    return (
        f"met: {used:.1f} of {job.gigabytes:g} GB"
        if used <= job.gigabytes
        else f"**missed**: {used:.1f} GB"
    )


def _line(
    job: Any, units: int, x: Measurement, faster: str, memory: str, said: str, errors: str, ask: str
) -> str:
    time, size = (
        ("failed", x["failed"])
        if "failed" in x
        else (f"{min(x['seconds']):.3f}", f"{x['peak_mb']:.0f}")
    )
    cells = [job.label, f"{units:,}", x["package"], time, size, faster, memory, said, errors, ask]
    return f"| {' | '.join(cells)} |"
