"""How a refusal reads, in the question's language."""

from __future__ import annotations

from rag.types import Reason

_TEXTS: dict[str, dict[Reason, str]] = {
    "en": {
        "empty_archive": "The archive is empty.",
        "no_evidence": "Nothing in the archive matches the question and its filters.",
        "not_in_archive": "The archive does not answer this question.",
        "not_supported": "The archive does not support an answer to this question.",
        "cancelled": "Stopped before an answer was found.",
        "taken_down": "An article that this answer rested on has been taken down.",
    },
    "tr": {
        "empty_archive": "Arşiv boş.",
        "no_evidence": "Arşivde soruya ve süzgeçlere uyan bir şey yok.",
        "not_in_archive": "Arşivde bu sorunun yanıtı yok.",
        "not_supported": "Arşiv bu soruya verilecek bir yanıtı desteklemiyor.",
        "cancelled": "Yanıt bulunmadan durduruldu.",
        "taken_down": "Bu yanıtın dayandığı bir haber kaldırıldı.",
    },
    "zh": {
        "empty_archive": "资料库是空的。",
        "no_evidence": "资料库中没有符合该问题和筛选条件的内容。",
        "not_in_archive": "资料库中没有这个问题的答案。",
        "not_supported": "资料库不足以支持对这个问题的回答。",
        "cancelled": "在找到答案之前已停止。",
        "taken_down": "该回答所依据的文章已被撤下。",
    },
    "de": {
        "empty_archive": "Das Archiv ist leer.",
        "no_evidence": "Im Archiv passt nichts zu der Frage und ihren Filtern.",
        "not_in_archive": "Das Archiv beantwortet diese Frage nicht.",
        "not_supported": "Das Archiv stützt keine Antwort auf diese Frage.",
        "cancelled": "Abgebrochen, bevor eine Antwort gefunden war.",
        "taken_down": "Ein Artikel, auf dem diese Antwort beruhte, ist entfernt worden.",
    },
    "fr": {
        "empty_archive": "L’archive est vide.",
        "no_evidence": "Rien dans l’archive ne correspond à la question et à ses filtres.",
        "not_in_archive": "L’archive ne répond pas à cette question.",
        "not_supported": "L’archive n’étaye aucune réponse à cette question.",
        "cancelled": "Arrêté avant qu’une réponse ait été trouvée.",
        "taken_down": "Un article sur lequel reposait cette réponse a été retiré.",
    },
    "es": {
        "empty_archive": "El archivo está vacío.",
        "no_evidence": "Nada en el archivo coincide con la pregunta y sus filtros.",
        "not_in_archive": "El archivo no responde a esta pregunta.",
        "not_supported": "El archivo no respalda ninguna respuesta a esta pregunta.",
        "cancelled": "Detenido antes de encontrar una respuesta.",
        "taken_down": "Se ha retirado un artículo en el que se basaba esta respuesta.",
    },
}

LANGUAGES = tuple(_TEXTS)
"""ISO 639-1 of the languages that refusals are written in."""


def refusal(reason: Reason, language: str) -> str:
    """The text of a refusal; in English where the language is not among ours.

    Args:
        reason: Why there is no answer.
        language: ISO 639-1.
    """
    return _TEXTS.get(language, _TEXTS["en"])[reason]
