"""The model's arithmetic, and the one that is shipped."""

from pathlib import Path

import numpy as np

from feedpub.cleaner import classifier
from feedpub.cleaner.classifier import Model, load_classifier, save_model
from feedpub.cleaner.features import NAMES
from feedpub.cleaner.vocabulary import Vocabulary

WORDS, DENSITY = NAMES.index("words"), NAMES.index("density")
MODEL = Model(
    Vocabulary({"a": (1.0, 0.5, 0.25)}, {"b": -1.0}),
    np.array([[WORDS, DENSITY], [DENSITY, DENSITY]]),
    np.array([[10.0, 0.5], [0.2, 0.8]], dtype=np.float32),
    np.array([[0.0, 1.0, -2.0, 0.5], [0.25, 0.0, 0.0, -1.0]], dtype=np.float32),
    0.1,
)


def by_hand(words: float, density: float) -> float:
    """The same trees, one question after the other."""
    odds = 0.1 + [0.0, 1.0, -2.0, 0.5][(words > 10) + 2 * (density > 0.5)]
    odds += [0.25, 0.0, 0.0, -1.0][(density > 0.2) + 2 * (density > 0.8)]
    return float(1 / (1 + np.exp(-odds)))


def test_the_trees_of_a_page_are_asked_at_once() -> None:
    """With the answers that asking one by one gives."""
    blocks = [(5.0, 0.0), (50.0, 0.0), (5.0, 0.6), (50.0, 0.9), (10.0, 0.5)]
    features = np.zeros((len(NAMES), len(blocks)), dtype=np.float32)
    features[[WORDS, DENSITY]] = np.array(blocks).T
    assert np.allclose(
        MODEL.probabilities(features), [by_hand(*block) for block in blocks], atol=1e-6
    )


def test_a_page_of_any_length_is_judged() -> None:
    """Blocks are judged in portions, which cannot be told from the result."""
    features = (
        np.random.default_rng(1).random(
            (len(NAMES), 2 * classifier.BATCH_BLOCKS + 1), dtype=np.float32
        )
        * 20
    )
    alone = [
        MODEL.probabilities(features[:, [at]])[0]
        for at in (0, classifier.BATCH_BLOCKS, 2 * classifier.BATCH_BLOCKS)
    ]
    assert MODEL.probabilities(features)[:: classifier.BATCH_BLOCKS].tolist() == alone


def test_a_model_survives_its_files(tmp_path: Path) -> None:
    """Up to the half precision that the leaves are stored with."""
    save_model(MODEL, tmp_path)
    again = classifier.load_model(tmp_path)
    assert again.vocabulary == MODEL.vocabulary
    assert np.array_equal(again.feature, MODEL.feature)
    assert np.allclose(again.leaves, MODEL.leaves, atol=1e-3)


def test_the_shipped_model_is_small() -> None:
    """Together below a megabyte."""
    data = Path(classifier.__file__).parent / "data"
    assert (
        sum((data / name).stat().st_size for name in (classifier.WORDS_FILE, classifier.TREES_FILE))
        < 1_000_000
    )


def test_the_shipped_model_is_read_once() -> None:
    """Every page after the first finds it ready."""
    assert load_classifier() is load_classifier()
