"""The built-in embedding models, run by onnxruntime or torch: tokens in, one vector a text out.

Both are BERT encoders whose last states are averaged. What they differ in is an ``Encoder``: the weights, the
tokenizer, what is put before a text, what is done to the vectors. Those are the same by each backend and batching.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import threading
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from rag.errors import ModelFailed
from rag.extras import require
from rag.index.e5 import E5File, E5Tokenizer
from rag.machine import limit_openmp_spin, multiplies_bytes, processors
from rag.weights import E5, MINILM, ensure_in_place

log = logging.getLogger(__name__)

Vectors = npt.NDArray[np.float32]
Tokens = npt.NDArray[np.int64]

GRAPH = 2
"""Version of the exported graphs; files of other versions are not used."""
_TOKENS = 200  # in a batch; measured with passages of 120 tokens and sentences of 30
_ROWS = 16  # of a batch by torch
_SAME = 0.9999  # least cosine of an exported graph's vectors to the model's own
_SAMPLE = (
    "The talks began at 4.30 pm.",
    "Qin told Blinken that relations were at a low point, it was said.",
    "a " * 90,
)


class Encoder(Protocol):
    """What a built-in model is made of. Loads nothing before it is asked for."""

    name: str
    """Recorded in archives: changes when the vectors do."""
    graph: str
    """Stem of the exported graph's file."""
    takes: str
    """What of a token transformers' ``BertModel`` is given: "input_ids" or "inputs_embeds"."""
    languages: frozenset[str] | None
    """Those it knows (ISO 639-1)."""

    def tokens(self, texts: Sequence[str], *, query: bool) -> list[list[int]]:
        """Tokens of texts, as questions or as passages, those of beginning and end among them."""

    def inputs(self, ids: Tokens) -> npt.NDArray[Any]:
        """What the model takes of tokens: of shape (rows, tokens), or (rows, tokens, dim)."""

    def module(self, dtype: Any) -> Any:
        """The ``BertModel`` in a type of torch's."""

    def finish(self, vectors: Vectors) -> Vectors:
        """The model's vectors, rows of length 1, as they are stored: such that unrelated texts have a cosine of 0."""


class MiniLM:
    """all-MiniLM-L6-v2: six layers, 22 million weights, English."""

    graph = f"minilm-{MINILM.sha256[:12]}"
    takes = "input_ids"
    languages: frozenset[str] | None = frozenset({"en"})

    def __init__(self, name: str, cache: Path) -> None:
        """Take what it is called, and the folder for the stamp of its weights."""
        self.name = f"{name}:{MINILM.sha256[:8]}"
        self._cache = cache
        self._tokenizer: Any = None

    def tokens(self, texts: Sequence[str], *, query: bool) -> list[list[int]]:
        """As ``Encoder.tokens``: at most 256 of a text."""
        if self._tokenizer is None:
            from tokenizers import Tokenizer

            tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
            tokenizer.enable_truncation(256)
            tokenizer.no_padding()  # its file asks for padding to 128 tokens
            self._tokenizer = tokenizer
        return [found.ids for found in self._tokenizer.encode_batch(list(texts))]

    def inputs(self, ids: Tokens) -> npt.NDArray[Any]:
        """As ``Encoder.inputs``: the tokens themselves."""
        return ids

    def module(self, dtype: Any) -> Any:
        """As ``Encoder.module``."""
        from transformers import BertModel

        return BertModel.from_pretrained(str(self._folder), dtype=dtype, add_pooling_layer=False)

    def finish(self, vectors: Vectors) -> Vectors:
        """As ``Encoder.finish``: they are as they should be."""
        return vectors

    @property
    def _folder(self) -> Path:
        return ensure_in_place(MINILM, self._cache).parent


class MultilingualE5:
    """multilingual-e5-small: twelve layers, 21 million weights and 96 million of words, a hundred languages."""

    graph = f"e5-{E5.sha256[:12]}"
    takes = "inputs_embeds"

    def __init__(self, name: str, cache: Path) -> None:
        """Take what it is called, and the folder for the stamp of its weights."""
        told = json.loads(Path(__file__).with_name("e5.json").read_text("utf-8"))
        self.centre: Vectors = np.asarray(told["centre"], np.float32)
        self.directions: Vectors = np.asarray(told["directions"], np.float32)
        self.languages: frozenset[str] | None = frozenset(told["languages"].split())
        self.name = f"{name}:{E5.sha256[:8]}-{told['version']}"
        self._cache = cache
        self._opened: E5File | None = None
        self._tokenizer: E5Tokenizer | None = None

    def tokens(self, texts: Sequence[str], *, query: bool) -> list[list[int]]:
        """As ``Encoder.tokens``: at most 512 of a text. It was trained with "query: " and "passage: " before texts."""
        if self._tokenizer is None:
            self._tokenizer = self._file.tokenizer(512)
        return self._tokenizer([f"{'query' if query else 'passage'}: {text}" for text in texts])

    def inputs(self, ids: Tokens) -> npt.NDArray[Any]:
        """As ``Encoder.inputs``: the words' vectors, which the file holds in four bits."""
        return self._file.words(ids)

    def module(self, dtype: Any) -> Any:
        """As ``Encoder.module``; its own table of words is not used, and has one row."""
        import torch
        from transformers import BertConfig, BertModel

        shape = self._file.shape
        config = BertConfig(
            vocab_size=1,
            hidden_size=shape.hidden,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            intermediate_size=shape.inner,
            max_position_embeddings=shape.positions,
            type_vocab_size=shape.types,
            layer_norm_eps=shape.epsilon,
            pad_token_id=None,
        )
        model = BertModel(config, add_pooling_layer=False)
        state = {name: torch.from_numpy(weights) for name, weights in self._file.state().items()}
        model.load_state_dict(state, strict=False)
        return model.to(dtype)

    def finish(self, vectors: Vectors) -> Vectors:
        """As ``Encoder.finish``: without what all texts, and what all texts of a language, have in common.

        ``benchmarks/fit/spread.py`` has measured it. As they come, unrelated texts have a cosine of .7, and related
        ones one of .85.
        """
        own = vectors - self.centre
        return unit(own - (own @ self.directions.T) @ self.directions)

    @property
    def _file(self) -> E5File:
        if self._opened is None:
            self._opened = E5File(ensure_in_place(E5, self._cache))
        return self._opened


class Runner:
    """Runs an encoder by the backend that is asked for. Safe to use from several threads."""

    def __init__(self, encoder: Encoder, cache: Path) -> None:
        """Prepare; nothing heavy is loaded before the first text.

        Args:
            encoder: The model.
            cache: Folder for the exported graph.
        """
        self._encoder = encoder
        self._cache = cache
        self._lock = threading.RLock()
        self._modules: dict[str, Any] = {}
        self._session: Any = None
        self._rounded: Any = None
        self._threads: Any = None

    def run(self, backend: str, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """Embed texts.

        Args:
            backend: "onnx", "onnx-int8", "torch-fp32" or "torch-bf16"; where a graph can't be made, torch runs in its
                place. "onnx-int8" gives vectors near the others' (see ``in_bytes``), and the same ones whatever a
                text is embedded together with.
            texts: Those with more tokens than the model takes are cut at the end.
            query: They are questions.

        Returns:
            float32, shape (len(texts), dim), rows of length 1, in the order given; (0, 0) for no texts.

        Raises:
            ModelMissing: The weights, or a library, are not on disk.
            ModelCorrupt: The weights are not the official ones.
        """
        if not texts:
            return np.zeros((0, 0), np.float32)
        if (backend == "onnx" and not self.onnx()) or (backend == "onnx-int8" and not self.in_bytes()):
            backend = "torch-fp32"
        with self._lock:
            ids = self._encoder.tokens(texts, query=query)
        lengths = [len(i) for i in ids]
        found: Vectors
        if backend.startswith("onnx"):
            # What is read together is rounded together, and then one text's vector would depend on the others.
            alone = backend == "onnx-int8"
            session = self._rounded if alone else self._session
            groups = [[i] for i in range(len(ids))] if alone else length_batches(lengths)
            # One batch on each core is faster than all cores on one batch.
            run = map if len(groups) == 1 else self._threads.map
            parts = run(lambda group: self._by_onnx([ids[i] for i in group], session), groups)
        else:
            order = sorted(range(len(ids)), key=lambda i: -lengths[i])
            groups = [order[n : n + _ROWS] for n in range(0, len(order), _ROWS)]
            with self._lock:
                module = self._module(backend)
            parts = (self._by_torch(module, [ids[i] for i in group]) for group in groups)
        rows = list(parts)
        found = np.zeros((len(texts), rows[0].shape[1]), np.float32)
        for group, vectors in zip(groups, rows, strict=True):
            found[group] = vectors
        return self._encoder.finish(found)

    def keep_only(self, backend: str) -> None:
        """Let go of what other backends have loaded into memory."""
        with self._lock:
            for other in [name for name in self._modules if name != backend]:
                del self._modules[other]

    def _batch(self, ids: Sequence[Sequence[int]]) -> tuple[npt.NDArray[Any], Tokens]:
        shape = len(ids), max(map(len, ids))
        padded, mask = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        for row, one in enumerate(ids):
            padded[row, : len(one)] = one
            mask[row, : len(one)] = 1
        return self._encoder.inputs(padded), mask

    # -- torch -------------------------------------------------------------------

    def _module(self, backend: str) -> Any:
        if backend not in self._modules:
            with quiet_transformers(offline=True), limit_openmp_spin():
                for library in ("torch", "transformers", "tokenizers"):
                    require(library, extra="local", what="Embedding")
                import torch

                module = self._encoder.module(torch.bfloat16 if backend == "torch-bf16" else torch.float32)
                self._modules[backend] = module.eval()
        return self._modules[backend]

    def _by_torch(self, module: Any, ids: Sequence[Sequence[int]]) -> Vectors:
        import torch

        inputs, mask = self._batch(ids)
        given = torch.from_numpy(inputs)
        with torch.inference_mode():
            if given.is_floating_point():
                given = given.to(module.dtype)
            found = _pooled(module, self._encoder.takes, given, torch.from_numpy(mask))
        return unit(found.numpy())

    # -- onnx --------------------------------------------------------------------

    def onnx(self) -> bool:
        """Load the ONNX graph, after exporting it where it is not there yet; False if it can't be exported."""
        with self._lock:
            if self._session is None:
                file = self._cache / f"{self._encoder.graph}-{GRAPH}.onnx"
                if not file.exists() and not self._export(file):
                    return False
                require("onnxruntime", extra="local", what="Embedding")
                require("tokenizers", extra="local", what="Embedding")
                session = _session(file)
                if session is None:
                    return self.onnx()
                self._threads = ThreadPoolExecutor(processors(), "onnx")
                self._session = session
        return True

    def in_bytes(self) -> bool:
        """Load the graph with its weights in 8 bits, made of the other where it is not there yet; False if it can't be.

        Each text's states are rounded to 8 bits as well, by the largest of them (onnxruntime's dynamic quantisation).
        docs/models.md tells what it brings and costs.
        """
        with self._lock:
            if self._rounded is None:
                if not multiplies_bytes() or not self.onnx():
                    return False
                file = self._cache / f"{self._encoder.graph}-{GRAPH}-int8.onnx"
                if not file.exists() and not self._round(file):
                    return False
                session = _session(file)
                if session is None:
                    return self.in_bytes()
                self._rounded = session
        return True

    def _round(self, file: Path) -> bool:
        """Write the graph in 8 bits; False if that fails."""
        temporary = file.with_name(f"{file.stem}.{os.getpid()}.partial.onnx")
        try:
            from onnxruntime.quantization import QuantType, quantize_dynamic

            with _quiet_export():
                quantize_dynamic(
                    self._cache / f"{self._encoder.graph}-{GRAPH}.onnx",
                    temporary,
                    op_types_to_quantize=["MatMul", "Gemm"],
                    weight_type=QuantType.QInt8,
                    per_channel=True,
                )
            os.replace(temporary, file)
        except (ImportError, OSError) as e:
            log.info("the embedding model could not be written in 8 bits (%s)", e)
            return False
        finally:
            temporary.unlink(missing_ok=True)
        return True

    def _by_onnx(self, ids: Sequence[Sequence[int]], session: Any) -> Vectors:
        inputs, mask = self._batch(ids)
        names = [i.name for i in session.get_inputs()]
        found: Vectors = session.run(None, dict(zip(names, (inputs, mask), strict=True)))[0]
        return found

    def _export(self, file: Path) -> bool:
        """Write the model with its pooling as one ONNX graph; False if that fails or gives other vectors."""
        try:
            import onnxscript  # noqa: F401  what torch's exporter needs
        except ImportError:
            return False
        module, takes = self._module("torch-fp32"), self._encoder.takes
        import torch

        class Whole(torch.nn.Module):  # type: ignore[misc]
            def __init__(self) -> None:
                super().__init__()
                self.inner = module

            def forward(self, inputs: Any, attention_mask: Any) -> Any:
                return torch.nn.functional.normalize(_pooled(self.inner, takes, inputs, attention_mask), dim=1)

        ids = self._encoder.tokens(_SAMPLE, query=False)
        sample = tuple(torch.from_numpy(part) for part in self._batch(ids[:2]))
        both = {0: torch.export.Dim("rows"), 1: torch.export.Dim("tokens")}
        temporary = file.with_name(f"{file.stem}.{os.getpid()}.partial.onnx")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            # Eager attention becomes a smaller graph, a sixth faster, than fused attention decomposed by the exporter.
            module.set_attn_implementation("eager")
            with _quiet_export():
                torch.onnx.export(
                    Whole().eval(),
                    sample,
                    str(temporary),
                    input_names=[takes, "attention_mask"],
                    output_names=["vectors"],
                    opset_version=18,
                    dynamo=True,
                    external_data=False,
                    verbose=False,
                    dynamic_shapes={"inputs": both, "attention_mask": both},
                )
            module.set_attn_implementation("sdpa")
            import onnxruntime

            session = onnxruntime.InferenceSession(str(temporary), providers=["CPUExecutionProvider"])
            exported, original = self._by_onnx(ids, session), self._by_torch(module, ids)
            if float((exported * original).sum(axis=1).min()) < _SAME:
                log.warning("the exported embedding model differs from the original; it is not used")
                return False
            os.replace(temporary, file)
        except OSError as e:
            log.warning("the embedding model could not be exported (%s); questions will start slowly", e)
            return False
        finally:
            module.set_attn_implementation("sdpa")
            temporary.unlink(missing_ok=True)
        return True


def _session(file: Path) -> Any:
    """An ONNX graph, loaded; None where its file was damaged, which is removed then."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    try:
        # Fused into one step, a sum and its norm take six times as long as one after the other.
        return onnxruntime.InferenceSession(
            str(file), options, providers=["CPUExecutionProvider"], disabled_optimizers=["SkipLayerNormFusion"]
        )
    except Exception as e:  # a damaged file: onnxruntime's errors share no base class
        log.info("%s is damaged (%s): making it again", file, e)
        file.unlink(missing_ok=True)
        return None


def _pooled(module: Any, takes: str, inputs: Any, attention_mask: Any) -> Any:
    """The mean of the last states, in float32."""
    hidden = module(**{takes: inputs}, attention_mask=attention_mask).last_hidden_state.float()
    mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * mask).sum(1) / mask.sum(1).clamp(min=1e-9)


def length_batches(lengths: Sequence[int]) -> list[list[int]]:
    """Indexes of texts in batches of similar length, longest first, each small enough for the processor's cache.

    Args:
        lengths: In tokens.
    """
    groups: list[list[int]] = []
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if groups and lengths[groups[-1][0]] * (len(groups[-1]) + 1) <= _TOKENS:
            groups[-1].append(i)
        else:
            groups.append([i])
    return groups


def unit(vectors: npt.NDArray[Any]) -> Vectors:
    """Vectors brought to length 1: float32, shape as given, (rows, dim).

    Raises:
        ModelFailed: There are numbers among them that are not finite.
    """
    if not np.isfinite(vectors).all():
        raise ModelFailed("The embedding model gave numbers that are not finite. Try another model.")
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    found: Vectors = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return found


@contextmanager
def quiet_transformers(*, offline: bool) -> Iterator[None]:
    """No progress bars while loading, and, where ``offline``, no look at a hub for a model that is on disk."""
    before = {
        n: os.environ.get(n) for n in ("HF_HUB_OFFLINE", "TRANSFORMERS_VERBOSITY", "HF_HUB_DISABLE_PROGRESS_BARS")
    }
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    if offline:
        os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        try:
            from transformers.utils import logging as hf

            hf.disable_progress_bar()
        except ImportError:
            pass
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _quiet_export() -> Iterator[None]:
    """Silences torch's exporter, which prints and warns about things that users can't change."""
    loggers = [
        logging.getLogger(n) for n in ("torch.onnx", "torch.onnx._internal.exporter._registration", "onnxscript")
    ]
    levels = [x.level for x in loggers]
    for x in loggers:
        x.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        for x, level in zip(loggers, levels, strict=True):
            x.setLevel(level)
