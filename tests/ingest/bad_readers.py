"""A reader that does what the file says: hangs, dies, takes all memory. A process apart can import it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from rag.types import RawArticle, Skipped


class BadReader:
    """Each line is an order; what is none is the text of an article."""

    endings = (".bad",)
    max_bytes = 1_000_000

    def read(self, path: Path, stream: BinaryIO, fields: Mapping[str, str]) -> Iterator[RawArticle | Skipped]:
        for number, line in enumerate(stream.read().decode().split("\n")):
            order, _, value = line.partition(" ")
            if order == "hang":
                while True:
                    pass
            elif order == "die":
                os.kill(os.getpid(), int(value))
            elif order == "leave":
                os._exit(int(value))
            elif order == "take":
                bytearray(int(value))
            elif order == "print":
                os.write(1, b"a line that is no answer\n")
                print(value, flush=True)
            elif order == "wait":
                time.sleep(float(value))
            elif order == "pid":
                yield RawArticle(key="pid", text=str(os.getpid()))
            elif order == "fail":
                raise KeyError(value)
            else:
                yield RawArticle(key=f"{path.resolve().as_posix()}:{number}", text=line, origin=f"{path}:{number}")


class BadPages(BadReader):
    """The same for web pages."""

    endings = (".html",)
