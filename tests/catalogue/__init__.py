"""The catalogue of bad inputs: each meets the real command on loopback and one oracle judges it.

    case       a case and the oracle
    names      the names that must exist
    stage      the sites, the command's home, and the news that a healthy build would publish
    command    runs the command in its own process and measures it
    warm       a process that has imported feedpub and forks for each command
    faults     faults of the process itself: its clock, its limits, its system calls
    cases/     the cases, one module per group

`python -m tests.catalogue [NAME]...` plays all cases, or the named ones, and prints the table.
"""
