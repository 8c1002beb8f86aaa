"""Web pages: the text a reader came for."""

from __future__ import annotations

from tests.unit.knowledge.loading.samples import bodies, load, only_code, only_document

PAGE = """<!doctype html><html><head><title>Returns | Harborview</title>
<link rel="canonical" href="https://kb.example/returns"><style>p {}</style></head>
<body><header><a href="/">Logo</a></header><nav>Menu</nav>
<main><header><h1>Returns</h1></header><p>Items come&nbsp;back <b>within</b> 30 days<a href="x">*</a>.</p>
<p hidden>Hidden.</p><div style="display: none">Hidden.</div><span aria-hidden="true">#</span>
<form>Your mail <input></form><aside>Related</aside><script>var x</script>
<h2>Steps</h2><ol start="2"><li>Pack.<ul><li>Tape.</li></ul></li><li><p>Send.</p></li></ol>
<dl><dt>Fee</dt><dd>None.</dd><dt>Alone</dt></dl></main><footer>Imprint</footer></body></html>"""


def test_menus_banners_forms_and_hidden_parts_are_dropped() -> None:
    document = only_document("a.html", PAGE)

    assert (document.title, document.url) == ("Returns", "https://kb.example/returns")
    assert bodies(document)[0] == ((), "Items come back within 30 days*.")
    for dropped in ("Logo", "Menu", "Hidden", "#", "mail", "Related", "var", "Imprint"):
        assert dropped not in document.text


def test_lists_and_definitions_are_lines() -> None:
    assert bodies(only_document("a.html", PAGE))[1] == (
        ("Steps",),
        "2. Pack.\n  - Tape.\n3. Send.\nFee: None.\nAlone",
    )


def test_table_rows_are_statements_and_merged_cells_are_repeated() -> None:
    document = only_document(
        "a.html",
        "<table><caption>Fees</caption><tr><th>Plan<th>Fee<th>Note</tr><tr><td>A<td rowspan=2>$5<td>x</tr>"
        "<tr><td>B<td>Mon<br>Tue</tr></table>",
    )

    assert document.text == "Fees.\nPlan: A; Fee: $5; Note: x.\nPlan: B; Fee: $5; Note: Mon, Tue."


def test_table_of_names_and_values_reads_across() -> None:
    document = only_document(
        "a.html", "<table><tr><th>Phone</th><td>711</td></tr><tr><th>Fax</th><td>712</td></tr></table>"
    )

    assert document.text == "Phone: 711.\nFax: 712."


def test_table_that_arranges_the_page_is_read_through() -> None:
    document = only_document(
        "a.html", "<table><tr><td><h2>Hours</h2><p>Nine to five.</p></td><td>Side</td></tr></table>"
    )

    assert bodies(document)[0][0] == ("Hours",)


def test_page_wrapped_into_one_form_is_read() -> None:
    assert "Text." in only_document("a.html", "<form><h1>T</h1><p>Text.</p><button>Go</button></form>").text


def test_questions_that_open_on_click_are_headings() -> None:
    document = only_document("a.html", "<details><summary>May I return it?</summary><p>Yes.</p></details>")

    assert bodies(document) == [(("May I return it?",), "Yes.")]


def test_declared_encoding_is_used() -> None:
    page = '<meta charset="windows-1251"><p>Привет, мир</p>'.encode("cp1251")

    assert only_document("a.html", page).text == "Привет, мир"


def test_claimed_spans_do_not_blow_up_the_table() -> None:
    page = "<table><tr><th rowspan=999999 colspan=999999>a<th>b</tr>" + "<tr><td>x<td>y</tr>" * 100 + "</table>"

    assert len(only_document("a.html", page).text) < 100_000


def test_page_nested_beyond_reason_is_refused_at_once() -> None:
    assert only_code("a.html", "<div>" * 100_000 + "x") == "html-damaged"


def test_nested_page_is_read() -> None:
    assert only_document("a.html", "<div>" * 3_000 + "Deep text." + "</div>" * 3_000).text == "Deep text."


def test_pictures_are_counted_and_ornaments_are_not() -> None:
    page = "<p>Text.<img src=a><img src=b alt='Chart of fees'><img src=c alt=''><img src=d width=16 height=16>"

    loaded = load("a.html", f"<html><body>{page}<nav><img src=logo></nav></body></html>")

    assert [(warning.code, warning.cause[:10]) for warning in loaded.warnings] == [("pictures-not-read", "2 pictures")]
