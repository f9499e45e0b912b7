"""Collect every target by name."""

from tests.fuzz.target import Target
from tests.fuzz.targets import articles, documents, files, network, serving, settings, small, state

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        *small.TARGETS,
        *network.TARGETS,
        *settings.TARGETS,
        *serving.TARGETS,
        *state.TARGETS,
        *documents.TARGETS,
        *articles.TARGETS,
        *files.TARGETS,
    )
}
