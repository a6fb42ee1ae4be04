"""Inside Rasa the component must keep its contract: plain intents, full labels in the ranking, our entities."""

import copy
from pathlib import Path

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.component import UnderstandingComponent, settings_of
from bot.nlu.importer import LabelledPhrases, PhraseMessage
from bot.nlu.labels import catalogue
from bot.nlu.phrases import language_of_path

PHRASES = {
    "de": {
        "faq/cookies": ["was sind cookies", "benutzt ihr cookies", "cookies auf der seite", "cookie infos"],
        "not-covered/fees": ["was kostet die auskunft", "ist das gratis", "fallen gebühren an", "muss ich zahlen"],
        "chitchat/greet": ["hallo", "guten tag", "servus", "moin"],
        "erasure": ["löscht meine daten", "bitte alles löschen", "weg mit meinen daten", "daten löschen"],
    },
    "en": {
        "faq/cookies": ["what are cookies", "do you use cookies", "cookies on the site", "cookie info"],
        "not-covered/fees": ["what does access cost", "is it free", "are there fees", "must i pay"],
        "chitchat/greet": ["hello", "good day", "hi there", "hey"],
        "erasure": ["delete my data", "please erase everything", "get rid of my data", "erase me"],
    },
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of phrases laid out like data/nlu."""
    root = tmp_path_factory.mktemp("nlu")
    for language, labels in PHRASES.items():
        (root / language).mkdir()
        blocks = [
            f"- intent: {label}\n  examples: |\n" + "".join(f"    - {text}\n" for text in texts)
            for label, texts in labels.items()
        ]
        (root / language / "phrases.yml").write_text('version: "3.1"\nnlu:\n' + "".join(blocks), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def component(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> UnderstandingComponent:
    """Return a component trained on them, stored and loaded again as Rasa does."""
    storage = LocalModelStorage.create(tmp_path_factory.mktemp("storage"))
    resource = Resource("understanding")
    context = ExecutionContext(GraphSchema({}))
    config = UnderstandingComponent.get_default_config()
    read = LabelledPhrases(training_data_paths=str(folder)).get_nlu_data()
    UnderstandingComponent.create(config, storage, resource, context).train(read)
    return UnderstandingComponent.load(config, storage, resource, context)


def test_importer_keeps_group_as_intent_and_label_and_language_as_metadata(folder: Path) -> None:
    read = LabelledPhrases(training_data_paths=str(folder)).get_nlu_data()
    assert not read.retrieval_intents
    assert read.intents == {"faq", "not-covered", "chitchat", "erasure"}
    found = {(m.get("text"), m.get("metadata")["label"], m.get("metadata")["language"]) for m in read.training_examples}
    assert ("was sind cookies", "faq/cookies", "de") in found
    assert ("delete my data", "erasure", "en") in found


def test_a_phrase_is_copied_and_compared_as_rasas_own_messages_are() -> None:
    content = {"text": "a", "intent": "faq", "metadata": {"label": "faq/cookies", "language": "de"}}
    phrase = PhraseMessage(content)
    copied = copy.deepcopy(phrase)
    assert copied is not phrase
    assert copied == phrase
    assert hash(copied) == hash(phrase)
    copied.set("intent", "erasure")
    assert phrase.get("intent") == "faq"
    assert copied != phrase
    for other in ({"text": "b"}, {"intent": "unclear"}, {"metadata": {"label": "faq/scope", "language": "de"}}):
        assert PhraseMessage({**content, **other}) != phrase
        assert Message({**content, **other}) != Message(content)


def test_topic_goes_into_an_entity_and_the_full_labels_into_the_ranking(component: UnderstandingComponent) -> None:
    message = component.process([Message({"text": "was sind cookies"})])[0]
    assert message.get("intent")["name"] == "faq"
    assert 0.0 < message.get("intent")["confidence"] <= 1.0
    assert message.get("intent_ranking")[0]["name"] == "faq/cookies"
    assert len(message.get("intent_ranking")) <= 5
    assert {"entity": "topic", "value": "cookies", "extractor": "Understanding"} in message.get("entities")


def test_details_and_small_talk_are_named(component: UnderstandingComponent) -> None:
    fees, greeting = component.process([Message({"text": "are there fees"}), Message({"text": "hello"})])
    assert ("topic", "not-covered/fees") in {(e["entity"], e["value"]) for e in fees.get("entities")}
    assert ("chitchat", "greet") in {(e["entity"], e["value"]) for e in greeting.get("entities")}


def test_every_topic_of_the_answers_is_in_the_catalogue() -> None:
    labels = catalogue()
    assert len(labels) == len(set(labels))
    assert {"faq/cookies", "not-covered/other", "complaint", "chitchat/greet", "unclear", "out-of-scope"} <= set(labels)


def test_language_of_a_file_is_the_folder_it_stands_in() -> None:
    assert language_of_path("data/nlu/de/flows.yml") == "de"
    assert language_of_path("data/nlu/lexicon.yml") is None


def test_settings_come_from_the_assistants_configuration() -> None:
    settings = settings_of()
    assert 0.0 < settings.answer < settings.part < 1.0
    assert settings.temperature > 0.0
