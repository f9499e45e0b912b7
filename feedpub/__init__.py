"""feedpub: clean full-text feeds from the sources you point it at."""
