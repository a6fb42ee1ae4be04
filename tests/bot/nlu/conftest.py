"""What the tests of understanding share: what the trained model has learned."""

import tarfile
from pathlib import Path

import pytest

from bot.nlu.component import settings_of
from bot.nlu.phrases import read_phrases
from bot.nlu.understanding import Understanding

MODELS = Path(__file__).parents[3] / "models"


@pytest.fixture(scope="session")
def understanding(tmp_path_factory: pytest.TempPathFactory) -> Understanding:
    """Return what the newest trained model understands; without a model, learn from the phrases as training would."""
    models = sorted(MODELS.glob("assistant-*.tar.gz"), key=lambda path: path.stat().st_mtime)
    learned = (
        _from_model(models[-1], tmp_path_factory.mktemp("model")) if models else Understanding.learn(read_phrases())
    )
    settings = settings_of()
    learned.temperature, learned.thresholds = settings.temperature, settings.thresholds
    return learned


def _from_model(model: Path, folder: Path) -> Understanding:
    with tarfile.open(model) as archive:
        for member in archive.getmembers():
            if Path(member.name).name in ("understanding.json", "understanding.npz"):
                content = archive.extractfile(member)
                if content:
                    (folder / Path(member.name).name).write_bytes(content.read())
    return Understanding.load(folder)
