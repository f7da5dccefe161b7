"""Desktop windows: one to draw digits in, and one that shows a camera's picture.

``window`` shows a scene: ``drawing`` or ``camera``. docs/architecture.md lists the other modules. Scenes also
run without a screen.

Requires the extra ``desktop``. The core never imports this package.
"""

import os

# Otherwise, pygame would print a greeting, and the desktop would name the window after the interpreter.
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ.setdefault("SDL_VIDEO_X11_WMCLASS", "inkread")
