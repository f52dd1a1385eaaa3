"""How good OnRecord is, on open data, beside published figures.

python -m tests.bench.quality                    # everything, about two hours; goes on where it was stopped
python -m tests.bench.quality scifact xquad-en   # some sets
python -m tests.bench.quality --list
"""
