"""Drawings in the window are read, undone, saved and taught, by mouse and by keyboard."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import numpy as np
import pytest

pygame = pytest.importorskip("pygame", reason="needs the extra desktop")

from inkread.datasets.folders import load_folder_glyphs
from inkread.desktop import theme
from inkread.desktop.canvas_view import NO_DIGIT
from inkread.desktop.drawing import SIZE
from inkread.desktop.file_dialog import FileDialog
from inkread.desktop.page_view import PageView


def label_of(person) -> str:
    return person.view.answer.reading.label(person.view.min_probability)


def test_every_digit_that_is_drawn_stroke_by_stroke_on_the_grid_is_read(visit) -> None:
    read = []

    def script(person):
        for digit in range(10):
            yield from person.draw(digit)
            yield from person.read()
            read.append(label_of(person))
            assert person.scene.title == f"{digit} – inkread draw"
            assert sum(person.view.answer.reading.shares) + person.view.answer.reading.none == pytest.approx(
                1, abs=1e-5
            )
            yield from person.click("Reset")

    visit(script)
    assert read == list("0123456789")


@pytest.mark.parametrize("box", [(0.05, 0.05, 0.35, 0.45), (0.5, 0.4, 0.45, 0.55), (0.1, 0.05, 0.8, 0.9)])
def test_a_digit_is_read_wherever_and_as_large_as_it_is_drawn(visit, box) -> None:
    def script(person):
        for digit in (2, 4, 5):
            yield from person.draw(digit, box)
            yield from person.click("Read")
            yield from person.until(lambda: not person.view.is_stale)
            assert label_of(person) == str(digit)
            yield from person.press(pygame.K_r)

    visit(script)


def test_live_reading_follows_the_brush_without_being_asked(visit) -> None:
    def script(person):
        yield from person.click("Live")
        yield from person.draw(7)
        yield from person.until(lambda: person.scene.title.startswith("7"))
        yield from person.press(pygame.K_l)
        yield from person.draw(1, (0.05, 0.1, 0.1, 0.3))
        assert person.view.is_outdated
        assert person.scene.title == "inkread draw"

    visit(script)


def test_the_brush_goes_on_while_a_reading_takes_long_and_the_newest_drawing_is_read_next(
    visit, reader, monkeypatch
) -> None:
    go_on, seen = threading.Event(), []

    def slow(glyphs, **_):
        seen.append(glyphs)
        assert go_on.wait(300)
        return np.eye(11, dtype=np.float32)[:1]

    def script(person):
        with monkeypatch.context() as patch:
            patch.setattr(reader, "probabilities", slow)
            yield from person.draw(1)
            yield from person.until(lambda: seen)
            before = person.view.canvas.changes
            yield from person.draw(7)
            yield from person.draw(4)
            assert person.view.canvas.changes > before, "drawn although the reading is not done"
            go_on.set()
            yield from person.until(lambda: not person.view.is_stale)
        assert len(seen) == 2, "what was passed meanwhile is never read"

    visit(script, live=True)


def test_reset_empties_the_sheet_and_undo_brings_it_back(visit) -> None:
    def script(person):
        yield from person.draw(8)
        drawn = person.view.canvas.ink.copy()
        yield from person.click("Reset")
        assert person.view.canvas.is_empty
        yield from person.click("Undo")
        np.testing.assert_array_equal(person.view.canvas.ink, drawn)

    visit(script)


def test_undo_takes_back_one_stroke_at_a_time(visit) -> None:
    def script(person):
        inks = []
        for stroke in person.draw(4):
            yield stroke
            inks.append(person.view.canvas.ink.copy())
        assert len(inks) == 2
        yield from person.press(pygame.K_z, pygame.KMOD_CTRL)
        np.testing.assert_array_equal(person.view.canvas.ink, inks[0])
        yield from person.press(pygame.K_z)
        assert person.view.canvas.is_empty

    visit(script)


@pytest.mark.parametrize("free", [False, True])
def test_the_right_button_erases(visit, free) -> None:
    def script(person):
        yield from person.draw(1)
        drawn = int(person.view.canvas.ink.sum())
        yield from person.draw(1, erase=True)
        assert person.view.canvas.ink.sum() < drawn / 20
        yield from person.press(pygame.K_z)
        assert person.view.canvas.ink.sum() == drawn

    visit(script, free=free)


@pytest.mark.parametrize("free", [False, True])
def test_reset_forgets_what_was_read(visit, free) -> None:
    def script(person):
        yield from person.draw(3)
        yield from person.read()
        yield from person.press(pygame.K_r)
        yield from person.draw(7)
        assert person.view.answer is None, "it was of the drawing before"

    visit(script, free=free)


def test_words_that_are_too_long_for_a_line_have_a_second_one(visit, monkeypatch) -> None:
    written, write = [], theme.write
    monkeypatch.setattr(theme, "write", lambda *args, **more: written.append(args[1]) or write(*args, **more))
    words = (
        f"{'my digits/' * 12}: is not a folder and cannot be created; "
        "choose another location or free some space"
    )

    def script(person):
        person.scene.context.say(words)
        yield from person.press(pygame.K_F1)
        yield

    size = visit(script).frames[-1]
    scale, shown = theme.scale_of(size, SIZE), written[-2:]
    assert " ".join(shown) == words
    assert all(theme.width_of(line, theme.SMALL * scale) < size[0] - theme.GAP for line in shown)


def test_several_digits_on_the_free_sheet_have_boxes_around_their_ink(visit) -> None:
    def script(person):
        yield from person.press(pygame.K_2)
        assert isinstance(person.view, PageView)
        yield  # the sheet has its place once it is shown
        for place, digit in enumerate((4, 2, 7)):
            yield from person.draw(digit, (0.08 + 0.3 * place, 0.1, 0.2, 0.35))
        for place, digit in enumerate((1, 9, 8, 0)):
            yield from person.draw(digit, (0.1 + 0.2 * place, 0.65, 0.11, 0.22))
        yield from person.read()
        reading = person.view.answer.reading
        assert reading.text == "427\n1980"
        assert person.scene.title == "427/1980 – inkread draw"
        for digit in reading.digits:
            x0, y0, x1, y1 = digit.box
            assert person.view.canvas.ink[y0:y1, x0:x1].max() == 255
        boxed = sum(
            int(person.view.canvas.ink[y0:y1, x0:x1].sum())
            for x0, y0, x1, y1 in (d.box for d in reading.digits)
        )
        assert boxed > 0.98 * person.view.canvas.ink.sum()

    visit(script)


def test_the_command_that_learns_from_lessons_can_be_copied_whatever_the_folder_is_called(
    visit, tmp_path
) -> None:
    def script(person):
        yield from person.draw(3)
        yield from person.press(pygame.K_RETURN)
        yield from person.press(pygame.K_t)
        assert f" --data '{tmp_path / 'my hand'}' --out" in person.scene.context.note.text

    visit(script, teach=tmp_path / "my hand")


def test_each_board_keeps_its_drawing_while_the_other_is_used(visit) -> None:
    def script(person):
        yield from person.draw(3)
        grid = person.view
        yield from person.click("Free sheet")
        assert person.view.canvas.is_empty
        yield from person.click("28 × 28")
        assert person.view is grid
        assert not grid.canvas.is_empty

    visit(script)


def test_a_drawing_that_is_not_a_digit_is_named_so_and_doubt_is_a_question_mark(visit) -> None:
    def script(person):
        area = person.view.rect
        at = lambda x, y: (area.x + int(x * area.width), area.y + int(y * area.height))
        for stroke in (
            [(0.2, 0.2), (0.5, 0.8), (0.8, 0.2)],
            [(0.2, 0.8), (0.5, 0.2), (0.8, 0.8)],
            [(0.1, 0.5), (0.9, 0.5)],
        ):
            yield from person.drag([at(*point) for point in stroke])
        yield from person.read()
        assert label_of(person) == NO_DIGIT
        assert person.scene.title == "no digit – inkread draw"
        yield from person.press(pygame.K_r)
        yield from person.draw(3)
        person.view.min_probability = 1.0
        yield from person.read()
        assert person.scene.title == "? – inkread draw"
        assert person.view.answer.reading.verdict(1.0).startswith("3 or ")

    visit(script)


def test_an_empty_sheet_is_not_read_but_invites_to_draw(visit) -> None:
    def script(person):
        for key in (pygame.K_RETURN, pygame.K_s):
            yield from person.press(key)
            assert "yet. Draw a digit" in person.scene.context.note.text
        assert person.view.answer is None

    visit(script)


def test_a_resized_window_draws_where_the_mouse_is_and_shows_everything(visit) -> None:
    sizes = [(500, 380), (420, 760), (1300, 900)]

    def script(person):
        for size in sizes:
            person.window.size = size
            yield from person.until(lambda size=size: person.window.get_surface().get_size() == size)
            yield
            yield
            inside = pygame.Rect((0, 0), size)
            assert all(inside.contains(button.rect) for button in person.scene.buttons)
            assert inside.contains(person.view.rect)
            yield from person.draw(5)
            yield from person.read()
            assert label_of(person) == "5"
            yield from person.press(pygame.K_r)

    seen = visit(script).frames
    assert set(sizes) <= set(seen)


def test_saved_drawings_are_read_alike_from_their_files_and_never_replace_each_other(
    visit, tmp_path, reader
) -> None:
    (tmp_path / "drawing-004.png").write_bytes(b"somebody else's")

    def script(person):
        yield from person.draw(2)
        yield from person.press(pygame.K_s)
        yield from person.press(pygame.K_2)
        yield  # the canvas has its position once it is shown
        yield from person.draw(6)
        yield from person.click("Save")
        assert "drawing-006.png" in person.scene.context.note.text

    visit(script)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"drawing-00{n}.png" for n in (4, 5, 6)]
    assert (tmp_path / "drawing-004.png").read_bytes() == b"somebody else's"
    assert [reader.read_digit(tmp_path / f"drawing-00{n}.png").label for n in (5, 6)] == ["2", "6"]


def test_a_folder_that_cannot_be_written_to_is_reported_and_the_drawing_stays(visit, tmp_path) -> None:
    (tmp_path / "file").write_text("no folder")

    def script(person):
        yield from person.draw(2)
        yield from person.press(pygame.K_s)
        assert person.scene.context.note.is_problem
        assert "is not a folder" in person.scene.context.note.text
        yield from person.press(pygame.K_t)
        yield from person.press(pygame.K_RETURN)
        assert person.scene.context.note.is_problem
        assert not person.view.canvas.is_empty

    visit(script, save_to=tmp_path / "file")


@pytest.mark.slow
@pytest.mark.parametrize("free", [False, True])
def test_what_is_taught_is_what_training_learns_from(visit, tmp_path, reader, free) -> None:
    folder = tmp_path / "hand"
    asked = []

    def script(person):
        for _ in range(12):
            wanted = person.scene.teaching.lessons.wanted
            asked.append(wanted)
            yield from person.draw(wanted)
            yield from person.press(pygame.K_RETURN)
            assert person.view.canvas.is_empty

    visit(script, teach=folder, free=free)
    assert sorted(asked[:10]) == list(range(10)), "each digit once before any twice"
    learned = load_folder_glyphs(folder, reader=reader)
    assert not learned.skipped
    assert learned.glyphs.labels.tolist() == asked
    assert reader.probabilities(learned.glyphs.images).argmax(axis=1).tolist() == asked


def test_teaching_leaves_the_drawing_alone_that_was_there_before(visit, tmp_path) -> None:
    def script(person):
        yield from person.draw(3)
        yield from person.click("Teach")
        assert not [*tmp_path.iterdir()], "it asks where first"
        yield  # a button has its place once it is shown
        yield from person.click("Cancel")
        yield from person.press(pygame.K_t)
        yield
        yield from person.click("Begin")
        assert person.view.canvas.is_empty
        yield from person.press(pygame.K_RETURN)
        assert "first" in person.scene.context.note.text
        yield from person.draw(3)
        yield from person.click("Next")
        yield from person.click("Take back")
        assert "again" in person.scene.context.note.text
        yield from person.press(pygame.K_t)
        assert not person.view.canvas.is_empty

    visit(script)
    assert [path.name for path in (tmp_path / "my-digits").iterdir()] == ["labels.csv"]


@pytest.mark.parametrize(("key", "mod"), [(pygame.K_q, pygame.KMOD_CTRL), (None, 0)])
def test_the_window_closes_when_it_is_told_to(visit, key, mod) -> None:
    def script(person):
        if key is None:
            pygame.event.post(pygame.event.Event(pygame.QUIT))
            yield
        else:
            yield from person.press(key, mod)
        yield from person.until(lambda: False)

    assert visit(script).scene.done
    assert not pygame.display.get_init()


def test_lessons_go_to_the_folder_that_is_dropped_while_the_window_asks(visit, tmp_path) -> None:
    (tmp_path / "mine").mkdir()

    def script(person):
        yield from person.press(pygame.K_t)
        pygame.event.post(pygame.event.Event(pygame.DROPFILE, file=str(tmp_path / "mine")))
        yield
        yield from person.press(pygame.K_RETURN)
        assert person.scene.teaching.lessons.folder == tmp_path / "mine"

    visit(script)


def test_a_picture_that_is_dropped_is_read_and_can_be_undone(visit) -> None:
    examples = Path(__file__).parents[2] / "examples"

    def script(person):
        for path in (examples / "labels.csv", examples / "pencil_rows.jpg"):
            pygame.event.post(pygame.event.Event(pygame.DROPFILE, file=str(path)))
            yield
            assert person.scene.context.note.is_problem == (path.suffix == ".csv")
        yield from person.until(lambda: not person.view.is_stale)
        assert person.view.answer.reading.text == "2718\n28459\n0452"
        yield from person.press(pygame.K_z)
        assert person.view.canvas.is_empty

    visit(script)


def dialog(monkeypatch, code: str) -> None:
    command = (sys.executable, "-c", code)
    monkeypatch.setattr("inkread.desktop.drawing.FileDialog", lambda: FileDialog(command))


def test_a_picture_that_is_chosen_in_the_dialog_is_read(visit, monkeypatch) -> None:
    path = Path(__file__).parents[2] / "examples" / "pencil_rows.jpg"
    dialog(monkeypatch, f"print({str(path)!r}, end='')")

    def script(person):
        yield from person.press(pygame.K_o)
        yield from person.until(lambda: person.view.answer is not None and not person.view.is_stale)
        assert person.view.answer.reading.text == "2718\n28459\n0452"

    visit(script)


def test_a_canceled_dialog_changes_nothing(visit, monkeypatch, tmp_path) -> None:
    dialog(monkeypatch, f"open({str(tmp_path / 'shown')!r}, 'w')")

    def script(person):
        yield from person.click("Open")
        yield from person.until((tmp_path / "shown").exists)
        yield from person.until(lambda: not person.scene.dialog.is_shown)
        assert person.scene.context.note is None
        assert person.view.canvas.is_empty

    visit(script)


def test_where_there_is_no_dialog_the_window_says_what_to_do_instead(visit, monkeypatch) -> None:
    dialog(monkeypatch, "import no_such_toolkit")

    def script(person):
        yield from person.press(pygame.K_o)
        yield from person.until(lambda: person.scene.context.note is not None)
        assert "drop a picture on the window" in person.scene.context.note.text
        assert person.scene.context.note.is_problem

    visit(script)


def test_closing_the_window_closes_the_dialog() -> None:
    shown = FileDialog((sys.executable, "-c", "import signal; signal.pause()"))
    shown.ask()
    shown.ask()
    assert shown.is_shown
    shown.close()
    assert not shown.is_shown
    assert shown.chosen() is None


def test_the_text_is_copied_row_by_row(visit, monkeypatch) -> None:
    copied = []
    monkeypatch.setattr("inkread.desktop.recognition.copy_text", copied.append)

    def script(person):
        yield from person.press(pygame.K_c)
        yield from person.draw(4, (0.1, 0.05, 0.2, 0.35))
        yield from person.draw(7, (0.1, 0.55, 0.2, 0.35))
        yield from person.read()
        yield from person.click("Copy")

    visit(script, free=True)
    assert copied == ["4\n7"]


def test_the_pen_has_three_widths_and_the_eraser_is_a_button_too(visit) -> None:
    def script(person):
        inks = []
        for _ in range(3):
            yield from person.draw(1)
            inks.append(int(person.view.canvas.ink.sum()))
            yield from person.press(pygame.K_r)
            yield from person.press(pygame.K_p)
        medium, thick, thin = inks
        assert thin < 0.8 * medium < 0.64 * thick
        yield from person.draw(1)
        yield from person.click("Eraser")
        yield from person.draw(1)
        assert person.view.canvas.ink.sum() < medium / 20

    visit(script, free=True)


def test_a_reading_that_takes_long_is_announced(visit, reader, monkeypatch) -> None:
    go_on = threading.Event()
    monkeypatch.setattr("inkread.desktop.recognition.SOON", 0.0)

    def slow(glyphs, **_):
        assert go_on.wait(300)
        return np.eye(11, dtype=np.float32)[:1]

    def script(person):
        with monkeypatch.context() as patch:
            patch.setattr(reader, "probabilities", slow)
            yield from person.draw(1)
            yield from person.press(pygame.K_RETURN)
            assert person.scene._activity.head[0] == "Reading…"
            go_on.set()
            yield from person.until(lambda: not person.view.is_stale)
        yield
        assert person.scene._activity.head[0] == "Reading"

    visit(script)


def test_the_free_sheet_and_the_grid_read_what_is_chosen(visit) -> None:
    def script(person):
        yield from person.draw(7, (0.3, 0.2, 0.3, 0.5))
        yield from person.press(pygame.K_a)
        yield from person.until(lambda: not person.view.is_stale)
        yield from person.until(lambda: len(person.view.answer.reading.lines[0].words) == 0)
        assert person.scene._recognition.alphabet == "letters"
        yield from person.until(lambda: not person.view.answer.reading.text.isdigit())
        yield from person.press(pygame.K_1)
        assert "Reads letters" in [button.label for button in person.scene.buttons]
        yield from person.until(lambda: person.view.rect.width > person.view.size[0])  # it is laid out
        yield from person.draw(0)
        assert not person.view.canvas.is_empty
        yield from person.read()
        assert label_of(person) in "Oo"
        assert set(person.view.answer.reading.labels) >= {"O", "o"}  # alternatives show both
        assert person.scene.title == f"{label_of(person)} – inkread draw"

    visit(script, free=True, live=True)


def test_the_theme_is_dark_or_light(visit) -> None:
    def script(person):
        yield from person.draw(3)
        yield from person.press(pygame.K_d)
        yield
        yield
        surface = person.window.get_surface()
        assert tuple(surface.get_at((1, 1)))[:3] == theme.DARK["PAPER"]
        yield from person.press(pygame.K_d)
        assert theme.LIGHT["PAPER"] == theme.PAPER

    visit(script)
