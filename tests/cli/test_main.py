from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import inkread
from inkread.cli import main
from inkread.cli.app import COMMANDS, SHORT
from inkread.cli.help import GROUPS

HEAVY = (
    "numpy",
    "cv2",
    "PIL",
    "onnxruntime",
    "torch",
    "inkread.reader",
    "inkread.training.workflow",
    "inkread.datasets",
)


@pytest.mark.parametrize("arguments", [["--help"], ["read", "--help"], ["train", "-h"], ["--version"]])
def test_help_loads_nothing_heavy(arguments):
    program = (
        "import sys\nfrom inkread.cli import main\n"
        f"code = main({arguments!r})\n"
        f"sys.stderr.write(' '.join(m for m in {HEAVY!r} if m in sys.modules))\nsys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_a_command_that_is_named_loads_no_other():
    program = (
        "import sys\nfrom inkread.cli import main\n"
        "code = main(['--debug', 'read', '--help'])\n"
        "others = ('inkread.cli.train', 'inkread.cli.serve')\n"
        "sys.stderr.write(' '.join(m for m in sys.modules if m in others))\n"
        "sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "Print the digits" in done.stdout
    assert done.stderr == ""


def test_reading_one_picture_loads_nothing_that_it_does_not_need():
    picture = Path(__file__).parents[2] / "examples" / "marker_seven.jpg"
    program = (
        "import sys\nfrom inkread.cli import main\n"
        f"code = main(['read', {str(picture)!r}])\n"
        "unneeded = ('pydantic', 'multiprocessing', 'concurrent.futures', 'tomllib', 'secrets')\n"
        "sys.stderr.write(' '.join(m for m in unneeded if m in sys.modules))\nsys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("7\n", "")


def test_version_is_the_packages(run):
    assert run("--version") == (0, f"inkread {inkread.__version__}\n", "")


def test_every_command_is_listed(run):
    out = run("--help").out
    assert all(command in out for command in COMMANDS)


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["read", "--nonsense"], ["read", "x", "--format", "xml"]]
)
def test_wrong_usage_exits_with_2(run, arguments):
    result = run(*arguments)
    assert (result.code, result.out) == (2, "")
    assert "Usage" in result.err


def test_interruption_exits_with_130_and_no_traceback(run):
    result = run("read", "interrupt.png")
    assert result.code == 130
    assert "Traceback" not in result.err


def test_a_bug_is_reported_as_such_without_traceback(run):
    result = run("read", "bug.png")
    assert result.code == 1
    assert result.err == (
        "error: internal error (RuntimeError: a wire is loose); "
        "please report it, with the output of --debug\n"
    )


def test_debug_shows_the_traceback(run, monkeypatch):
    assert "Traceback" in run("--debug", "read", "bug.png").err
    monkeypatch.setenv("INKREAD_DEBUG", "1")
    assert "Traceback" in run("read", "bug.png").err
    monkeypatch.setenv("INKREAD_DEBUG", "0")
    assert "Traceback" not in run("read", "bug.png").err


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in ("serve", "camera")])
def test_short_names_and_placeholders_are_the_same_in_every_command(command, capsys, monkeypatch):
    monkeypatch.setenv("TERMINAL_WIDTH", "200")
    assert main([command, "--help"]) == 0
    shown = capsys.readouterr().out
    for name, short in SHORT.items():
        for line in shown.splitlines():
            if f"{name} " in line and line.strip("│ *").startswith(name):
                assert f" {short} " in line
    assert not any(kind in shown for kind in ("<bool>", "<int>", "<float>", "<path>", "<str>", "<list", "{"))
    assert shown.lower().count("default:") == shown.count("[default: ")


@pytest.mark.parametrize("command", ["read", "watch", "batch", "evaluate"])
def test_the_help_of_a_long_command_groups_its_options(command, capsys, monkeypatch):
    monkeypatch.setenv("TERMINAL_WIDTH", "200")
    assert main([command, "--help"]) == 0
    titles = [line.split()[1] for line in capsys.readouterr().out.splitlines() if line.startswith("╭")]
    assert titles[0] == "Arguments" or command == "evaluate"
    assert [title for title in titles if title in GROUPS] == [title for title in GROUPS if title in titles]
    assert {"Reading", "Output", "Other"} <= {*titles}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("inkread re", {"read", "report", "recipes"}),
        ("inkread read --alphabet ", {"digits", "letters", "alnum", "text"}),
        ("inkread read --format csv-", {"csv-digits"}),
        ("inkread read --exc", {"--excel"}),
        ("inkread watch x --model d", {"default", "detector"}),
        ("inkread recipes fa", {"fast"}),
        ("inkread plot grad", {"gradcam"}),
    ],
)
def test_the_shell_completes_commands_options_and_values(words, found):
    asked = {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" ")), "_INKREAD_COMPLETE": "complete_bash"}
    program = "import sys; from inkread.cli import main; sys.exit(main([]))"
    done = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | asked, capture_output=True, text=True, check=False
    )
    assert {*done.stdout.split()} == found


@pytest.mark.parametrize(
    "arguments",
    [
        ["read", "seven.png", "--min-probability", "2"],
        ["read", "seven.png", "--workers", "0"],
        ["watch", ".", "--out", "a.csv", "--interval", "-1"],
        ["serve", "--port", "99999"],
        ["train", "--out", "new", "--epochs", "-3"],
        ["train", "--out", "new", "--network", "unknown"],
        ["train", "--out", "new", "--optimizer", "unknown"],
        ["evaluate", "--data", "unknown"],
        ["plot", "unknown"],
        ["plot", "saliency", "--glyph", "-1"],
        ["sweep", "--out", "new", "--trials", "0"],
        ["export", "default", "--to", "unknown"],
        ["recipes", "unknown"],
        ["batch", ".", "--out", "new", "--part-size", "0"],
        ["compare", "default"],
    ],
)
def test_a_wrong_value_exits_with_2_before_anything_is_done(run, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert (result.code, result.out) == (2, "")
    assert not [*tmp_path.iterdir()]


def test_a_wrong_setting_is_named_as_the_option_that_was_given(run, tmp_path):
    result = run("train", "--out", tmp_path / "new", "--learning-rate", "-1")
    assert result.err.startswith("error: --learning-rate -1.0: is out of range; ")
