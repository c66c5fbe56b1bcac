"""`sort`, `rename`, `export` and `duplicates`: plans first, nothing overwritten, everything taken back."""

import csv
import json
import shutil

import pytest
import soundfile

from drumbridge.cli import main
from drumbridge.core.synthesis import synthesise


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "pack"
    folder.mkdir()
    for name, label in (("01.wav", "kick"), ("02 ♪.flac", "closed_hat")):
        soundfile.write(folder / name, synthesise(label), 44100)
    shutil.copyfile(folder / "01.wav", folder / "03.wav")
    return folder


@pytest.fixture
def call(folder, tmp_path, small_model, capsys):
    """Run a verb on a library that knows the folder; return the exit code and what was printed."""
    library = tmp_path / "library.sqlite"
    main(["scan", str(folder), "--library", str(library), "--model", str(small_model)])
    capsys.readouterr()

    def run(*arguments):
        code = main([*map(str, arguments), "--library", str(library)])
        return (code, *capsys.readouterr())

    return run


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def undo_file(out):
    return out.rpartition("--undo ")[2].removesuffix(" takes it back\n")


def test_sort_shows_its_plan_does_it_and_takes_it_back(call, folder, tmp_path):
    target = tmp_path / "sorted"
    code, out, _ = call("sort", target)
    assert code == 0
    assert out.splitlines()[0] == f"copy\t{folder / '01.wav'}\t{target / 'kick' / '01.wav'}"
    assert "3 files would be brought there. Nothing was touched" in out
    assert not target.exists()
    code, out, _ = call("sort", target, "--do")
    assert code == 0
    assert names(target) == ["closed_hat/02 ♪.flac", "kick/01.wav", "kick/03.wav"]
    assert names(folder) == ["01.wav", "02 ♪.flac", "03.wav"]
    assert call("sort", target)[1] == "nothing to do\n"
    assert call("sort", "--undo", undo_file(out))[:2] == (0, "3 files taken back\n")
    assert names(target) == []


@pytest.mark.parametrize("option", ["--hardlink", "--symlink"])
def test_sort_by_links(call, folder, tmp_path, option):
    assert call("sort", tmp_path / "sorted", "label:kick", option, "--do")[0] == 0
    assert names(tmp_path / "sorted") == ["kick/01.wav", "kick/03.wav"]
    assert (tmp_path / "sorted" / "kick" / "01.wav").samefile(folder / "01.wav")


def test_moved_sounds_are_known_at_once(call, folder, tmp_path):
    code, out, _ = call("sort", tmp_path / "sorted", "--move", "--do", "label:kick")
    assert code == 0
    assert names(folder) == ["02 ♪.flac"]
    assert call("find", "label:kick", "--paths")[1].splitlines() == [
        str(tmp_path / "sorted" / "kick" / name) for name in ("01.wav", "03.wav")
    ]
    assert call("sort", "--undo", undo_file(out))[0] == 0
    assert call("find", "label:kick", "--paths")[1].splitlines() == [str(folder / "01.wav"), str(folder / "03.wav")]
    assert names(folder) == ["01.wav", "02 ♪.flac", "03.wav"]


def test_rename(call, folder):
    assert "Nothing was touched" in call("rename", "{label} {index:02}")[1]
    code, out, _ = call("rename", "{label} {index:02}", "--do")
    assert code == 0
    assert names(folder) == ["closed_hat 01.flac", "kick 01.wav", "kick 02.wav"]
    assert len(call("find", "label:kick", "--paths")[1].splitlines()) == 2
    assert call("rename", "--undo", undo_file(out))[0] == 0
    assert names(folder) == ["01.wav", "02 ♪.flac", "03.wav"]
    assert "would give every file the same name" in call("rename", "drum", "--do")[2]
    # a path in a template is no way out of the folder
    call("rename", "../{label}/{name}", "--do")
    assert all("/" not in name for name in names(folder))
    assert len(names(folder)) == 3


def test_export_lists(call, folder, tmp_path):
    assert call("export", tmp_path / "all.csv")[:2] == (0, f"3 sounds in {tmp_path / 'all.csv'}\n")
    with open(tmp_path / "all.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["path"], row["label"]) for row in rows] == [
        (str(folder / "01.wav"), "kick"), (str(folder / "02 ♪.flac"), "closed_hat"), (str(folder / "03.wav"), "kick"),
    ]  # fmt: skip
    call("export", tmp_path / "hats.json", "label:closed_hat")
    (hat,) = json.loads((tmp_path / "hats.json").read_text())
    assert hat["path"] == str(folder / "02 ♪.flac")
    call("export", tmp_path / "all.m3u8")
    lines = (tmp_path / "all.m3u8").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "#EXTM3U"
    assert lines[2::2] == [row["path"] for row in rows]
    call("export", tmp_path / "all.ReaperFileList")
    first, second = (tmp_path / "all.ReaperFileList").read_text(encoding="utf-8").splitlines()[:2]
    status = (folder / "01.wav").stat()
    assert first == f'FILE "{folder / "01.wav"}" {status.st_size} 0 {int(status.st_mtime)}'
    assert second.startswith('DATA "u:kick" "d:kick, ')


def test_export_kits(call, folder, tmp_path):
    assert call("export", tmp_path / "mine.sfz")[1] == f"2 pads, 2 sounds in {tmp_path / 'mine.sfz'}\n"
    assert "sample=pack/01.wav" in (tmp_path / "mine.sfz").read_text(encoding="utf-8")
    assert call("export", tmp_path / "kit", "--kit", "--per-pad", "4")[0] == 0
    assert names(tmp_path / "kit") == [
        "add to REAPER.lua", "closed_hat 1.flac", "drumkit.xml", "kick 1.wav", "kit.sfz",
    ]  # fmt: skip
    assert (tmp_path / "kit" / "kick 1.wav").read_bytes() == (folder / "01.wav").read_bytes()


def test_export_overwrites_nothing_unasked(call, folder, tmp_path):
    (tmp_path / "there.csv").write_text("mine")
    code, _, err = call("export", tmp_path / "there.csv")
    assert (code, "--force" in err) == (1, True)
    assert (tmp_path / "there.csv").read_text() == "mine"
    assert call("export", tmp_path / "there.csv", "--force")[0] == 0
    assert "a new folder" in call("export", folder, "--kit")[2]
    assert "no suffix" in call("export", tmp_path / "what")[2]
    assert "no folder" in call("export", tmp_path / "none" / "a.csv")[2]
    assert "1 to 16" in call("export", tmp_path / "kit", "--kit", "--per-pad", "0")[2]
    assert "put on a pad" in call("export", tmp_path / "kit", "--kit", "label:clap")[2]


def test_duplicates(call, folder):
    assert call("duplicates")[1].splitlines() == [
        str(folder / "01.wav"), str(folder / "03.wav"), "", "1 groups; 1 files are one too many",
    ]  # fmt: skip
    soundfile.write(folder / "nearly.wav", 0.98 * synthesise("kick"), 44100)
    call("scan", folder)  # with the default model: other embeddings, and no mixing of the two
    assert json.loads(call("duplicates", "--json", "--near", "0.9")[1].splitlines()[0])
    assert "above 0" in call("duplicates", "--near", "2")[2]
