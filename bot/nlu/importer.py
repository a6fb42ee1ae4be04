"""Hands the training phrases to Rasa so that `faq/cookies` is a label of ours and not one of Rasa's retrieval intents.

Rasa reads a slash in an intent's name as a retrieval intent and then expects a response selector and an `utter_faq` of
its own. The assistant answers topics through its answers' files instead, so the importer keeps the group (`faq`) as
intent and puts the full label and the language (the folder the phrase stands in) into the phrase's metadata.
"""

import hashlib
from pathlib import Path
from typing import Any

from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.constants import INTENT, METADATA, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.labels import group
from bot.nlu.phrases import read_file


class LabelledPhrases(RasaFileImporter):
    """Reads phrases with their full label and language; everything else as Rasa does.

    Rasa reads each file twice, and checks it, with a parser that takes as long as learning.
    """

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """Read all phrases (see parent class for full docstring)."""
        phrases = [phrase for path in sorted(self._nlu_files) for phrase in read_file(Path(path))]
        # Built once: merging file by file copies and hashes all phrases so far each time, minutes for thirty files.
        return TrainingData(
            [
                PhraseMessage(
                    {
                        TEXT: phrase.text,
                        INTENT: group(phrase.label),
                        METADATA: {"label": phrase.label, "language": phrase.language},
                    }
                )
                for phrase in phrases
            ]
        )


class PhraseMessage(Message):
    """A phrase that is quickly copied and compared, for Rasa's importers do both with all phrases several times over.

    Nothing in the pipeline writes into what a phrase holds, so that its copies may share it.
    """

    def __deepcopy__(self, memo: Any) -> "PhraseMessage":
        """Return a phrase of its own with the same content."""
        return PhraseMessage(self.data)

    def fingerprint(self) -> str:
        """Hash what a phrase holds; there are no features to be hashed besides."""
        content = (self.get(TEXT), self.get(INTENT), *sorted((self.get(METADATA) or {}).items()))
        return hashlib.sha256(repr(content).encode()).hexdigest()
