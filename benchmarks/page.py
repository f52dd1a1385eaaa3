"""``python -m benchmarks.page``: how long after Enter the evidence stands on the page, in a real browser.

Over the archive that ``python -m benchmarks`` builds (20,000 passages, kept in ``.bench``); extractive engine.
"""

from __future__ import annotations

import argparse
import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import data, machine
from benchmarks.figures import Bench
from benchmarks.process import WORK, environment, say
from rag.settings import load_settings

_WATCH = """() => {
  const evidence = () => [...document.querySelectorAll('#panel .hit')].map((hit) => hit.textContent).join();
  const before = evidence();
  let started;
  addEventListener('keydown', () => { started = performance.now(); }, {capture: true, once: true});
  window.took = new Promise((done) => {
    const watch = new MutationObserver(() => {
      const now = evidence();
      if (started && now && now !== before) {
        watch.disconnect();
        requestAnimationFrame(() => done(performance.now() - started));
      }
    });
    watch.observe(document.body, {childList: true, subtree: true, characterData: true});
  });
}"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page", description="The page, from Enter to evidence.")
    parser.add_argument("--archive", type=Path, metavar="DIR", help="an existing archive instead of our own")
    parser.add_argument("--passages", type=int, default=20_000, help="size of the archive [20000]")
    parser.add_argument("--questions", type=int, default=20, help="how many [20]")
    options = parser.parse_args(arguments)
    from playwright.sync_api import sync_playwright

    from tests.browser.conftest import QUIET, until

    WORK.mkdir(exist_ok=True)
    cache = load_settings().cache.expanduser().resolve()
    env = environment(cache)
    about = machine.describe(cache)
    source = data.source(None)
    given = options.archive.resolve() if options.archive else None
    archive, passages = Bench(env, source, 1, 1, 1, options.passages, 1, given).large()
    command = [sys.executable, "-m", "rag.cli", "ui", "--model", "extractive", "--port", "0", "--archive", str(archive)]
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found, "the page did not start"
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", *QUIET])
            tab = browser.new_page(viewport={"width": 1440, "height": 900})
            tab.set_default_timeout(120_000)
            tab.goto(found.group())
            tab.wait_for_selector(".hero")
            times = []
            for n, question in enumerate(data.questions(source, options.questions + 2)):
                tab.fill("#question textarea", question)
                tab.wait_for_timeout(300)
                tab.evaluate(_WATCH)
                tab.press("#question textarea", "Enter")
                took = tab.evaluate("took")
                until(tab, "n => document.querySelectorAll('.turn').length === n", n + 1)
                tab.wait_for_selector("#live .tools, #live .failed")
                if n >= 2:  # the first ones load the embedding model
                    times.append(took)
            browser.close()
    finally:
        process.terminate()
        process.wait(30)
    print("\n".join(machine.lines(about)))
    say("")
    quarters = statistics.quantiles(times, n=20)
    print(
        f"From Enter to evidence on the page, {passages:,} passages (target: 500 ms): "
        f"median {statistics.median(times):.0f} ms, p95 {quarters[-1]:.0f} ms, of {len(times)} questions"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
