"""`make bench`: how fast OnRecord is and what memory it takes, beside a plain LangChain pipeline.

python -m benchmarks --help

__main__.py   the command: which figures, in which order, and the table
figures.py    one function per group of figures
child.py      the programs that are measured, each in a process of its own
plain.py      the pipeline to compare with
process.py    starts a process, times it, watches its memory
data.py       the text: real articles where they are, else synthetic ones
machine.py    names the machine
table.py      medians, spreads, targets
"""
