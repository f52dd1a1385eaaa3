"""Embedding: texts to vectors, by sentence-transformers, torch and onnxruntime.

The default model runs on three backends that give the same vectors. Questions are embedded by onnxruntime, which starts
in a second, where importing sentence-transformers takes five to twenty. Many texts are embedded by the backend that is
fastest on this processor, which is measured (bfloat16 is three times as fast as float32 where the processor has it, and
slower where it is emulated).
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import blake2b
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rag.errors import ModelFailed, ModelMissing
from rag.extras import require
from rag.machine import limit_openmp_spin, processor
from rag.weights import MINILM, ensure_minilm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_core.embeddings import Embeddings

log = logging.getLogger(__name__)

Vectors = npt.NDArray[np.float32]

DEFAULT = "all-MiniLM-L6-v2"
_GRAPH = 2  # version of the exported graph; files of other versions are not used
_AGREE = 0.999  # least cosine to the float32 vectors that a faster backend must have
_LONG_WORK = 400  # texts; for fewer, loading torch costs more than it saves
_PROBE = 32  # texts that each backend is timed with
_WITHOUT_TORCH = 0.8  # onnx is preferred unless another is a quarter faster: torch takes seconds to load, and memory
_TOKENS = 200  # in a batch; measured with passages of 120 tokens and sentences of 30


class SentenceTransformerEmbedder:
    """The default model from its installed package, or any sentence-transformers model by name or folder."""

    def __init__(self, model: str = DEFAULT, *, cache: Path) -> None:
        """Prepare; nothing heavy is loaded before the first text.

        Args:
            model: ``all-MiniLM-L6-v2`` (from the installed package, verified), a folder, or a name on a model hub.
            cache: Folder for the exported graph and the choice of backend.
        """
        self._model = model
        self._own = model == DEFAULT
        self.name = f"{DEFAULT}:{MINILM.sha256[:8]}" if self._own else model
        self._cache = cache
        self._lock = threading.RLock()
        self._torch: dict[str, Any] = {}
        self._session: Any = None
        self._threads: Any = None
        self._tokenizer: Any = None
        self._backend: str | None = None

    @property
    def backend(self) -> str:
        """What embeds many texts on this machine: "onnx", "torch-bf16" or "torch-fp32"; "onnx" until it is measured."""
        return self._backend or ("onnx" if self._own else "torch-fp32")

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed passages for storage.

        Args:
            texts: Of at most 256 tokens with the default model; longer ones are cut at the end.

        Returns:
            float32, shape (len(texts), dim), rows of length 1, in the order given.

        Raises:
            ModelMissing: The weights are not on disk.
            ModelCorrupt: The weights are not the official ones.
        """
        with self._lock:
            if len(texts) >= _LONG_WORK and self._backend is None:
                self._backend = self._pick_backend(texts)
            return self._embed_with(self.backend, texts)

    def query(self, text: str) -> Vectors:
        """Embed a question: float32, shape (dim,), length 1."""
        if self._own:
            vector: Vectors = self._embed_with("onnx", [text])[0]
            return vector
        with self._lock:
            model = self._loaded("torch-fp32")
            found = model.encode_query([text], normalize_embeddings=True, show_progress_bar=False)
            return np.asarray(found[0], np.float32)

    # -- backends ----------------------------------------------------------------

    def _embed_with(self, backend: str, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, 0), np.float32)
        if backend == "onnx":
            if self._onnx():
                return self._run_onnx(texts)
            backend = "torch-fp32"
        model = self._loaded(backend)
        found = model.encode_document(
            list(texts), batch_size=16, convert_to_tensor=True, normalize_embeddings=False, show_progress_bar=False
        )
        return _unit(found.float().numpy())

    def _pick_backend(self, texts: Sequence[str]) -> str:
        """Time each backend with some of the texts, and store the fastest one's name for this machine."""
        record = self._cache / "embedding-way.json"
        machine = f"{processor()} x{os.cpu_count()} torch {_version('torch')} onnxruntime {_version('onnxruntime')}"
        key = f"{self.name}, graph {_GRAPH}, on {machine}"
        try:
            known = json.loads(record.read_text())
        except (OSError, ValueError):
            known = {}
        if isinstance(known, dict) and known.get(key) in ("onnx", "torch-bf16", "torch-fp32"):
            return str(known[key])
        step = max(1, len(texts) // _PROBE)
        some = list(texts)[::step][:_PROBE]
        reference = self._embed_with("torch-fp32", some)
        backends = (["onnx"] if self._own and self._onnx() else []) + ["torch-fp32", "torch-bf16"]
        fastest = dict.fromkeys(backends, float("inf"))
        for backend in backends:
            agreement = float((self._embed_with(backend, some) * reference).sum(axis=1).min())
            if agreement < _AGREE:
                log.info("embedding by %s differs: cosine to float32 at least %.5f", backend, agreement)
                del fastest[backend]
        for _ in range(3):  # in turns, so that other work on the machine slows all of them alike
            for backend in fastest:
                started = time.perf_counter()
                self._embed_with(backend, some)
                fastest[backend] = min(fastest[backend], time.perf_counter() - started)
        best = min(fastest, key=lambda name: fastest[name] * (_WITHOUT_TORCH if name == "onnx" else 1))
        log.info("embedding: %s", ", ".join(f"{name} {_PROBE / s:.0f} texts/s" for name, s in fastest.items()))
        for backend in [name for name in self._torch if name != best]:
            del self._torch[backend]  # 90 MB each
        try:
            self._cache.mkdir(parents=True, exist_ok=True)
            _replace(record, json.dumps({**known, key: best}, indent=1).encode())
        except OSError:
            log.info("the choice could not be written to %s", record)
        return best

    def _loaded(self, backend: str) -> Any:
        with self._lock:
            if backend not in self._torch:
                folder = str(ensure_minilm(self._cache)) if self._own else self._model
                with _quiet_transformers(offline=self._own), limit_openmp_spin():
                    require("sentence_transformers", extra="local", what="Embedding", package="sentence-transformers")
                    import torch
                    from sentence_transformers import SentenceTransformer

                    kind = torch.bfloat16 if backend == "torch-bf16" else torch.float32
                    try:
                        model = SentenceTransformer(folder, device="cpu", model_kwargs={"dtype": kind})
                    except (OSError, ValueError) as e:
                        first = str(e).strip().splitlines()[0]
                        raise ModelMissing(
                            f"The embedding model {self._model!r} can't be loaded ({first}). "
                            "Give a folder that holds one, or a name your machine can download."
                        ) from e
                self._torch[backend] = model
            return self._torch[backend]

    # -- onnx --------------------------------------------------------------------

    def _onnx(self) -> bool:
        """Load the ONNX graph, after exporting it where it is not there yet; False if it can't be exported."""
        with self._lock:
            if self._session is None:
                file = self._cache / f"minilm-{MINILM.sha256[:12]}-{_GRAPH}.onnx"
                if not file.exists() and not self._export(file):
                    return False
                require("onnxruntime", extra="local", what="Embedding")
                require("tokenizers", extra="local", what="Embedding")
                import onnxruntime
                from tokenizers import Tokenizer

                options = onnxruntime.SessionOptions()
                options.intra_op_num_threads = 1
                options.log_severity_level = 3
                try:
                    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
                except Exception as e:  # a damaged file: onnxruntime's errors share no base class
                    log.info("%s is damaged (%s): exporting again", file, e)
                    file.unlink(missing_ok=True)
                    return self._onnx()
                tokenizer = Tokenizer.from_file(str(ensure_minilm(self._cache) / "tokenizer.json"))
                tokenizer.enable_truncation(256)
                tokenizer.no_padding()  # its file asks for padding to 128 tokens
                self._threads = ThreadPoolExecutor(os.cpu_count(), "onnx")
                self._tokenizer, self._session = tokenizer, session
        return True

    def _export(self, file: Path) -> bool:
        """Write the model with its pooling as one ONNX graph; False if that fails or gives other vectors."""
        try:
            import onnxscript  # noqa: F401  what torch's exporter needs
        except ImportError:
            return False
        model = self._loaded("torch-fp32")
        import torch

        class Whole(torch.nn.Module):  # type: ignore[misc]
            def __init__(self) -> None:
                super().__init__()
                self.inner = model[0].auto_model

            def forward(self, input_ids: Any, attention_mask: Any) -> Any:
                hidden = self.inner(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
                mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
                mean = (hidden * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
                return torch.nn.functional.normalize(mean, dim=1)

        sample = ["The talks began at 4.30 pm.", "Qin told Blinken that relations were at a low point, it was said."]
        tokens = model.tokenizer(sample, padding=True, return_tensors="pt")
        both = {0: torch.export.Dim("rows"), 1: torch.export.Dim("tokens")}
        temporary = file.with_name(f"{file.stem}.{os.getpid()}.partial.onnx")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            # Eager attention becomes a smaller graph, a sixth faster, than fused attention decomposed by the exporter.
            model[0].auto_model.set_attn_implementation("eager")
            with _quiet_export():
                torch.onnx.export(
                    Whole().eval(),
                    (tokens["input_ids"], tokens["attention_mask"]),
                    str(temporary),
                    input_names=["input_ids", "attention_mask"],
                    output_names=["vectors"],
                    opset_version=18,
                    dynamo=True,
                    external_data=False,
                    verbose=False,
                    dynamic_shapes={"input_ids": both, "attention_mask": both},
                )
            import onnxruntime

            session = onnxruntime.InferenceSession(str(temporary), providers=["CPUExecutionProvider"])
            longer = model.tokenizer([*sample, "a " * 90], padding=True, return_tensors="np")
            exported = session.run(None, {n: longer[n].astype(np.int64) for n in ("input_ids", "attention_mask")})[0]
            original = model.encode([*sample, "a " * 90], normalize_embeddings=True, show_progress_bar=False)
            if float((exported * original).sum(axis=1).min()) < 0.9999:
                log.warning("the exported embedding model differs from the original; it is not used")
                return False
            os.replace(temporary, file)
        except OSError as e:
            log.warning("the embedding model could not be exported (%s); questions will start slowly", e)
            return False
        finally:
            model[0].auto_model.set_attn_implementation("sdpa")
            temporary.unlink(missing_ok=True)
        return True

    def _run_onnx(self, texts: Sequence[str]) -> Vectors:
        encoded = self._tokenizer.encode_batch(list(texts))
        groups = _length_batches([len(e.ids) for e in encoded])
        out = np.zeros((len(texts), 384), np.float32)
        # One batch on each core is faster than all cores on one batch.
        run = map if len(groups) == 1 else self._threads.map
        found = run(lambda group: self._session_run([encoded[i] for i in group]), groups)
        for group, vectors in zip(groups, found, strict=True):
            out[group] = vectors
        return out

    def _session_run(self, encoded: Sequence[Any]) -> Vectors:
        shape = len(encoded), max(len(e.ids) for e in encoded)
        ids, mask = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        for row, e in enumerate(encoded):
            ids[row, : len(e.ids)] = e.ids
            mask[row, : len(e.ids)] = 1
        found: Vectors = self._session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
        return found


def _length_batches(lengths: Sequence[int]) -> list[list[int]]:
    """Indexes of texts in batches of similar length, longest first, each small enough for the processor's cache."""
    groups: list[list[int]] = []
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if groups and lengths[groups[-1][0]] * (len(groups[-1]) + 1) <= _TOKENS:
            groups[-1].append(i)
        else:
            groups.append([i])
    return groups


class LangChainEmbedder:
    """Any LangChain ``Embeddings`` object."""

    def __init__(self, embeddings: Embeddings) -> None:
        """Wrap it. Its class and model name are recorded in the archive, which then refuses others."""
        self._embeddings = embeddings
        model = getattr(embeddings, "model_name", None) or getattr(embeddings, "model", None) or ""
        self.name = f"{type(embeddings).__name__}:{model}".rstrip(":")

    def embed(self, texts: Sequence[str]) -> Vectors:
        """As ``Embedder.embed``.

        Raises:
            ModelFailed: The model raised, or gave vectors of another number.
        """
        if not texts:  # of no texts a model can't tell how long its vectors are
            return self.query("")[None, :][:0]
        try:
            found = np.asarray(self._embeddings.embed_documents(list(texts)), np.float32)
        except Exception as e:
            raise ModelFailed(f"The embedding model {self.name} failed: {e}") from e
        if found.ndim != 2 or len(found) != len(texts):
            raise ModelFailed(f"The embedding model {self.name} gave {found.shape} for {len(texts)} texts.")
        return _unit(found)

    def query(self, text: str) -> Vectors:
        """As ``Embedder.query``."""
        try:
            found = np.asarray(self._embeddings.embed_query(text), np.float32)
        except Exception as e:
            raise ModelFailed(f"The embedding model {self.name} failed: {e}") from e
        vector: Vectors = _unit(found[None, :])[0]
        return vector


class EmbeddingCache:
    """Caches vectors of texts, so that sentences that are ranked, checked and asked about again are embedded once.

    Safe to use from several threads. Texts are kept as hashes.
    """

    def __init__(self, embed: Callable[[list[str]], Vectors], most: int = 16_384) -> None:
        """Take the function that embeds, and how many vectors are kept; the least recently used are dropped first."""
        self._embed = embed
        self._most = most
        self._kept: OrderedDict[bytes, npt.NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Vectors: float32, shape (len(texts), dim), in the order given."""
        if not texts:
            return self._embed([])
        keys = [blake2b(t.encode("utf-8", "surrogatepass"), digest_size=16).digest() for t in texts]
        found: dict[bytes, npt.NDArray[np.float32]] = {}
        with self._lock:
            for key in keys:
                if (vector := self._kept.get(key)) is not None:
                    self._kept.move_to_end(key)
                    found[key] = vector
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        if missing:
            fresh = dict(zip(missing, self._embed(list(missing.values())), strict=True))
            found |= fresh
            with self._lock:
                self._kept |= fresh
                while len(self._kept) > self._most:
                    self._kept.popitem(last=False)
        return np.stack([found[key] for key in keys])


def _unit(vectors: npt.NDArray[Any]) -> Vectors:
    if not np.isfinite(vectors).all():
        raise ModelFailed("The embedding model gave numbers that are not finite. Try another model.")
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return unit


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "none"


def _replace(file: Path, content: bytes) -> None:
    temporary = file.with_name(f"{file.name}.{os.getpid()}.partial")
    temporary.write_bytes(content)
    os.replace(temporary, file)


@contextmanager
def _quiet_transformers(*, offline: bool) -> Iterator[None]:
    """No progress bars while loading, and no look at a hub for a model that is on disk."""
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
    import contextlib
    import io
    import warnings

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
