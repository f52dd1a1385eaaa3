"""How good OnRecord is, on open data, beside published figures.

python -m benchmarks.quality                    # everything, about two hours; goes on where it was stopped
python -m benchmarks.quality scifact xquad-en   # some sets
python -m benchmarks.quality --list
"""
