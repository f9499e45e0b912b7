"""Find the config change that makes a changed listing page work again.

`similarity` compares a list with the articles that a source listed before, `candidates` finds the
best list of a page, and `search_site` searches the site for a moved listing. `propose` combines
them, for runs and for `feedpub repair`. Nothing here changes the config: the user has to accept a
proposal.
"""
