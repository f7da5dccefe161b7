"""Windows on the desk: one to draw digits in, one that shows what a camera sees.

================  ===================================================================================
``window``        a resizable window around a ``Scene``, which is driven without a screen too
``look``          colours, type, buttons and bars
``newest``        work in a thread beside the window, always on the newest of what there is to do
``drawing``       the scene to draw in: ``desk``, what its activities share
``recognition``   the activity that reads and saves         ``teaching``  the one that asks for digits
``sheet``         ink, brush, eraser and undo               ``board``     a sheet in the window, with its answer
``grid``          the board of 28×28 cells                  ``page``      the board for several digits
``lessons``       a folder of labelled drawings             ``keeping``   numbered files
``camera``        the camera's window                       ``sight``     its state, ``overlay``: boxes over the picture
``capture``       pictures of a camera or a video, taken in a thread
``live``          a reader in a process beside the window, which can be stopped
``motion``        how the picture moved                     ``steady``    what several readings agree on
``snapshot``      a picture and its reading as files
================  ===================================================================================

Needs the extra ``desktop``. Nothing of the core imports this.
"""

import os

# pygame would greet on standard output, and a desktop would call the window after the interpreter's file.
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ.setdefault("SDL_VIDEO_X11_WMCLASS", "inkread")
