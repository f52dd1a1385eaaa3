#!/usr/bin/env bash
# LangGraph 1.2.24: a node may return a pydantic model in place of a dictionary. Its fields that are keys of the graph's state
# are written, and all others are dropped without a word; a dictionary with the same unknown key is dropped from alike. So a
# misspelt field of a result never reaches the state, and nothing tells.
# Seen: a model with "answer" and "anwser_text" writes "answer" alone; the state keeps its old "answer_text".
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/env"
"$dir/env/bin/pip" install --quiet --disable-pip-version-check "langgraph==1.2.24" "pydantic>=2.10,<3" 2>/dev/null
"$dir/env/bin/python" - <<'PY'
from typing import TypedDict

from langgraph.graph import END, START, StateGraph
from pydantic import BaseModel


class State(TypedDict, total=False):
    answer: str
    answer_text: str


class Result(BaseModel):
    answer: str
    anwser_text: str


graph = StateGraph(State)
graph.add_node("ask", lambda state: Result(answer="new", anwser_text="new"))
graph.add_edge(START, "ask")
graph.add_edge("ask", END)
found = graph.compile().invoke({"answer": "old", "answer_text": "old"})
print(found)
assert found == {"answer": "new", "answer_text": "old"}, "the behaviour has changed"
PY
