"""The queue between several machines: Procrastinate's, in the PostgreSQL database that has the state, too.

It holds nothing that the state does not know: a feed is put into it when its time has come, and a queue that is lost
is filled again from the schedule. So its tables have a schema of their own, which is made anew for another version.

    tables     its place in the database
    line       what is put in, taken over from workers that died, and looked at
    taking     what a worker does with it
"""

from feedpub.queue.line import Line
from feedpub.queue.taking import Taking

__all__ = ["Line", "Taking"]
