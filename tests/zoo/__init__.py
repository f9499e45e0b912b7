"""Kinds of sources, each as a real site of that kind serves them, with the entries to expect.

A kind is a folder in `kinds`: `kind.toml`, and the files that its site serves.

- `site/` holds files by URL path. `index.html` answers at its folder's path, with and without the
  slash.
- `site.2/`, `site.3/` and so on, if there, replace files one day later each, for one more build.
- `elsewhere/` holds files of a second host, for links to other sites and for media servers.
- `files/` holds local files for folder and mail sources.

In all of them and in `kind.toml`, `{site}` and `{elsewhere}` are the addresses of the two hosts,
and `{files}` is the path of the copied files. feedpub fetches no pictures, so a site lacks them.

The clock is frozen at `kind.NOW`. An expected entry without `date` is dated at a build. A date
without a time is compared by day.

`python -m tests.zoo [NAME...]` prints the table.
"""
