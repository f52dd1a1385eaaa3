"""Benchmarks and training; not installed with the package.

python -m benchmarks                  speed and memory, beside a plain LangChain pipeline (`make bench`)
python -m benchmarks.service          the HTTP service under load
python -m benchmarks.page             the page in a browser, from Enter to evidence
python -m benchmarks.quality          answers, retrieval and the support check on open data (`make quality`)
python -m benchmarks.pages            title, outlet, authors, times and text of web pages, beside other extractors
python -m benchmarks.pdfs             the same for the text of PDF
python -m benchmarks.sources          feeds and pages served and synced, and whether fetching keeps ahead of embedding
python -m benchmarks.forms            exports of many articles: how fast they are read, in how much memory
python -m benchmarks.golden           what the program decides, as files to compare byte for byte
python -m benchmarks.fit.support      trains the weights of the support check
python -m benchmarks.fit.confidence   trains the weights of an answer's confidence

Of speed and memory:

__main__.py   the command: which figures, in which order, and the table
figures.py    one function per group of figures
child.py      the programs that are measured, each in a process of its own
plain.py      the pipeline to compare with
process.py    starts a process, times it, watches its memory
data.py       the text: real articles where they are, else synthetic ones
machine.py    names the machine
table.py      medians, spreads, targets
"""
