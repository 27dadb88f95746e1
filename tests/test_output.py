"""Results appear together or not at all, and nothing of a person's is overwritten."""

import errno
import json
from pathlib import Path

import pytest

from video2music.errors import OutputError
from video2music.output import OutputFolder, output_error

NAMES = ("music.wav", "result.json")


def write(folder: Path, names: tuple[str, ...] = NAMES, text: str = "new") -> None:
    with OutputFolder(folder, names) as out:
        (out.temporary / names[0]).write_text(text)
        (out.temporary / names[1]).write_text(json.dumps({"program": "video2music", "files": list(names)}))
        out.publish()


def test_files_appear_under_their_names_and_nothing_else_stays(tmp_path: Path) -> None:
    write(tmp_path / "deep" / "out")
    assert sorted(path.name for path in (tmp_path / "deep" / "out").iterdir()) == sorted(NAMES)


def test_an_earlier_result_is_replaced(tmp_path: Path) -> None:
    write(tmp_path, text="old")
    write(tmp_path, text="new")
    assert (tmp_path / "music.wav").read_text() == "new"


def test_a_file_of_a_person_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "music.wav").write_text("mine")
    with pytest.raises(OutputError, match=r"in the way.*music\.wav"):
        write(tmp_path)
    assert (tmp_path / "music.wav").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["music.wav"]


def test_the_clip_itself_is_protected_even_where_an_earlier_result_names_it(tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(OutputError), OutputFolder(tmp_path, NAMES, protect=[tmp_path / "music.wav"]):
        pass


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    def fail() -> None:
        with OutputFolder(tmp_path / "a" / "b", NAMES) as out:
            (out.temporary / "music.wav").write_text("half")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutputError, match="disk is full"):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_looking_whether_a_folder_can_be_written_makes_nothing(tmp_path: Path) -> None:
    with OutputFolder(tmp_path / "new", NAMES):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_file_where_the_folder_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OutputError, match="-o"):
        write(tmp_path / "out")


def test_a_folder_below_a_system_folder_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        write(Path("/proc/video2music"))


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_the_reason_is_one_line_with_a_remedy(code: int) -> None:
    sentence = str(output_error(OSError(code, "x"), Path("out")))
    assert "\n" not in sentence
    assert "-o" in sentence
