"""Which chat model answers: the embedded one, one of another package, any that LangChain knows by name, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag import registry
from rag.errors import ModelMissing, OnRecordError, UsageError
from rag.settings import Settings

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel, LanguageModelInput
    from langchain_core.messages import AIMessage
    from langchain_core.runnables import Runnable

NONE = "none"
"""No model: the quotes alone are the answer."""
WITHOUT_MODEL = (NONE, "extractive")
"""Names of that; the second is the older one."""
_EXTRAS = {"openai": "openai", "anthropic": "anthropic", "ollama": "ollama"}


def is_remote(name: str) -> bool:
    """Whether article text leaves this process for the model's sake."""
    return name not in WITHOUT_MODEL and name.partition(":")[0] != "local"


def default_model(settings: Settings) -> str:
    """The setting ``model``, or "none" where nobody has set it and the default model is not installed."""
    if settings.model != "local" or "model" in settings.model_fields_set:
        return settings.model
    from rag import weights

    return settings.model if weights.find(settings.cache.expanduser()).installed else NONE


def name_of(model: BaseChatModel) -> str:
    """What a given model is called in answers."""
    return str(getattr(model, "model_name", None) or getattr(model, "model", None) or model._llm_type)


def with_temperature(model: BaseChatModel, temperature: float | None) -> Runnable[LanguageModelInput, AIMessage]:
    """A model that answers at another temperature; None leaves its own. The model given is not changed.

    A model that has a temperature is copied with the other one, since not every provider's takes it with a call
    (``langchain-ollama`` raises); of others it is an option of each call.
    """
    if temperature is None:
        return model
    if "temperature" in getattr(type(model), "model_fields", {}):
        return model.model_copy(update={"temperature": temperature})
    return model.bind(temperature=temperature)


def chat_model(name: str, settings: Settings) -> BaseChatModel | None:
    """The chat model of that name, or None where the quotes alone answer. Loads no weights.

    Args:
        name: ``none``, ``extractive``, ``local``, ``local:/path/to.gguf``; ``NAME`` or ``NAME:REST`` of a chat
            engine that another package adds (``rag.protocols.ChatEngine``); or ``provider:model`` as LangChain's
            ``init_chat_model`` takes it.
        settings: Temperature, longest answer, cache folder and so on.

    Raises:
        ModelMissing: The weights, or the package that runs them, are not installed.
        ModelCorrupt: The weights are damaged.
        PluginError: The other package's chat engine can't be loaded.
        UsageError: The name is none of these.
    """
    if name in WITHOUT_MODEL:
        return None
    provider, _, model = name.partition(":")
    if provider == "local":
        from rag import weights
        from rag.answer.models.local import ChatLocal

        cache = settings.cache.expanduser()
        return ChatLocal(
            model_path=weights.resolve(name, cache),
            n_ctx=settings.context,
            n_threads=settings.threads or None,
            temperature=settings.temperature,
            max_tokens=settings.max_tokens,
            cache_dir=cache,
        )
    try:
        if (engine := registry.chat_engine(provider)) is not None:
            return engine(name, settings)
        if model:
            return _by_langchain(provider, model, settings)
    except OnRecordError:
        raise
    except Exception as e:  # each provider raises its own: no key, unknown provider, bad name
        first = str(e).strip().splitlines()[0] if str(e).strip() else type(e).__name__
        raise ModelMissing(f"The model {name!r} can't be used: {first}") from e
    raise UsageError(f"There is no model {name!r}. Use local, local:/path/to.gguf, none, or provider:name.")


def _by_langchain(provider: str, model: str, settings: Settings) -> BaseChatModel:
    try:
        from langchain.chat_models import init_chat_model

        return init_chat_model(model, model_provider=provider, temperature=settings.temperature)
    except ImportError as e:
        needed = f"The model '{provider}:{model}' needs a package that is not installed."
        raise ModelMissing(f"{needed} {_remedy(provider, e)}") from e


def _remedy(provider: str, error: ImportError) -> str:
    """How to install what a provider's model needs; LangChain itself names the packages that are no extra of ours."""
    if extra := _EXTRAS.get(provider):
        return f'Run: pip install "onrecord[{extra}]"'
    return "Run: pip install langchain" if (error.name or "").startswith("langchain") else str(error)
