"""A report as one HTML page without anything from outside: to send, to print, in a light and a dark theme."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from services.surveys.cross_tabs import CrossTab, Difference
from services.surveys.exports.models import Quote, SurveyReport
from services.surveys.exports.report_charts import MOST_TREND_LINES, parts_bar, sentiment_bars, trend_lines
from services.surveys.statistics import Interval

MOST_BARS = 30
_MARKS = {Difference.HIGHER: "▲ higher", Difference.LOWER: "▼ lower", Difference.NONE: ""}
_STYLE = """
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1b2430; --quiet: #5b6675; --rule: #d9dee5;
  --raised: #f5f7f9;
  --positive: #2f7d55; --neutral: #6f7985; --mixed: #946c17; --negative: #b2453d; --inside: #ffffff; --mark: #fff0b8;
  --line1: #2563a8; --line2: #b3552e; --line3: #2f8561; --line4: #8a4fa3; --line5: #8a6d1d; --line6: #4d6472; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181d; --ink: #e6eaef; --quiet: #9aa6b4; --rule: #333c47;
  --raised: #1c2229; --positive: #57b485; --neutral: #7f8a97; --mixed: #d6ac4c; --negative: #dd766c; --inside: #10141a;
  --mark: #574a16; --line1: #6ea8ea; --line2: #e5906a; --line3: #66c29a; --line4: #c690dd; --line5: #d0b252;
  --line6: #9fb4c2; } }
@media print { :root { --paper: #ffffff; --ink: #000000; --quiet: #444444; --rule: #bbbbbb; --raised: #ffffff;
  --positive: #2f7d55; --neutral: #6f7985; --mixed: #946c17; --negative: #b2453d; --inside: #ffffff; --mark: #eeeeee;
  --line1: #2563a8; --line2: #b3552e; --line3: #2f8561; --line4: #8a4fa3; --line5: #8a6d1d; --line6: #4d6472; }
  section, tr, figure, blockquote { break-inside: avoid; } h2 { break-after: avoid; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; } main { max-width: none; padding: 0; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 960px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 1.7rem; margin: 0 0 16px; } h2 { font-size: 1.2rem; margin: 40px 0 8px; }
p { margin: 8px 0; } .quiet { color: var(--quiet); }
dl { display: flex; flex-wrap: wrap; gap: 12px; margin: 0; }
dl div { background: var(--raised); border: 1px solid var(--rule); border-radius: 8px; padding: 8px 14px; }
dt { color: var(--quiet); font-size: .85rem; } dd { margin: 0; font-weight: 600; }
figure { margin: 12px 0; overflow-x: auto; } svg { width: 100%; min-width: 560px; height: auto; font-size: 13px; }
svg text { fill: var(--ink); } svg text.quiet { fill: var(--quiet); } svg text.inside { fill: var(--inside); }
svg .grid { stroke: var(--rule); } svg polyline { fill: none; stroke-width: 2.2; } svg polygon { opacity: .08; }
svg .positive { fill: var(--positive); } svg .neutral { fill: var(--neutral); } svg .mixed { fill: var(--mixed); }
svg .negative { fill: var(--negative); }
.key span { display: inline-block; margin-right: 16px; } .key i { display: inline-block; width: 12px; height: 12px;
  margin-right: 6px; border-radius: 2px; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 5px 10px; border-bottom: 1px solid var(--rule); vertical-align: top; }
th:first-child, td:first-child { text-align: left; } thead th { background: var(--raised); }
.pairs th:nth-child(2), .pairs td:nth-child(2) { text-align: left; }
td small { display: block; color: var(--quiet); } td b { display: block; font-size: .8rem; white-space: nowrap; }
blockquote { margin: 10px 0; padding: 8px 14px; border-left: 3px solid var(--rule); background: var(--raised); }
blockquote footer { color: var(--quiet); font-size: .85rem; } mark { background: var(--mark); color: inherit; }
"""
_LINE_STYLE = "".join(
    f"svg .line{number} polyline {{ stroke: var(--line{number}); }} svg .line{number} polygon, "
    f"svg .line{number} circle, svg .line{number} text {{ fill: var(--line{number}); }}\n"
    for number in range(1, MOST_TREND_LINES + 1)
)


def report_page(report: SurveyReport) -> str:
    """The page. Whatever a respondent wrote is shown as text, never as markup; there is no script."""
    body = "".join(_sections(report))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        # Nothing is loaded or run, whatever a response holds.
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(report.title)}</title><style>{_STYLE}{_LINE_STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    )


def _sections(report: SurveyReport) -> Iterator[str]:
    facts = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in report.facts)
    yield f"<h1>{escape(report.title)}</h1><dl>{facts}</dl>"
    if any(figure.count for figure in report.sentiments):
        yield f"<section><h2>All responses</h2>{_overall(report)}</section>"
    yield "<section><h2>Topics and sentiment</h2>"
    if report.summaries:
        shown = report.summaries[:MOST_BARS]
        yield f'<p class="key">{_key()}</p><figure>{sentiment_bars(shown)}</figure>'
        if len(shown) < len(report.summaries):
            yield f'<p class="quiet">The {MOST_BARS} commonest of {len(report.summaries):,} topics.</p>'
    else:
        yield "<p>No response has a topic yet.</p>"
    yield "</section>"
    if any(len(trend.points) > 1 for trend in report.trends):
        yield (
            '<section><h2>Over time</h2><p class="quiet">Share of responses with the topic; the band is its 95 % '
            f"interval.</p><figure>{trend_lines(report.trends)}</figure></section>"
        )
    if report.pairs:
        yield _pairs(report)
    if report.score_name and any(summary.impact for summary in report.summaries):
        yield _impacts(report)
    for tab in report.cross_tabs:
        yield _cross_tab(tab)
    if report.quotes:
        yield f"<section><h2>In their words</h2>{''.join(map(_quote, report.quotes))}</section>"
    if report.notes:
        notes = "".join(f"<li>{escape(note)}</li>" for note in report.notes)
        yield f"<section><h2>How to read this</h2><ul>{notes}</ul></section>"


def _key() -> str:
    return "".join(
        f'<span><i style="background: var(--{name})"></i>{name}</span>'
        for name in ("positive", "neutral", "mixed", "negative")
    )


def _overall(report: SurveyReport) -> str:
    """Sentiment of whole responses, and how much the topics cover."""
    bar = f'<p class="key">{_key()}</p><figure>{parts_bar(report.sentiments)}</figure>'
    total = sum(figure.count for figure in report.coverage)
    covered = " · ".join(
        f"{escape(figure.name)} {figure.count:,} ({figure.count / total:.1%})" for figure in report.coverage if total
    )
    return f"{bar}<p>{covered}</p>" if covered else bar


def _pairs(report: SurveyReport) -> str:
    rows = "".join(
        f"<tr><td>{escape(pair.topic)}</td><td>{escape(pair.other)}</td><td>{pair.count:,}</td><td>{pair.lift:.1f}</td>"
        f"<td>{escape(pair.difference)}</td></tr>"
        for pair in report.pairs
    )
    return (
        '<section><h2>Topics that come together</h2><p class="quiet">How many responses speak of both, and how many '
        "times as often as if the two topics had nothing to do with each other.</p>"
        '<div class="scroll"><table class="pairs"><thead><tr><th>Topic</th><th>And</th><th>Responses</th>'
        "<th>Times as often as by chance</th><th>Differs</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div></section>"
    )


def _impacts(report: SurveyReport) -> str:
    rows = []
    with_impact = [summary for summary in report.summaries if summary.impact is not None]
    for summary in sorted(with_impact, key=lambda one: one.impact.difference.value if one.impact else 0.0):
        impact = summary.impact
        if impact is None:
            continue
        adjusted = _signed(impact.adjusted) if impact.adjusted else "cannot be told"
        rows.append(
            f"<tr><td>{escape(summary.topic)}</td><td>{impact.with_count:,}</td><td>{_signed(impact.difference)}</td>"
            f"<td>{adjusted}</td></tr>"
        )
    name = escape(report.score_name)
    return (
        f'<section><h2>Impact on {name}</h2><p class="quiet">Mean {name} of responses with the topic less the mean '
        "of those without it, with its 95 % interval. It shows what goes together, not what causes what.</p>"
        '<div class="scroll"><table><thead><tr><th>Topic</th><th>Scored responses</th><th>Difference</th>'
        f"<th>Other topics held equal</th></tr></thead><tbody>{''.join(rows)}</tbody></table></div></section>"
    )


def _cross_tab(tab: CrossTab) -> str:
    heads = "".join(
        f"<th>{escape(value)}<br><small>{total:,}</small></th>"
        for value, total in zip(tab.values, tab.totals, strict=True)
    )
    rows = []
    for topic, cells in zip(tab.topics, tab.cells, strict=True):
        shown = "".join(
            f"<td>{cell.share.value:.1%}<small>{cell.count:,}</small>"
            f"{f'<b>{_MARKS[cell.difference]}</b>' if cell.difference is not Difference.NONE else ''}</td>"
            for cell in cells
        )
        rows.append(f"<tr><td>{escape(topic)}</td>{shown}</tr>")
    return (
        f'<section><h2>By {escape(tab.segment)}</h2><p class="quiet">▲ higher and ▼ lower mark shares that differ '
        "from all other responses by more than chance, corrected for the number of comparisons.</p>"
        f'<div class="scroll"><table><thead><tr><th>Topic</th>{heads}</tr></thead><tbody>{"".join(rows)}</tbody>'
        "</table></div></section>"
    )


def _quote(quote: Quote) -> str:
    start, end = max(0, quote.start), min(len(quote.text), quote.end)
    if end > start:
        inner = f"{escape(quote.text[:start])}<mark>{escape(quote.text[start:end])}</mark>{escape(quote.text[end:])}"
    else:
        inner = escape(quote.text)
    return f"<blockquote>{inner}<footer>{escape(quote.topic)}</footer></blockquote>"


def _signed(interval: Interval) -> str:
    return f"{interval.value:+.2f}<small>{interval.low:+.2f} to {interval.high:+.2f}</small>"
