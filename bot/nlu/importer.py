"""Hands the training phrases to Rasa so that `faq/cookies` is a label of ours and not one of Rasa's retrieval intents.

Rasa reads a slash in an intent's name as a retrieval intent and then expects a response selector and an `utter_faq` of
its own. The assistant answers topics through its answers' files instead, so the importer keeps the group (`faq`) as
intent and puts the full label and the language (the folder the phrase stands in) into the phrase's metadata.
"""

from pathlib import Path

from rasa.shared.importers import utils
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.constants import INTENT, INTENT_RESPONSE_KEY
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

LANGUAGES = ("de", "en")


def language_of_path(path: str) -> str | None:
    """Name the language folder a file of phrases stands in."""
    return next((part for part in reversed(Path(path).parts) if part in LANGUAGES), None)


class LabelledPhrases(RasaFileImporter):
    """Reads phrases with their full label and language; everything else as Rasa does."""

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """Read all phrases (see parent class for full docstring)."""
        phrases: list[Message] = []
        for path in sorted(self._nlu_files):
            spoken = language_of_path(path)
            for message in utils.training_data_from_paths([path], language).training_examples:
                label = message.data.pop(INTENT_RESPONSE_KEY, None) or message.get(INTENT)
                message.set("metadata", {"label": label, "language": spoken})
                phrases.append(message)
        # Built once: merging file by file copies and hashes all phrases so far each time, minutes for thirty files.
        return TrainingData(phrases)
