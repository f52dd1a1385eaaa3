"""Writes docs/api.md, the reference of what ``rag`` exports, from signatures and docstrings.

python docs/api_pages.py            writes it
python docs/api_pages.py --check    says whether it is up to date; exit code 1 where it isn't

Only the source is read: nothing of it is imported, so that no library changes what is written.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/api.md"
_HEAD = """# The Python API

Made by docs/api_pages.py from the docstrings; [programs.md](programs.md) shows how it is used. Every name here
is imported from `rag`. The options of a question are those of `SearchOptions` and `AskOptions`; an editor lists them.

"""
_GROUPS = {
    "Archives": ("Archive", "AsyncArchive", "Chat", "AsyncChat", "NewArticle", "Settings"),
    "Options": ("FilterArgs", "QuestionOptions", "SearchOptions", "AskOptions"),
    "LangChain and LangGraph": ("ArchiveRetriever", "ArchiveRunnable", "ArchiveTool"),
    "Claims and evaluation": ("Claim", "Judgement", "check_claims", "EvalCase", "Report", "evaluate", "load_cases"),
}
"""What comes first; other values and errors follow."""
_BESIDE = {
    "FilterArgs": "rag.protocols",
    "QuestionOptions": "rag.protocols",
    "SearchOptions": "rag.protocols",
    "AskOptions": "rag.protocols",
    "ArchiveRetriever": "rag.langchain",
    "ArchiveTool": "rag.langchain",
    "ArchiveRunnable": "rag.runnable",
}
"""What is described, and made or taken by methods, without being exported."""
_LONGEST = 100  # characters of a signature on one line
_LEFT_OUT = frozenset({"Event", "__version__"})


def homes() -> dict[str, str]:
    """Every exported name → its module, as ``rag/__init__.py`` imports them for type checkers."""
    found: dict[str, str] = {}
    for node in ast.walk(ast.parse((ROOT / "rag/__init__.py").read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("rag."):
            found.update({alias.name: node.module for alias in node.names})
    return {name: module for name, module in found.items() if name not in _LEFT_OUT} | _BESIDE


def page() -> str:
    """The whole page."""
    places = homes()
    first = [name for names in _GROUPS.values() for name in names]
    errors = [name for name in places if places[name] == "rag.errors"]
    rest = sorted(name for name in places if name not in {*first, *errors})
    parts = [_HEAD]
    for title, names in {**_GROUPS, "Values": rest}.items():
        parts.append(f"## {title}\n\n")
        parts += [_entry(name, places[name]) for name in names]
    tree = ast.get_docstring(ast.parse(_file("rag.errors").read_text("utf-8"))) or ""
    drawn = "\n".join(line for line in tree.splitlines() if re.search(r"[├└│]|^ *OnRecordError$", line))
    parts.append(
        f"## Errors\n\nAll are exported from `rag`; every message ends with what to do next.\n\n```text\n{drawn}\n```\n"
    )
    return "".join(parts)


def _file(module: str) -> Path:
    path = ROOT / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _find(module: str, name: str) -> tuple[ast.stmt, str]:
    """A class or a function, in a module or in what it takes it from, and the module it stands in."""
    tree = ast.parse(_file(module).read_text("utf-8"))
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
            return node, module
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("rag"):
            if any((alias.asname or alias.name) == name for alias in node.names):
                return _find(node.module, name)
    raise LookupError(f"{module} has no {name}")


def _entry(name: str, module: str) -> str:
    node, place = _find(module, name)
    if not isinstance(node, ast.ClassDef):
        return f"### {name}\n\n{_code(node)}{_told(node)}"
    lines = [f"### {name}\n\n", _told(node)]
    if fields := dict(_fields(node, place)):
        lines += ["| field | type | |\n|---|---|---|\n", *fields.values(), "\n"]
    for method in _methods(node, place):
        lines.append(f"#### {name}.{method.name}\n\n{_code(method)}{_told(method)}")
    return "".join(lines)


def _bases(node: ast.ClassDef, place: str) -> Iterator[tuple[ast.ClassDef, str]]:
    """A class and those of ours that it is made of, itself first; values have nothing to tell of their base."""
    yield node, place
    for base in node.bases:
        if isinstance(base, ast.Name) and base.id not in ("Value", "FormerNames"):
            try:
                found, there = _find(place, base.id)
            except LookupError:
                continue  # of another package
            if isinstance(found, ast.ClassDef):
                yield from _bases(found, there)


def _methods(node: ast.ClassDef, place: str) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    found: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = {}
    for one, _ in _bases(node, place):
        for part in one.body:
            if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) and not part.name.startswith("_"):
                found.setdefault(part.name, part)
    # What the program calls itself stands beneath.
    hidden = {"found", "close_sources", "planner", "retriever", "settings_customise_sources"}
    return [found[name] for name in sorted(found) if name not in hidden]


def _fields(node: ast.ClassDef, place: str) -> Iterator[tuple[str, str]]:
    """Public attributes that are declared with a type, by name, and their rows; the last of a name counts."""
    for one, _ in reversed(list(_bases(node, place))):
        for at, part in enumerate(one.body):
            if not isinstance(part, ast.AnnAssign) or not isinstance(part.target, ast.Name):
                continue
            name = part.target.id
            if name.startswith("_") or name == "model_config":
                continue
            after = one.body[at + 1] if at + 1 < len(one.body) else None
            about = ""
            if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                about = " ".join(str(after.value.value).split())
            elif isinstance(part.value, ast.Call):
                named = {k.arg: k.value for k in part.value.keywords}
                told = named.get("description")
                about = str(ast.literal_eval(told)) if isinstance(told, ast.Constant) else ""
            kind = ast.unparse(part.annotation).replace("|", "\\|")
            yield name, f"| `{name}` | `{kind}` | {about.replace('``', '`').replace('|', chr(92) + '|')} |\n"


def _code(node: ast.stmt) -> str:
    """A signature as it would be written."""
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    decorators = {ast.unparse(d) for d in node.decorator_list}
    mark = "".join(f"@{d}\n" for d in sorted(decorators) if d in ("property", "classmethod", "cached_property"))
    word = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    returned = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    given = list(_arguments(node.args))
    line = f"{word} {node.name}({', '.join(given)}){returned}: ..."
    if len(line) > _LONGEST:
        line = "\n".join([f"{word} {node.name}(", *(f"    {one}," for one in given), f"){returned}: ..."])
    return f"```python\n{mark}{line}\n```\n\n"


def _arguments(args: ast.arguments) -> Iterator[str]:
    """Parameters, each with its type and default."""
    plain = [*args.posonlyargs, *args.args]
    without = len(plain) - len(args.defaults)
    for at, one in enumerate(plain):
        yield _argument(one, args.defaults[at - without] if at >= without else None)
    if args.vararg:
        yield f"*{_argument(args.vararg, None)}"
    elif args.kwonlyargs:
        yield "*"
    for one, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        yield _argument(one, default)
    if args.kwarg:
        yield f"**{_argument(args.kwarg, None)}"


def _argument(one: ast.arg, default: ast.expr | None) -> str:
    kind = f": {ast.unparse(one.annotation)}" if one.annotation else ""
    equals = " = " if kind else "="
    return f"{one.arg}{kind}{equals + ast.unparse(default) if default else ''}"


def _told(node: ast.stmt) -> str:
    """A docstring as Markdown: its sections as lists."""
    assert isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    out: list[str] = []
    section = False
    for line in (ast.get_docstring(node) or "").splitlines():
        if re.fullmatch(r"(Args|Raises|Returns):", line):
            section = True
            out += [f"**{line}**", ""]
        elif section and (item := re.fullmatch(r"    ([\w., ]+): (.*)", line)):
            out.append(f"- `{item[1]}`: {item[2]}")
        elif section and line.startswith("    "):
            out.append(f"{'  ' if line.startswith('        ') else ''}{line.strip()}")
        else:
            section = section and not line.strip()
            out.append(line)
    return "\n".join(out).replace("``", "`") + "\n\n"


def main() -> int:
    """Write, or check."""
    new = page()
    if "--check" in sys.argv:
        if not PAGE.exists() or PAGE.read_text("utf-8") != new:
            print("docs/api.md is not what the docstrings say. Run: python docs/api_pages.py")
            return 1
        return 0
    PAGE.write_text(new, "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
