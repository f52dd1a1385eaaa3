"""Everything OnRecord raises on purpose.

    OnRecordError
    ├── ArchiveError            the archive on disk
    │   ├── ArchiveMissing      nothing there yet
    │   ├── ArchiveLocked       another process is writing
    │   ├── ArchiveClosed       it is used after close()
    │   ├── ArchiveMismatch     built with another embedder, splitter or newer schema
    │   ├── ArchiveReadOnly     it can be read, and not be written to
    │   ├── ArchiveForked       it was in use when the process was forked
    │   ├── ArchiveUnreachable  its catalog's server doesn't answer now
    │   ├── DiskFull            there is no room left to write
    │   └── ArchiveDamaged      the stores disagree, or a store can't be read
    ├── ArticleMissing          no article, passage or version of that id
    ├── CollectionMissing       no collection of that name
    ├── ConversationMissing     the user has no conversation or turn of that id
    ├── SourceError             something to ingest can't be read at all
    │   └── FetchError          an address was not fetched
    │       ├── AddressRefused  it is no public web address, and no setting allows it
    │       └── FetchCancelled  the fetching was stopped
    ├── ModelError              a language or embedding model
    │   ├── ModelMissing        weights or an optional package are not there
    │   │   └── ExtraMissing    an optional library is not installed
    │   ├── ModelCorrupt        weights are there, and their hash is wrong
    │   └── ModelFailed         the model answered with an error
    ├── ClusterError            the machines that ingest was to run on can't be reached, differ, or are gone
    ├── PluginError             what another package adds can't be loaded, or has a name that is taken
    ├── PromptError             a prompt file is malformed
    ├── LexiconError            a language's word lists are malformed, or there are none
    ├── NotAllowed              the user's role may not do that
    ├── ServiceBusy             the service can't take this question now
    └── UsageError              an argument or a setting makes no sense
        └── MendingMissing      no mending of that number

A question the archive can't answer is not an error: it is an
``Answer(answered=False, reason=...)``.

Every message ends with what to do next. The command line prints it on one
line and exits with 1 (2 for UsageError).
"""


class OnRecordError(Exception):
    """Base of all errors raised on purpose."""


class ArchiveError(OnRecordError):
    """Something about the archive on disk."""


class ArchiveMissing(ArchiveError):
    """There is no archive at that path."""


class ArchiveLocked(ArchiveError):
    """Another process is writing to the archive; the message names it."""


class ArchiveClosed(ArchiveError):
    """An archive is used after ``close()``; the message says how to open it again."""


class ArchiveMismatch(ArchiveError):
    """The archive was built by something this program can't continue with."""


class ArchiveReadOnly(ArchiveError):
    """The archive can be read, and not be written to."""


class ArchiveForked(ArchiveError):
    """The process was forked from one that had used an archive; the message says what to do instead."""


class ArchiveUnreachable(ArchiveError):
    """The server that has the catalog can't be reached now, or has no connection left; a later try may succeed."""


class DiskFull(ArchiveError):
    """There is no room left; what was stored before is safe."""


class ArchiveDamaged(ArchiveError):
    """The stores of the archive disagree or can't be read."""

    def __init__(self, message: str, *, store: str | None = None) -> None:
        """Take what there is to tell.

        Args:
            message: What is wrong and what to do, for a person.
            store: "vectors" or "lexical" where a rebuild of that index mends it.
        """
        super().__init__(message)
        self.store = store


class ArticleMissing(OnRecordError):
    """No article, version or passage has that id."""


class CollectionMissing(OnRecordError):
    """No collection has that name, or none that the user sees."""


class ConversationMissing(OnRecordError):
    """The user has no conversation, or no turn, of that id."""


class SourceError(OnRecordError):
    """A source to ingest can't be read at all."""


class FetchError(SourceError):
    """An address was not fetched; the message says why in words."""

    def __init__(self, message: str, *, status: int | None = None, wait: float | None = None, again: bool = False):
        """Take what there is to tell.

        Args:
            message: Why, for a person.
            status: The HTTP status, where there was an answer.
            wait: Seconds after which the server wants to be asked again.
            again: Whether a later try may succeed.
        """
        super().__init__(message)
        self.status, self.wait, self.again = status, wait, again


class AddressRefused(FetchError):
    """The address is no public web address, and no setting allows it."""


class FetchCancelled(FetchError):
    """The fetching was stopped."""


class ModelError(OnRecordError):
    """Something about a model."""


class ModelMissing(ModelError):
    """Weights, or the package that runs them, are not installed."""


class ExtraMissing(ModelMissing):
    """An optional library is not installed; the message ends with the command that installs it."""


class ModelCorrupt(ModelError):
    """Weights are on disk, but their hash is not the expected one."""


class ModelFailed(ModelError):
    """The model was reached and answered with an error."""


class ClusterError(OnRecordError):
    """Worker processes that ingest was to run on can't be reached, are of another version, or are gone."""


class PluginError(OnRecordError):
    """What another package adds can't be loaded, or has a name that is taken; the message names it."""


class PromptError(OnRecordError):
    """A prompt file is malformed."""


class LexiconError(OnRecordError):
    """A language's word lists are malformed, or nobody brings the language."""


class NotAllowed(OnRecordError):
    """The user's role may not do that; the message says which one may."""


class ServiceBusy(OnRecordError):
    """Too many questions are waiting, this one has waited too long, or the service is shutting down."""


class UsageError(OnRecordError):
    """An argument or a setting makes no sense."""


class MendingMissing(UsageError):
    """There is no mending of that number."""
