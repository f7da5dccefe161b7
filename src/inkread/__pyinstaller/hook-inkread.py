"""The models, the page and the migrations are files; and the public names are imported by their names."""

from PyInstaller.utils.hooks import collect_data_files

from inkread import _NAMES

datas = collect_data_files("inkread") + collect_data_files("inkread.store.migrations", include_py_files=True)
hiddenimports = sorted(f"inkread.{module}" for module in _NAMES)
