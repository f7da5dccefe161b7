import os

import pytest

from inkread.datasets.pictures import LabelledPicture, load_labelled_folder
from inkread.errors import DatasetFormatError, DatasetNotFoundError


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "pictures"
    (root / "sub").mkdir(parents=True)
    for name in ("a.png", "b.jpg", "sub/c, d.png"):
        (root / name).touch()
    (tmp_path / "outside.png").touch()
    return root


def table(folder, text, name="labels.csv"):
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return load_labelled_folder(folder)


def test_a_table_gives_pictures_in_its_order_with_its_further_columns(folder):
    assert table(folder, "file,label,source\nb.jpg,12/34,me\na.png,,\n") == [
        LabelledPicture(folder / "b.jpg", "12/34", {"source": "me"}),
        LabelledPicture(folder / "a.png", "", {"source": ""}),
    ]


def test_tabs_separate_where_the_name_says_so(folder):
    assert table(folder, "label\tfile\n7\ta.png\n", "labels.tsv") == [LabelledPicture(folder / "a.png", "7")]


def test_tables_from_spreadsheets_are_tolerated(folder):
    text = '\ufefffile,label\r\n"sub/c, d.png", 7 \r\n\r\n"a.png","08"\r\n'
    assert [picture.label for picture in table(folder, text)] == ["7", "08"]


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("file,text\na.png,1\n", 1, "no column 'label'"),
        ("", 1, "no column 'file and label'"),
        ("file,label\na.png,1\nx.png,1\n", 3, "'x.png', which is not a file"),
        ("file,label\nsub,1\n", 2, "which is not a file"),
        ("file,label\n../outside.png,1\n", 2, "outside the folder"),
        ("file,label\n..\\outside.png,1\n", 2, "outside the folder"),
        ("file,label\n/etc/hostname,1\n", 2, "outside the folder"),
        ("file,label\nC:\\a.png,1\n", 2, "outside the folder"),
        ("file,label\na.png,1\nb.jpg,2\nsub/../a.png,1\n", 4, "outside the folder"),
        ("file,label\na.png,1\n./a.png,1\n", 3, "names './a.png' again"),
        ("file,label\na.png,1a\n", 2, "label '1a', not digits"),
        ("file,label\na.png,12//3\n", 2, "label '12//3', not digits"),
        ("file,label\na.png,٣\n", 2, "not digits"),
        ("file,label\na.png,1,2\n", 2, "more fields"),
        ("file,label\na.png\n", 2, "no label"),
        ('file,label,notes\na.png,1,"two\nlines"\nb.jpg,?,\n', 4, "label '\\?'"),
        ("file,label\n\0,1\n", 2, "not a file"),
        (f"file,label\n{'x' * 5000},1\n", 2, "not a file"),
    ],
)
def test_a_wrong_table_is_rejected_with_its_line(folder, text, line, problem):
    with pytest.raises(DatasetFormatError, match=problem) as caught:
        table(folder, text)
    assert caught.value.source == f"{folder / 'labels.csv'}, line {line}"


@pytest.mark.parametrize("text", [b"file,label\n\xff.png,1\n", "file,label\n"])
def test_a_table_that_is_not_text_or_has_no_rows_is_rejected(folder, text):
    with pytest.raises(DatasetFormatError, match=r"labels\.csv"):
        table(folder, text)


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_link_out_of_the_folder_is_rejected(folder):
    (folder / "link.png").symlink_to(folder.parent / "outside.png")
    with pytest.raises(DatasetFormatError, match="outside the folder"):
        table(folder, "file,label\nlink.png,1\n")


def test_folders_named_by_label_need_no_table(tmp_path):
    for name in ("7/b.PNG", "7/a.jpg", "0/c.webp", "none/d.png", "junk/e.gif", "7/notes.txt", ".git/x.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = [
        (str(picture.path.relative_to(tmp_path)), picture.label) for picture in load_labelled_folder(tmp_path)
    ]
    assert found == [
        ("0/c.webp", "0"),
        ("7/a.jpg", "7"),
        ("7/b.PNG", "7"),
        ("junk/e.gif", ""),
        ("none/d.png", ""),
    ]


@pytest.mark.parametrize("names", [[], ["0", "ten"], ["0"], ["picture.png"]])
def test_a_folder_without_labels_or_pictures_is_rejected(tmp_path, names):
    for name in names:
        (tmp_path / name).touch() if "." in name else (tmp_path / name).mkdir()
    with pytest.raises(DatasetFormatError, match=r"labels\.csv"):
        load_labelled_folder(tmp_path)


def test_an_absent_folder_is_not_found(tmp_path):
    with pytest.raises(DatasetNotFoundError):
        load_labelled_folder(tmp_path / "absent")


@pytest.mark.parametrize(
    "text",
    [
        "file;label;source\na.png;7;me\n",
        "File,Label,Source\na.png,7,me\n",
        "\ufeffFILE;LABEL;SOURCE\r\na.png;7;me\r\n",
        "file\tlabel\tsource\na.png\t7\tme\n",
        " file , label , source\na.png,7,me\n",
        "File\tLabel\tSource\na.png\t7\tme\n".encode("utf-16"),
    ],
    ids=["semicolons", "capitals", "Excel in Europe", "tabs", "blanks", "Unicode text of Excel"],
)
def test_a_table_is_read_as_spreadsheets_of_any_country_save_it(folder, text):
    for name in ("labels.csv", "labels.tsv"):
        assert table(folder, text, name) == [LabelledPicture(folder / "a.png", "7", {"source": "me"})]
        (folder / name).unlink()


def test_rows_may_hold_other_separators_than_the_first_line(folder):
    (picture,) = table(folder, "file;label;notes\na.png;12/3;one, two, three, four\n")
    assert picture.columns == {"notes": "one, two, three, four"}


def test_hidden_files_and_folders_are_not_pictures(tmp_path):
    for name in ("7/a.png", "7/._a.png", "7/.b.png", "7/~c.png", ".Trashes/d.png", "~lock/e.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert load_labelled_folder(tmp_path) == [LabelledPicture(tmp_path / "7" / "a.png", "7")]
