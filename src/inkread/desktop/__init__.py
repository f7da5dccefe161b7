"""Desktop windows: one to draw digits in, and one that shows a camera's picture.

======================  ======================================================================
``window``              a resizable window for a ``Scene``; scenes also run without a screen
``theme``               colors, sizes, and type
``widgets``             panels, bars, buttons, and tags
``latest_only_worker``  a worker thread that always takes the newest item
``drawing``             the scene for drawing
``app_context``         shared by its activities
``recognition``         the activity that reads and saves drawings
``ask_folder``          the activity that asks where lessons are saved
``teaching``            the activity that asks for digits
``clipboard``           the system's clipboard
``canvas``              ink, brush, eraser, and undo
``canvas_view``         a canvas in the window, with its reading
``grid_view``           the view with 28×28 cells
``page_view``           the view for several digits
``labelling``           a folder of labelled drawings
``numbered_files``      files with the next free number
``camera``              the scene of the camera's window
``live_view``           its state
``overlay``             boxes over the picture
``capture``             captures frames from a camera or video in a thread
``reader_process``      a reader in a separate process, which can be stopped
``motion``              measures the motion between frames
``tracker``             combines several readings into a steady one
``snapshot``            saves a picture and its reading as files
======================  ======================================================================

Requires the extra ``desktop``. The core never imports this package.
"""

import os

# Otherwise, pygame would print a greeting, and the desktop would name the window after the interpreter.
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ.setdefault("SDL_VIDEO_X11_WMCLASS", "inkread")
