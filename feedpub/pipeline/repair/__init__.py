"""A listing page that changed → the change of the config that finds its articles again.

`known` is what the state knows of the articles that a source lists; `judge` holds a list against
that, `lists` finds the best list of a page, `elsewhere` looks where a listing moved to. `propose`
is the story, for the runs of a feed and for `feedpub repair`; `told` says a proposal in words.
Nothing here changes the config: that is for a person to allow.
"""
