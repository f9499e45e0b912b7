"""The cleaner: extract articles from pages, fragments and saved files, without boilerplate.

    articles       makes articles; its functions run in the processes that read pages
    extract        the article of an HTML page, in steps that are modules of their own
    pagination     the other pages of an article
    plain_text, saved_files, mail, documents
                   articles in other forms
    rules          site rules
    site_memory    what repeats on the pages of a site
    summary        summaries of articles

Only the processes that read pages load all of it. The functions that they run import the extractor
themselves, so that other processes can import the modules of these functions.
"""
