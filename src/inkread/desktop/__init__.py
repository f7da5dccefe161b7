"""Windows on the desk: one to draw digits in, one that shows what a camera sees.

==============  =====================================================================================
``window``      a resizable window around a ``Scene``, which is driven without a screen too
``look``        colours, type, buttons and bars
``newest``      work in a thread beside the window, always on the newest of what there is to do
``camera``      the camera's window       ``sight``: its state    ``overlay``: boxes over the picture
``capture``     pictures of a camera or a video, taken in a thread
``live``        a reader in a process beside the window, that can be stopped
``motion``      how the picture moved     ``steady``: readings that several frames agree on
``snapshot``    a picture and its reading as files
==============  =====================================================================================

Needs the extra ``desktop``. Nothing of the core imports this.
"""

import os

# pygame would greet on standard output.
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
