"""Small files of every form, made by rule: an ending, and the bytes of a file with at least one article."""

from __future__ import annotations

import json
from collections.abc import Callable

from json_samples import JSON_SAMPLES

WORDS = "The Harbour Bridge will close in June. Engineers found cracks in two of its nine piers."
TITLE = "Bridge closed"
DAY = "March 5, 2024"


def nexis_text() -> bytes:
    """The older layout, two articles."""
    one = (
        "\n{n} of 2 DOCUMENTS\n\n\n   The Kellmouth Post\n\n   " + DAY + " Tuesday\n\n" + TITLE + " {n}\n\n"
        "BYLINE: Ann Lee\n\nSECTION: NEWS; Pg. 3\n\nLENGTH: 16 words\n\n" + WORDS + "\n\nLOAD-DATE: March 9, 2024\n\n"
        "LANGUAGE: ENGLISH\n\n      Copyright 2025 Kellmouth Post Ltd\n"
    )
    return ("Download Request: Selected Items: 1-2\n" + one.format(n=1) + one.format(n=2)).encode()


def nexis_newer() -> str:
    """The newer layout as lines, two articles."""
    one = (
        f"{TITLE} {{n}}\nThe Kellmouth Post\n{DAY} Tuesday\n\nCopyright 2025 Kellmouth Post Ltd\nSection:\xa0NEWS\n"
        f"Length:\xa016 words\nByline:\xa0Ann Lee\nBody\n\n{WORDS}\n\nClassification\n\nLanguage:\xa0ENGLISH\n"
        "Load-Date:\xa0March 9, 2024\n\nEnd of Document\n"
    )
    return f"Documents (2)\n1. {TITLE} 1\n2. {TITLE} 2\n\n" + one.format(n=1) + one.format(n=2)


def nexis_rtf() -> bytes:
    """The same as RTF."""
    body = nexis_newer().replace("\xa0", "\\'a0").replace("\n", "\\par\n")
    return ("{\\rtf1\\ansi\\ansicpg1252 " + body + "}").encode("cp1252")


def nexis_html() -> bytes:
    """The older layout as HTML."""

    def block(text: str) -> str:
        return f'<BR><DIV CLASS="c0"><P CLASS="c1"><SPAN CLASS="c2">{text}</SPAN></P>\n</DIV>\n'

    article = "".join(
        map(block, ["1 of 1 DOCUMENTS", "The Kellmouth Post", f"{DAY} Tuesday", TITLE, "BYLINE: Ann Lee", WORDS,
                    "LOAD-DATE: March 9, 2024"])
    )  # fmt: skip
    return (
        f"<HTML><BODY><!-- Hide XML section from browser\n<DOC NUMBER=1>\n<DOCFULL> -->{article}"
        "<!-- Hide XML section from browser\n</DOCFULL>\n</DOC> --></BODY></HTML>"
    ).encode()


def nexis_word() -> bytes:
    """The newer layout as a Word document."""
    import io

    import docx
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    made, out, number = docx.Document(), io.BytesIO(), 0
    for line in nexis_newer().split("\n"):
        paragraph = made.add_paragraph(line)
        if line.startswith(TITLE):
            number += 1
            mark = OxmlElement("w:bookmarkStart")
            mark.set(qn("w:name"), f"Bookmark_{number}")
            paragraph._p.append(mark)
    made.save(out)
    return out.getvalue()


def factiva_html() -> bytes:
    """With field codes."""
    cells = {"HD": TITLE, "BY": "Ann Lee", "PD": "5 March 2024", "ET": "09:30", "SN": "The Kellmouth Post",
             "LA": "English", "LP": f"<p>{WORDS}</p>", "AN": "Document KELLPO0020240305ek3500001"}  # fmt: skip
    rows = "".join(f"<tr><td><b>{code}</b></td><td>{value}</td></tr>" for code, value in cells.items())
    return (
        f'<html><head><title>Factiva</title></head><body><div class="article enArticle"><table>{rows}</table></div>'
        "</body></html>"
    ).encode()


def factiva_xml() -> bytes:
    """Factiva's XML."""
    return (
        '<?xml version="1.0"?><PPSResponse><ppsArticleResponse><ppsarticle><article><accessionNo>K1</accessionNo>'
        f"<baseLanguage>EN</baseLanguage><headline><paragraph>{TITLE}</paragraph></headline><leadParagraph><paragraph>"
        f"{WORDS}</paragraph></leadParagraph><publicationDate><date>2024-03-05</date></publicationDate>"
        "<sourceName>The Kellmouth Post</sourceName></article></ppsarticle></ppsArticleResponse></PPSResponse>"
    ).encode()


def factiva_text() -> bytes:
    """As RTF and text have it, without field codes."""
    return (
        f"{TITLE}\n\nAnn Lee\n16 words\n5 March 2024\n09:30\nThe Kellmouth Post\nKELLPO\nEnglish\n"
        f"Copyright 2024 Kellmouth Post Ltd\n\n{WORDS}\n\nDocument KELLPO0020240305ek3500001\n"
    ).encode()


def europresse() -> bytes:
    """The older layout."""
    return (
        '<html><body><table><tr><td><span class="DocPublicationName">Le Quai</span><br><span class="DocHeader">mardi '
        '</span><span class="DocHeader">5 mars 2024</span><br><br><span class="TitreArticleVisu">Pont fermé</span><br>'
        f"<br>{WORDS}<p></p><b><i>© 2020 Le Quai</i></b></td></tr></table></body></html>"
    ).encode()


def integrum() -> bytes:
    """One article."""
    return (
        "<html><head><title>Report 12.05.2021 15:50:05</title></head><body><div><table><tr><td>^ИС: Вестник<br>"
        f"^ДТ: 05.03.2024<br>^ЗГ: Мост закрыт<br></td></tr></table><pre>\n     {WORDS}\n</pre></div></body></html>"
    ).encode()


def proquest_html() -> bytes:
    """One document."""
    fields = {"Author": "Lee, Ann", "Publication title": "The Kellmouth Post; Kellmouth", "Publication date": DAY,
              "ProQuest document ID": "1"}  # fmt: skip
    labelled = "".join(f"<p><strong>{name}: </strong>{value}</p>" for name, value in fields.items())
    return (
        f'<div><a name="DocID_MSTAR_1"></a><p style="font-weight:bold;">{TITLE}</p><p><strong>Full text: </strong>'
        f"<text><p>{WORDS}</p></text></p>{labelled}</div>"
    ).encode()


def proquest_text() -> bytes:
    """One document."""
    rule = "_" * 60
    return (
        f"{rule}\n\n{TITLE}\n\nProQuest document link: https://example.org/1\n\nFull text: {WORDS}\n\n"
        f"Publication title: The Kellmouth Post; Kellmouth\n\nPublication date: {DAY}\n\n{rule}\n"
    ).encode()


def nitf() -> bytes:
    """One document."""
    return (
        '<?xml version="1.0"?><nitf><head><docdata><date.issue norm="20240305T093000+0100"/></docdata></head><body>'
        f"<body.head><hedline><hl1>{TITLE}</hl1></hedline><byline>By Ann Lee</byline>"
        f"<distributor>Coast Wire</distributor></body.head><body.content><p>{WORDS}</p></body.content></body></nitf>"
    ).encode()


def newsml_g2(state: str = "stat:usable") -> bytes:
    """One item."""
    return (
        '<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/" guid="tag:coast:1"><itemMeta><itemClass '
        f'qcode="ninat:text"/><firstCreated>2024-03-05T09:30:00+01:00</firstCreated><pubStatus qcode="{state}"/>'
        f"</itemMeta><contentMeta><creditline>Coast Wire</creditline><headline>{TITLE}</headline></contentMeta>"
        f'<contentSet><inlineXML><html xmlns="http://www.w3.org/1999/xhtml"><body><p>{WORDS}</p></body></html></inlineXML>'
        "</contentSet></newsItem>"
    ).encode()


def newsml_1(state: str = "Usable") -> bytes:
    """One item."""
    return (
        f"<NewsML><NewsItem><NewsManagement><FirstCreated>20240305T093000+0100</FirstCreated>"
        f'<Status FormalName="{state}"/></NewsManagement>'
        f"<NewsComponent><NewsLines><HeadLine>{TITLE}</HeadLine></NewsLines><AdministrativeMetadata>"
        '<Provider><Party FormalName="Coast Wire"/></Provider></AdministrativeMetadata><ContentItem><DataContent>'
        f"<p>{WORDS}</p></DataContent></ContentItem></NewsComponent></NewsItem></NewsML>"
    ).encode()


def wire() -> bytes:
    """IPTC 7901."""
    return (
        f"\x01abc001 4 i 20 coast 061\n\nbridge/\n\x02{TITLE} =\n\n   {WORDS}\n\n\x03050830 GMT Mar 24\n\x04".encode()
    )


def json_news() -> bytes:
    """NewsAPI: a beginning."""
    row = {"source": {"id": None, "name": "The Kellmouth Post"}, "author": "Ann Lee", "title": TITLE,
           "urlToImage": None, "url": "https://kellmouth.example/bridge", "publishedAt": "2024-03-05T09:30:00Z",
           "content": f"{WORDS}… [+12252 chars]"}  # fmt: skip
    return json.dumps({"status": "ok", "totalResults": 1, "articles": [row]}).encode()


def _zip(files: dict[str, str], first: str = "") -> bytes:
    """A ZIP; a type is declared by its first file, unpacked."""
    import io
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        if first:
            packed.writestr("mimetype", first, zipfile.ZIP_STORED)
        for name, text in files.items():
            packed.writestr(name, text)
    return out.getvalue()


def wordpress() -> bytes:
    """A post; the day of the export is another."""
    return (
        '<?xml version="1.0"?><rss xmlns:wp="http://wordpress.org/export/1.2/" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>The Kellmouth Post</title>'
        "<pubDate>Sat, 09 Mar 2024 00:00:00 +0000</pubDate><item><title>Bridge closed</title>"
        "<wp:post_type>post</wp:post_type><wp:status>publish</wp:status><wp:post_id>7</wp:post_id>"
        f"<wp:post_date_gmt>2024-03-05 08:30:00</wp:post_date_gmt>"
        f"<content:encoded><![CDATA[{WORDS}]]></content:encoded>"
        "</item></channel></rss>"
    ).encode()


def feed() -> bytes:
    """RSS with one item."""
    return (
        '<?xml version="1.0"?><rss version="2.0"><channel><title>The Kellmouth Post</title><item>'
        "<title>Bridge closed</title>"
        f"<pubDate>Tue, 05 Mar 2024 09:30:00 +0100</pubDate><description>{WORDS}</description></item></channel></rss>"
    ).encode()


def mediawiki() -> bytes:
    """A page with one revision."""
    return (
        '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.10/"><siteinfo>'
        "<sitename>Harbour Wiki</sitename></siteinfo>"
        f"<page><title>Bridge</title><ns>0</ns><id>1</id><revision><timestamp>2024-03-09T00:00:00Z</timestamp><text>"
        f"{WORDS}</text></revision></page></mediawiki>"
    ).encode()


def alto() -> bytes:
    """A page of one block."""
    words = "".join(f'<String CONTENT="{word}"/>' for word in WORDS.split())
    return (
        '<?xml version="1.0"?><alto><Layout><Page><PrintSpace><TextBlock><TextLine>'
        f"{words}</TextLine></TextBlock></PrintSpace></Page></Layout></alto>"
    ).encode()


def medium() -> bytes:
    """A post."""
    return (
        f'<html><body><article class="h-entry"><h1 class="p-name">{TITLE}</h1><section data-field="body"><p>{WORDS}</p>'
        '</section><footer><a href="https://medium.com/@ann" class="p-author">Ann Lee</a><time class="dt-published" '
        'datetime="2024-03-05T08:30:00Z">x</time><a href="https://medium.com/@ann/bridge" class="p-canonical">x</a>'
        "</footer></article></body></html>"
    ).encode()


def ghost() -> bytes:
    """A post and a draft."""
    post = {"id": "1", "title": TITLE, "html": f"<p>{WORDS}</p>", "type": "post", "status": "published",
            "published_at": "2024-03-05T08:30:00Z"}  # fmt: skip
    data = {"posts": [post], "settings": [{"key": "title", "value": "The Kellmouth Post"}]}
    return json.dumps({"db": [{"meta": {"exported_on": 1775409738177}, "data": data}]}).encode()


def json_feed() -> bytes:
    """One item."""
    item = {"id": "1", "title": TITLE, "content_text": WORDS, "date_published": "2024-03-05T09:30:00+01:00"}
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "The Kellmouth Post", "items": [item]}
    return json.dumps(feed).encode()


def beehiiv() -> bytes:
    """One letter."""
    return (
        "id,web_title,status,url,content_html,created_at\n1,Bridge closed,confirmed,https://post.example/p/bridge,"
        f'"<p>{WORDS}</p>",2024-03-05 08:30:00\n'
    ).encode()


def warc() -> bytes:
    """One page; the day of the capture is not that of the page."""
    page = (
        f"<html><head><title>{TITLE}</title>"
        f'<meta property="article:published_time" content="2024-03-05T09:30:00+01:00">'
        f"</head><body><article><h1>{TITLE}</h1><p>{WORDS} {WORDS}</p><p>{WORDS}</p></article></body></html>"
    )
    answer = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{page}".encode()
    return (
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:1>\r\nWARC-Date: 2024-03-09T00:00:00Z\r\n"
        "WARC-Target-URI: https://kellmouth.example/bridge\r\nContent-Type: application/http; msgtype=response\r\n"
        f"Content-Length: {len(answer)}\r\n\r\n"
    ).encode() + answer + b"\r\n\r\n"  # fmt: skip


def wacz() -> bytes:
    """The same in a WACZ."""
    return _zip({"datapackage.json": "{}", "archive/data.warc": warc().decode()})


def letter() -> bytes:
    """A newsletter."""
    return (
        "From: Ann Lee from The Kellmouth Post <post@letters.example>\nSubject: Bridge closed\nMIME-Version: 1.0\n"
        "Date: Tue, 05 Mar 2024 09:30:00 +0100\nMessage-ID: <1@letters.example>\nList-Id: <post.letters.example>\n"
        f"List-Post: <https://kellmouth.example/p/bridge>\nContent-Type: text/plain; charset=utf-8\n\n{WORDS}\n"
    ).encode()


def mbox() -> bytes:
    """Two letters."""
    other = letter().replace(b"1@letters", b"2@letters").replace(b"/bridge", b"/again")
    return b"".join(b"From post@letters.example Tue Mar  5 09:30:00 2024\n" + one + b"\n" for one in (letter(), other))


def mhtml() -> bytes:
    """A saved page."""
    page = warc().split(b"\r\n\r\n")[2].decode()
    return (
        "From: <Saved by Blink>\nSnapshot-Content-Location: https://kellmouth.example/bridge\nSubject: Bridge\n"
        "Date: Sat, 9 Mar 2024 00:00:00 -0000\nMIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n--x\n"
        f"Content-Type: text/html; charset=utf-8\n\n{page}\n--x--\n"
    ).encode()


def trec() -> bytes:
    """Two documents."""
    one = "<DOC>\n<DOCNO> K-{n} </DOCNO>\n<HEADLINE>Bridge closed</HEADLINE>\n<TEXT>\n" + WORDS + "\n</TEXT>\n</DOC>\n"
    return (one.format(n=1) + one.format(n=2)).encode()


def reuters() -> bytes:
    """One story."""
    return (
        '<!DOCTYPE lewis SYSTEM "lewis.dtd">\n<REUTERS TOPICS="YES" NEWID="1">\n<DATE> 5-MAR-2024 09:30:00.10</DATE>\n'
        f"<TEXT>\n<TITLE>BRIDGE CLOSED</TITLE>\n<BODY>{WORDS}\n</BODY></TEXT>\n</REUTERS>\n"
    ).encode()


def ris() -> bytes:
    """A record with an abstract."""
    return (
        f"TY  - NEWS\nTI  - {TITLE}\nAU  - Lee, Ann\nT2  - The Kellmouth Post\nDA  - 2024/03/05\n"
        f"AB  - {WORDS}\nER  - \n"
    ).encode()


def bibtex() -> bytes:
    """An entry with an abstract."""
    return (
        f"@article{{lee2024,\n  title = {{{{Bridge}} closed}},\n  author = {{Lee, Ann and Ray, Ben}},\n  journal = "
        f"{{The Kellmouth Post}},\n  date = {{2024-03-05}},\n  abstract = {{{WORDS}}},\n}}\n"
    ).encode()


def swissdox() -> bytes:
    """One printed article; midnight is no time."""
    names = "id pubtime medium_code medium_name rubric language char_count head subhead content_id content".split()
    row = ["7", "2024-03-05 00:00:00+01", "KP", "The Kellmouth Post", "News", "en", "90", TITLE, "", "c7",
           f"<tx><ld><p>{WORDS}</p></ld><lg>A picture</lg><au>Ann Lee</au></tx>"]  # fmt: skip
    return ("\t".join(names) + "\n" + "\t".join(row) + "\n").encode()


def parquet() -> bytes:
    """One row."""
    import io
    from datetime import datetime

    import pyarrow
    import pyarrow.parquet

    out = io.BytesIO()
    columns = {"title": [TITLE], "text": [WORDS], "source": ["The Kellmouth Post"], "date": [datetime(2024, 3, 5)]}
    pyarrow.parquet.write_table(pyarrow.table(columns), out)
    return out.getvalue()


def anpa() -> bytes:
    """ANPA 1312."""
    return (
        "\x16\x16\x01a0061\x1fabbr-\r\nr i\x13\x11 bc-bridge-closed 03-05 0016\r\n\x02"
        f"^BC-Bridge Closed,0016<\r\n^{TITLE}<\r\n^By ANN LEE<\r\n^Coast Wire Writer<\r\n\tKELLMOUTH (Coast) _ "
        f"{WORDS}\r\n\r\n\x03cw-ke-03-05-24 0930EST\r\n\x04"
    ).encode("latin-1")


def subtitles() -> bytes:
    """Two cues."""
    one, two = WORDS.split(". ")
    return f"1\n00:00:01,000 --> 00:00:03,000\n{one}.\n\n2\n00:00:03,500 --> 00:00:06,000\n{two}\n".encode()


def odt() -> bytes:
    """A heading and a paragraph."""
    text = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
    body = f'<d xmlns:text="{text}"><text:h>{TITLE}</text:h><text:p>{WORDS}</text:p></d>'
    return _zip({"content.xml": body}, "application/vnd.oasis.opendocument.text")


def epub() -> bytes:
    """One chapter."""
    opf = (
        '<package xmlns="http://www.idpf.org/2007/opf"><manifest><item id="a" href="a.xhtml"/></manifest>'
        '<spine><itemref idref="a"/></spine></package>'
    )
    return _zip(
        {"content.opf": opf, "a.xhtml": f"<html><body><h1>{TITLE}</h1><p>{WORDS}</p></body></html>"},
        "application/epub+zip",
    )


def xlsx() -> bytes:
    """One row."""
    import io

    import openpyxl

    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["title", "text", "source", "date"])
    book.active.append([TITLE, WORDS, "The Kellmouth Post", "2024-03-05"])
    book.save(out)
    return out.getvalue()


def rtf() -> bytes:
    """One article."""
    return f"{{\\rtf1\\ansi {TITLE}\\par\n\\par\n{WORDS}\\par\n}}".encode()


SAMPLES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "nexis-text": (".txt", nexis_text),
    "nexis-rtf": (".rtf", nexis_rtf),
    "nexis-html": (".html", nexis_html),
    "nexis-word": (".docx", nexis_word),
    "factiva-html": (".html", factiva_html),
    "factiva-xml": (".xml", factiva_xml),
    "factiva-text": (".txt", factiva_text),
    "europresse": (".html", europresse),
    "integrum": (".html", integrum),
    "proquest-html": (".html", proquest_html),
    "proquest-text": (".txt", proquest_text),
    "nitf": (".xml", nitf),
    "newsml-g2": (".xml", newsml_g2),
    "newsml-1": (".xml", newsml_1),
    "wire": (".txt", wire),
    **JSON_SAMPLES,
    "wordpress-wxr": (".xml", wordpress),
    "feed": (".rss", feed),
    "mediawiki": (".xml", mediawiki),
    "alto": (".xml", alto),
    "medium": (".html", medium),
    "ghost": (".json", ghost),
    "json-feed": (".json", json_feed),
    "newsletter-csv": (".csv", beehiiv),
    "warc": (".warc", warc),
    "wacz": (".wacz", wacz),
    "letter": (".eml", letter),
    "mbox": (".mbox", mbox),
    "mhtml": (".mhtml", mhtml),
    "trec": (".txt", trec),
    "reuters-21578": (".sgm", reuters),
    "ris": (".ris", ris),
    "bibtex": (".bib", bibtex),
    "swissdox": (".tsv", swissdox),
    "parquet": (".parquet", parquet),
    "anpa-1312": (".txt", anpa),
    "subtitles": (".srt", subtitles),
    "odt": (".odt", odt),
    "epub": (".epub", epub),
    "xlsx": (".xlsx", xlsx),
    "rtf": (".rtf", rtf),
}
UNDATED = frozenset({"newsletter-csv", "chorus-json", "mediawiki", "alto", "trec", "subtitles", "odt", "epub", "rtf"})
"""Forms, or their samples here, that tell neither outlet nor day."""
