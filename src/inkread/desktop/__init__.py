"""Windows on the desk: one to draw digits in, one that shows what a camera sees.

==============  =====================================================================================
``window``      a resizable window around a ``Scene``, which is driven without a screen too
``look``        colours, type, buttons and bars
``newest``      work in a thread beside the window, always on the newest of what there is to do
==============  =====================================================================================

Needs the extra ``desktop``. Nothing of the core imports this.
"""

import os

# pygame would greet on standard output.
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
