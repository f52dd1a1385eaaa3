"""Attacks on an archive's stores, with figures: ``python -m benchmarks.stress --minutes N [--seed S] [PART …]``.

kills   kill -9 at random moments of ingest, deletion, repair, rebuild, upload and sync, five to an archive
power   the folder copied while it is written, with and without the tail of the write-ahead log
damage  files of the indexes and the catalog cut, flipped, emptied, gone or replaced
disk    files that can't grow any further, at steps of 64 KB

Every round has a seed, which is printed where the round fails and repeats it: ``--seed S --rounds 1 PART``.

Programs of their own: ``benchmarks.stress.fuzz`` (files of every form, changed at random),
``benchmarks.stress.special`` (what is no ordinary file) and
``benchmarks.stress.soak`` (the service under many clients).
"""
