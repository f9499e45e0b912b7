"""`python -m feedpub` and the command `feedpub`."""

from feedpub.cli import main

if __name__ == "__main__":
    main()
