"""Share what every package needs: models, errors, text, URLs, dates, HTML, logs, processes."""
