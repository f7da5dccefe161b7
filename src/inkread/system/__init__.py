"""The operating system and the installation, as the other rooms use them; this room knows only the errors.

================  ==================================================================
``files``         paths, and files that appear whole or not at all
``user_folders``  the user's folders for inkread's files
``locks``         locks between processes
``worker``        a function in a process of its own, which can be ended at any time
``installation``  names the missing or damaged package
``log_filter``    drops log messages of other libraries
``idle``          lets idle OpenMP threads sleep
================  ==================================================================
"""
