"""The catalogue of bad inputs: each has a name, meets the real command on loopback, and is held against one oracle.

    case       what a case is, and the oracle
    names      the names that must be there
    stage      the sites, the command's home, and the news that a healthy look would bring
    command    runs the command in a process of its own, and measures it
    warm       a process that has imported feedpub, and forks for each command
    faults     what is wrong with the process itself: its clock, its limits, its system calls
    cases/     the cases, a module a group

`python -m tests.catalogue [NAME]...` plays them all, or those named, and prints the table.
"""
