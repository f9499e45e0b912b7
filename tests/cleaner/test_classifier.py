"""The model's arithmetic, its files and the shipped model."""

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
    """Evaluate one tree and one question at a time."""
    odds = 0.1 + [0.0, 1.0, -2.0, 0.5][(words > 10) + 2 * (density > 0.5)]
    odds += [0.25, 0.0, 0.0, -1.0][(density > 0.2) + 2 * (density > 0.8)]
    return float(1 / (1 + np.exp(-odds)))


def test_probabilities_equal_those_of_single_trees() -> None:
    blocks = [(5.0, 0.0), (50.0, 0.0), (5.0, 0.6), (50.0, 0.9), (10.0, 0.5)]
    features = np.zeros((len(NAMES), len(blocks)), dtype=np.float32)
    features[[WORDS, DENSITY]] = np.array(blocks).T
    assert np.allclose(
        MODEL.probabilities(features), [by_hand(*block) for block in blocks], atol=1e-6
    )


def test_probabilities_do_not_depend_on_the_batch_size() -> None:
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


def test_saved_model_loads_unchanged(tmp_path: Path) -> None:
    save_model(MODEL, tmp_path)
    again = classifier.load_model(tmp_path)
    assert again.vocabulary == MODEL.vocabulary
    assert np.array_equal(again.feature, MODEL.feature)
    assert np.allclose(again.leaves, MODEL.leaves, atol=1e-3)


def test_shipped_model_is_below_one_megabyte() -> None:
    data = Path(classifier.__file__).parent / "data"
    assert (
        sum((data / name).stat().st_size for name in (classifier.WORDS_FILE, classifier.TREES_FILE))
        < 1_000_000
    )


def test_shipped_model_is_cached() -> None:
    assert load_classifier() is load_classifier()
