"""Share what every package needs: models, errors, text, URLs, dates, HTML, logging, the process pool."""
