"""Rewrite the expected files of the golden pages, and print the differences.

    python -m tests.pages.refresh [NAME…]

Read the differences before you commit them. A new page needs a folder with source.html and
case.toml; the command writes the other files. Continuous integration never runs it.
"""

import difflib
import sys

from tests.support.pages import expected_files, golden_pages


def main(names: list[str]) -> None:
    for case in golden_pages():
        if names and case.name not in names:
            continue
        article = case.article()
        for file, content in expected_files(article).items():
            path = case.folder / file
            before = path.read_text("utf-8") if path.exists() else ""
            path.write_text(content, "utf-8")
            sys.stdout.writelines(
                difflib.unified_diff(
                    before.splitlines(keepends=True),
                    content.splitlines(keepends=True),
                    f"{case.name}/{file} before",
                    f"{case.name}/{file} after",
                ),
            )
        for segment in case.must:
            if segment not in article.text:
                print(f"{case.name}: MISSING {segment!r}")
        for segment in case.must_not:
            if segment in article.text or segment in article.html:
                print(f"{case.name}: LEAKED {segment!r}")


if __name__ == "__main__":
    main(sys.argv[1:])
