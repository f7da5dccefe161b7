"""Windows on the desktop: one to draw digits in, one that shows what a camera sees.

======================  ======================================================================
``window``              a resizable window around a ``Scene``, which is driven without a screen too
``theme``               colors, sizes and type
``widgets``             panels, bars, buttons and tags
``latest_only_worker``  a worker thread that always takes the newest item
``drawing``             the scene to draw in
``app_context``         shared by its activities
``recognition``         the activity that reads and saves
``teaching``            the one that asks for digits
``canvas``              ink, brush, eraser and undo
``canvas_view``         a canvas in the window, with its answer
``grid_view``           the view with 28×28 cells
``page_view``           the view for several digits
``labelling``           labelled drawings in a folder
``numbered_files``      files with the next free number
``camera``              the camera's window
``live_view``           its state
``overlay``             boxes over the picture
``capture``             pictures of a camera or a video, taken in a thread
``reader_process``      a reader in a process beside the window, which can be stopped
``motion``              how the picture moved
``tracker``             what several readings agree on
``snapshot``            a picture and its reading as files
======================  ======================================================================

Needs the extra ``desktop``. Nothing of the core imports this.
"""

import os

# pygame would greet on standard output, and a desktop would call the window after the interpreter's file.
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ.setdefault("SDL_VIDEO_X11_WMCLASS", "inkread")
