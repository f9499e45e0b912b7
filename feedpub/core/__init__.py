"""Share what every package needs.

Models, errors, text, URLs, dates, HTML, logging, the process pool.
"""
