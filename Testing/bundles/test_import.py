"""Import: hostile and broken archives, one by one. Whatever happens, the destination stays as it was."""

from __future__ import annotations

import json
import os
import random
import stat
import struct
import zipfile
import zlib
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from MissingModalitySegLib.bundles import Limits, archive, export_zip, import_bundle, load, verify
from MissingModalitySegLib.bundles.staging import write_and_hash
from MissingModalitySegLib.errors import BundleError
from Testing.bundles.samples import (
    FILES,
    WEIGHTS,
    entries,
    manifest_bytes,
    manifest_data,
    tree,
    with_header,
    write_bundle,
)


def make_zip(path: Path, members: list[tuple[str | zipfile.ZipInfo, bytes]], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as target:
        for name, content in members:
            target.writestr(name, content)
    return path


def good_members(prefix: str = "", **changes) -> list[tuple[str, bytes]]:
    files = {"manifest.json": manifest_bytes(**changes)} | FILES
    return [(prefix + name, content) for name, content in files.items()]


def special(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = mode << 16
    return info


@pytest.fixture
def destination(tmp_path: Path) -> Path:
    """A folder of models that holds one already, beside something that must not be touched."""
    (tmp_path / "secret.txt").write_bytes(b"untouched")
    write_bundle(tmp_path / "models" / "other", name="other")
    return tmp_path / "models"


def refused(source: Path, destination: Path, **options) -> BundleError:
    """The error of an import that must fail; checks that nothing else came of it."""
    everything = destination.parent
    before = tree(everything)
    with pytest.raises(BundleError) as caught:
        import_bundle(source, destination, **options)
    assert tree(everything) == before
    assert caught.value.message
    return caught.value


@pytest.mark.parametrize("prefix", ["", "moe/", "whatever it is called/"])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_good_archives(tmp_path: Path, destination: Path, prefix: str, method: int) -> None:
    bundle = import_bundle(make_zip(tmp_path / "x.zip", good_members(prefix), method), destination)
    assert bundle == load(destination / "moe")
    verify(bundle)
    assert bundle.weights.read_bytes() == WEIGHTS
    assert sorted(os.listdir(destination)) == ["moe", "other"]
    if os.name == "posix":
        assert not any(path.stat().st_mode & 0o111 for path in bundle.folder.iterdir())


def test_good_archive_with_an_entry_for_its_folder(tmp_path: Path, destination: Path) -> None:
    folder = special("moe/", stat.S_IFDIR | 0o755)
    import_bundle(make_zip(tmp_path / "x.zip", [(folder, b""), *good_members("moe/")]), destination)
    assert load(destination / "moe")


def test_good_folder(tmp_path: Path, destination: Path) -> None:
    bundle = import_bundle(write_bundle(tmp_path / "usb stick" / "anything"), destination)
    assert tree(bundle.folder) == tree(tmp_path / "usb stick" / "anything")


def test_into_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    assert import_bundle(write_bundle(tmp_path / "moe"), tmp_path / "new" / "models").folder.is_dir()


ESCAPES = [
    "../evil.md", "moe/../../evil.md", "/etc/evil.md", "//server/evil.md", "C:evil.md", "c:/evil.md", "C:\\evil.md",
    "..\\evil.md", "moe\\weights.safetensors", "moe/..", "..", "evil.md\0.png",
]  # fmt: skip


@pytest.mark.parametrize("name", ESCAPES)
def test_paths_that_lead_out(tmp_path: Path, destination: Path, name: str) -> None:
    placeholder = "Q" * len(name.encode())
    path = make_zip(tmp_path / "x.zip", [*good_members(), (placeholder, b"evil")])
    path.write_bytes(path.read_bytes().replace(placeholder.encode(), name.encode()))  # zipfile would clean the name
    assert refused(path, destination).code == "bundle-path-escape"


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK, stat.S_IFDIR])
def test_links_and_special_files(tmp_path: Path, destination: Path, kind: int) -> None:
    members = [("manifest.json", manifest_bytes()), ("README.md", FILES["README.md"])]
    members.append((special("weights.safetensors", kind | 0o777), b"../secret.txt"))
    assert refused(make_zip(tmp_path / "x.zip", members), destination).code == "bundle-link"


def test_windows_reparse_points(tmp_path: Path, destination: Path) -> None:
    info = zipfile.ZipInfo("weights.safetensors")
    info.external_attr = 0x400
    members = [("manifest.json", manifest_bytes()), ("README.md", FILES["README.md"]), (info, WEIGHTS)]
    assert refused(make_zip(tmp_path / "x.zip", members), destination).code == "bundle-link"


@pytest.mark.parametrize("where", ["both", "local"])
def test_encrypted(tmp_path: Path, destination: Path, where: str) -> None:
    path = make_zip(tmp_path / "x.zip", good_members())
    content = bytearray(path.read_bytes())
    signatures = {b"PK\3\4": 6, b"PK\1\2": 8} if where == "both" else {b"PK\3\4": 6}
    for signature, offset in signatures.items():
        start = 0
        while (start := content.find(signature, start)) >= 0:
            content[start + offset] |= 1
            start += 4
    path.write_bytes(bytes(content))
    if where == "both":
        assert refused(path, destination).code == "bundle-encrypted"
    else:  # only the local header says so: the list of contents counts, and the bytes are checked anyway
        assert verify(import_bundle(path, destination)) is None


def test_the_same_file_twice(tmp_path: Path, destination: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = make_zip(tmp_path / "x.zip", [*good_members(), ("README.md", b"another")])
    assert refused(path, destination).code == "bundle-duplicate"


@pytest.mark.parametrize("name", ["readme.MD", "Manifest.json"])
def test_the_same_file_twice_on_some_systems(tmp_path: Path, destination: Path, name: str) -> None:
    path = make_zip(tmp_path / "x.zip", [*good_members(), (name, b"another")])
    assert refused(path, destination).code == "bundle-duplicate"


@pytest.mark.parametrize("name", ["model.pt", "MODEL.PTH", "pytorch_model.bin", "x.pkl", "last.ckpt"])
def test_pickles(tmp_path: Path, destination: Path, name: str) -> None:
    error = refused(make_zip(tmp_path / "x.zip", [*good_members(), (name, b"\x80\x04.")]), destination)
    assert error.code == "bundle-pickle"
    assert ".safetensors" in error.hint


def test_a_bare_pickle_instead_of_a_bundle(tmp_path: Path, destination: Path) -> None:
    """torch.save writes zip archives too: one without a manifest."""
    path = make_zip(tmp_path / "model.pt", [("archive/data.pkl", b"\x80\x04."), ("archive/data/0", b"")])
    assert refused(path, destination).code in {"bundle-nested", "bundle-pickle"}
    path = tmp_path / "old.pt"
    path.write_bytes(b"\x80\x02}q\x00.")
    assert refused(path, destination).code == "bundle-pickle"


@pytest.mark.parametrize("name", ["run.py", "setup.exe", ".DS_Store", "notes.md", "evil\u202egnp.md"])
def test_files_that_the_manifest_does_not_list(tmp_path: Path, destination: Path, name: str) -> None:
    error = refused(make_zip(tmp_path / "x.zip", [*good_members(), (name, b"")]), destination)
    assert error.code == "bundle-foreign-file"
    assert "\u202e" not in error.message


@pytest.mark.parametrize(
    "extra", ["moe/deeper/x.md", "elsewhere/x.md", "x.md", "moe/deeper/"], ids=["deeper", "beside", "above", "folder"]
)
def test_folders_within(tmp_path: Path, destination: Path, extra: str) -> None:
    path = make_zip(tmp_path / "x.zip", [*good_members("moe/"), (extra, b"")])
    assert refused(path, destination).code == "bundle-nested"


def test_two_folders_around_it(tmp_path: Path, destination: Path) -> None:
    assert refused(make_zip(tmp_path / "x.zip", good_members("a/moe/")), destination).code == "bundle-nested"


def test_a_missing_file(tmp_path: Path, destination: Path) -> None:
    error = refused(make_zip(tmp_path / "x.zip", good_members()[:-1]), destination)
    assert error.code == "bundle-missing-file"
    assert refused(make_zip(tmp_path / "y.zip", good_members()[1:]), destination).code == "bundle-missing-file"
    assert refused(make_zip(tmp_path / "z.zip", []), destination).code == "bundle-missing-file"


def test_a_wrong_checksum(tmp_path: Path, destination: Path) -> None:
    changed = WEIGHTS[:-1] + b"X"
    path = make_zip(tmp_path / "x.zip", [*good_members()[:1], ("README.md", FILES["README.md"])])
    with zipfile.ZipFile(path, "a") as target:
        target.writestr("weights.safetensors", changed)
    assert refused(path, destination).code == "bundle-checksum"


def test_a_wrong_size(tmp_path: Path, destination: Path) -> None:
    path = make_zip(tmp_path / "x.zip", [*good_members()[:1], ("README.md", b"x"), ("weights.safetensors", WEIGHTS)])
    assert refused(path, destination).code == "bundle-size"


def test_weights_that_lie(tmp_path: Path, destination: Path) -> None:
    files = {"weights.safetensors": WEIGHTS + b"hidden"}
    path = make_zip(tmp_path / "x.zip", [("manifest.json", manifest_bytes(files)), *files.items()])
    assert refused(path, destination).code == "weights-header"


def test_a_bad_manifest(tmp_path: Path, destination: Path) -> None:
    path = make_zip(tmp_path / "x.zip", [("manifest.json", b'{"schema_version": 9}'), *FILES.items()])
    assert refused(path, destination).code == "manifest-schema-version"
    path = make_zip(tmp_path / "y.zip", good_members(name="../other"))
    assert refused(path, destination).code == "manifest-wrong-value"


def test_a_manifest_of_a_gigabyte(tmp_path: Path, destination: Path) -> None:
    path = make_zip(tmp_path / "x.zip", [("manifest.json", b" " * 2_000_000)])
    assert refused(path, destination).code == "manifest-too-large"


def test_a_bomb_by_its_own_account(tmp_path: Path, destination: Path) -> None:
    content = bytes(30_000_000)
    files = {"weights.safetensors": content}
    members = [("manifest.json", manifest_bytes(files)), *files.items()]
    path = make_zip(tmp_path / "x.zip", members, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 100_000
    assert refused(path, destination).code == "bundle-bomb"


def lying_zip(path: Path, name: str, claimed: bytes, real: bytes) -> Path:
    """An archive in which `name` claims size and checksum of `claimed` and unpacks to `real`."""
    members = dict(good_members()) | {name: claimed}
    records, directory = b"", b""
    for member, content in members.items():
        raw = zlib.compress(real if member == name else content, 9, wbits=-15)
        fields = struct.pack(
            "<HHHHHLLLHH", 20, 0, 8, 0, 33, zlib.crc32(content), len(raw), len(content), len(member), 0
        )
        directory += b"PK\1\2" + struct.pack("<H", 20) + fields + struct.pack("<HHHLL", 0, 0, 0, 0, len(records))
        directory += member.encode()
        records += b"PK\3\4" + fields + member.encode() + raw
    end = struct.pack("<HHHHLLH", 0, 0, len(members), len(members), len(directory), len(records), 0)
    path.write_bytes(records + directory + b"PK\5\6" + end)
    return path


def test_lying_zip_is_well_made(tmp_path: Path, destination: Path) -> None:
    path = lying_zip(tmp_path / "x.zip", "README.md", FILES["README.md"], FILES["README.md"])
    assert verify(import_bundle(path, destination)) is None


@pytest.mark.parametrize("name", ["weights.safetensors", "manifest.json"])
@pytest.mark.parametrize("more", [1, 20_000_000])
def test_a_bomb_that_lies(tmp_path: Path, destination: Path, name: str, more: int) -> None:
    """It unpacks to the very bytes that are claimed, right checksum and all, and then goes on."""
    claimed = dict(good_members())[name]
    path = lying_zip(tmp_path / "x.zip", name, claimed, claimed + bytes(more))
    assert refused(path, destination).code == "bundle-bomb"


def test_an_entry_that_ends_before_its_size(tmp_path: Path, destination: Path) -> None:
    path = lying_zip(tmp_path / "x.zip", "weights.safetensors", WEIGHTS, WEIGHTS[:-3])
    assert refused(path, destination).code in {"bundle-size", "bundle-damaged-archive"}


def test_a_changed_manifest(tmp_path: Path, destination: Path) -> None:
    path = lying_zip(tmp_path / "x.zip", "manifest.json", manifest_bytes(), manifest_bytes().replace(b"40", b"50"))
    assert refused(path, destination).code == "bundle-damaged-archive"


def test_declared_sizes_over_the_limits(tmp_path: Path, destination: Path) -> None:
    path = make_zip(tmp_path / "x.zip", good_members())
    folder = write_bundle(tmp_path / "moe")
    largest = len(manifest_bytes())
    for source in (path, folder):
        assert refused(source, destination, limits=Limits(file=len(WEIGHTS) - 1)).code == "bundle-too-large"
        assert refused(source, destination, limits=Limits(total=largest + 10)).code == "bundle-too-large"
    import_bundle(path, destination, limits=Limits(file=largest))


def test_too_many_files(tmp_path: Path, destination: Path) -> None:
    files = {f"{i}.md": b"" for i in range(80)}
    path = make_zip(tmp_path / "x.zip", [*good_members(), *files.items()])
    assert refused(path, destination).code == "bundle-too-many-files"
    assert refused(write_bundle(tmp_path / "moe", FILES | files), destination).code == "bundle-too-many-files"


def test_a_list_of_contents_that_fills_the_memory(tmp_path: Path, destination: Path) -> None:
    path = make_zip(tmp_path / "x.zip", [(f"{i:050}.md", b"") for i in range(12_000)])
    assert refused(path, destination).code == "bundle-too-many-files"


def test_a_zip64_list_of_contents_that_fills_the_memory(tmp_path: Path, destination: Path) -> None:
    content = make_zip(tmp_path / "x.zip", good_members()).read_bytes()
    end = content.rindex(b"PK\5\6")
    record = b"PK\6\6" + struct.pack("<QHHLLQQQQ", 44, 45, 45, 0, 0, 4, 4, 2**40, 0)
    locator = b"PK\6\7" + struct.pack("<LQL", 0, end, 1)
    path = tmp_path / "y.zip"
    path.write_bytes(content[:end] + record + locator + content[end:])
    assert refused(path, destination).code == "bundle-too-many-files"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions(tmp_path: Path, destination: Path, method: int) -> None:
    assert refused(make_zip(tmp_path / "x.zip", good_members(), method), destination).code == "bundle-compression"


def test_a_cut_archive_at_any_place(tmp_path: Path, destination: Path) -> None:
    content = make_zip(tmp_path / "x.zip", good_members(), zipfile.ZIP_DEFLATED).read_bytes()
    path = tmp_path / "cut.zip"
    for length in range(0, len(content), 37):
        path.write_bytes(content[:length])
        code = "bundle-truncated" if length > 4 else "bundle-not-an-archive"
        assert refused(path, destination).code == code


@pytest.mark.parametrize("content", [b"", b"text", b"\x1f\x8b" + b"0" * 100, b"PK\5\6" + b"\xff" * 18, b"PK\5\6"])
def test_what_is_no_archive(tmp_path: Path, destination: Path, content: bytes) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    codes = {"bundle-not-an-archive", "bundle-damaged-archive", "bundle-too-many-files"}
    assert refused(path, destination).code in codes


def test_what_is_not_there(tmp_path: Path, destination: Path) -> None:
    assert refused(tmp_path / "none.zip", destination).code == "bundle-not-found"


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_damaged_archives_never_raise_anything_else(tmp_path_factory, seed: int) -> None:
    """Some bytes are changed anywhere: a sound bundle, or a BundleError and nothing else left."""
    chance = random.Random(seed)
    folder = tmp_path_factory.mktemp("damaged")
    method = chance.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    path = make_zip(folder / "x.zip", good_members(), method)
    content = bytearray(path.read_bytes())
    for _ in range(chance.randint(1, 4)):
        content[chance.randrange(len(content))] = chance.randrange(256)
    path.write_bytes(bytes(content))
    try:
        bundle = import_bundle(path, folder / "models")
    except BundleError:
        assert set(tree(folder)) <= {"x.zip", "models"}
    else:
        verify(bundle)
        assert set(os.listdir(folder / "models")) == {bundle.name}


class InterruptedStream(BytesIO):
    """Gives some bytes, then raises."""

    error: BaseException

    def read(self, size: int = -1) -> bytes:
        if self.tell():
            raise self.error
        return super().read(3)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError(), OSError(5, "I/O error")], ids=repr)
@pytest.mark.parametrize("kind", ["zip", "folder"])
@pytest.mark.parametrize("victim", list(FILES))
def test_killed_in_the_middle(tmp_path: Path, destination: Path, monkeypatch, error, kind: str, victim: str) -> None:
    """Replacing a model is stopped while a file is read: the old one is still there, whole."""
    write_bundle(destination / "moe", version="0.9")
    if kind == "zip":
        source = make_zip(tmp_path / "x.zip", good_members())
    else:
        source = write_bundle(tmp_path / "new" / "moe")
    before = tree(tmp_path)

    def interrupted(stream, target, size):
        if target.name == victim:
            stream = InterruptedStream(stream.read())
            stream.error = error
        return write_and_hash(stream, target, size)

    monkeypatch.setattr(archive, "write_and_hash", interrupted)
    with pytest.raises((BundleError, KeyboardInterrupt, MemoryError)):
        import_bundle(source, destination, replace=True)
    assert tree(tmp_path) == before
    assert load(destination / "moe").manifest.version == "0.9"


def test_replacing(tmp_path: Path, destination: Path) -> None:
    write_bundle(destination / "moe", version="0.9")
    path = make_zip(tmp_path / "x.zip", good_members())
    error = refused(path, destination)
    assert error.code == "bundle-exists"
    assert "--replace" in error.hint
    assert import_bundle(path, destination, replace=True).manifest.version == "1.0.0"
    assert sorted(os.listdir(destination)) == ["moe", "other"]


def test_replacing_a_link_does_not_touch_what_it_points_to(tmp_path: Path, destination: Path) -> None:
    elsewhere = write_bundle(tmp_path / "elsewhere", version="0.9")
    (destination / "moe").symlink_to(elsewhere)
    import_bundle(make_zip(tmp_path / "x.zip", good_members()), destination, replace=True)
    assert not (destination / "moe").is_symlink()
    assert load(elsewhere).manifest.version == "0.9"


@pytest.mark.parametrize("what", ["link", "pipe", "folder"])
def test_folders_with_what_is_no_ordinary_file(tmp_path: Path, destination: Path, what: str) -> None:
    source = write_bundle(tmp_path / "moe")
    os.unlink(source / "README.md")
    if what == "link":
        (source / "README.md").symlink_to(tmp_path / "secret.txt")
    elif what == "pipe":
        if not hasattr(os, "mkfifo"):
            pytest.skip("pipes with names are Unix")
        os.mkfifo(source / "README.md")
    else:
        (source / "README.md").mkdir()
    with pytest.raises(BundleError) as caught:
        import_bundle(source, destination)
    assert caught.value.code == "bundle-link"
    assert os.listdir(destination) == ["other"]


def test_folders_with_foreign_and_missing_files(tmp_path: Path, destination: Path) -> None:
    source = write_bundle(tmp_path / "moe")
    (source / "extra.txt").write_bytes(b"")
    assert refused(source, destination).code == "bundle-foreign-file"
    (source / "extra.txt").rename(source / "last.ckpt")
    assert refused(source, destination).code == "bundle-pickle"
    (source / "last.ckpt").unlink()
    (source / "README.md").unlink()
    assert refused(source, destination).code == "bundle-missing-file"


def test_a_file_swapped_for_a_link_while_reading(tmp_path: Path, destination: Path, monkeypatch) -> None:
    source = write_bundle(tmp_path / "moe")
    check = archive._check_members

    def swap(*arguments):
        check(*arguments)
        os.unlink(source / "README.md")
        (source / "README.md").symlink_to(tmp_path / "secret.txt")

    monkeypatch.setattr(archive, "_check_members", swap)
    with pytest.raises(BundleError) as caught:
        import_bundle(source, destination)
    assert caught.value.code == "bundle-link"
    assert os.listdir(destination) == ["other"]


def test_export_and_import_again(tmp_path: Path, destination: Path) -> None:
    bundle = load(write_bundle(tmp_path / "moe"))
    first, second = export_zip(bundle, tmp_path / "a.zip"), export_zip(bundle, tmp_path / "b.zip")
    assert first.read_bytes() == second.read_bytes()
    assert zipfile.ZipFile(first).testzip() is None
    assert all(name.startswith("moe/") for name in zipfile.ZipFile(first).namelist())
    assert tree(import_bundle(first, destination).folder) == tree(bundle.folder)


def test_export_does_not_replace_unless_told_and_writes_no_damaged_bundle(tmp_path: Path) -> None:
    bundle = load(write_bundle(tmp_path / "moe"))
    target = tmp_path / "out" / "a.zip"
    export_zip(bundle, target)
    with pytest.raises(BundleError) as caught:
        export_zip(bundle, target)
    assert caught.value.code == "bundle-exists"
    export_zip(bundle, target, replace=True)
    before = target.read_bytes()
    bundle.path("README.md").write_bytes(b"x" * len(FILES["README.md"]))
    with pytest.raises(BundleError) as caught:
        export_zip(bundle, target, replace=True)
    assert caught.value.code == "bundle-checksum"
    assert target.read_bytes() == before
    assert os.listdir(target.parent) == ["a.zip"]


@contextmanager
def working_in(folder: Path):
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def test_relative_paths(tmp_path: Path) -> None:
    write_bundle(tmp_path / "moe")
    with working_in(tmp_path):
        export_zip(load(Path("moe")), Path("moe.zip"))
        assert import_bundle(Path("moe.zip"), Path("models")).folder == Path("models/moe")
    with suppress(FileNotFoundError):
        assert not list(tmp_path.glob(".moe*"))


def test_unusual_but_honest_manifest_bytes_are_kept(tmp_path: Path, destination: Path) -> None:
    text = json.dumps(manifest_data(), indent=7).encode()
    bundle = import_bundle(make_zip(tmp_path / "x.zip", [("manifest.json", text), *FILES.items()]), destination)
    assert (bundle.folder / "manifest.json").read_bytes() == text
    assert [entry.to_dict() for entry in bundle.manifest.files] == entries(FILES)


@pytest.mark.parametrize(
    ("first", "second"),
    [("é.md", "e\u0301.md"), ("ﬁ.md", "ﬁ.MD"), ("straße.md", "STRASSE.md"), ("Ω.md", "\u2126.md")],
    ids=ascii,
)
def test_names_that_are_one_file_on_some_system(tmp_path: Path, destination: Path, first: str, second: str) -> None:
    """By normal form and by case, as file systems of macOS and Windows compare names."""
    files = {first: b"1", second: b"2"}
    path = make_zip(tmp_path / "x.zip", [*good_members(), *files.items()])
    assert refused(path, destination).code == "bundle-duplicate"


HIDDEN = ["\u202e", "\u200b", "\ufeff", "\u2066", "\u00ad", "\U000e0041", "\u2028"]


@pytest.mark.parametrize("letter", HIDDEN, ids=ascii)
def test_letters_that_nobody_sees_in_names_of_files(tmp_path: Path, destination: Path, letter: str) -> None:
    name = f"notes{letter}.md"
    files = FILES | {name: b"x"}
    path = make_zip(tmp_path / "x.zip", [("manifest.json", manifest_bytes(files)), *files.items()])
    error = refused(path, destination)
    assert error.code in {"manifest-file-name", "manifest-wrong-value"}
    assert letter not in error.message


@pytest.mark.parametrize(
    "name", ["m\u043ee", "moe\u200b", "MOE", "mo\u0065\u0301", "..", "con", "moe ", "a/b", "٣"], ids=ascii
)
def test_names_of_models_that_look_like_another(tmp_path: Path, destination: Path, name: str) -> None:
    """A Cyrillic o, letters of no width, other digits: none of them can stand beside the model that it imitates."""
    path = make_zip(tmp_path / "x.zip", good_members(name=name))
    assert refused(path, destination).code.startswith("manifest-")


def test_a_second_name_in_an_extra_field(tmp_path: Path, destination: Path) -> None:
    """Info-ZIP's Unicode path (0x7075): some programs take that name instead of the one that was checked."""
    info = zipfile.ZipInfo("README.md")
    hidden = b"../secret.txt"
    data = struct.pack("<BL", 1, zlib.crc32(b"README.md")) + hidden
    info.extra = struct.pack("<HH", 0x7075, len(data)) + data
    members = [one for one in good_members() if one[0] != "README.md"]
    path = make_zip(tmp_path / "x.zip", [*members, (info, FILES["README.md"])])
    with suppress(BundleError):
        import_bundle(path, destination)
    assert (tmp_path / "secret.txt").read_bytes() == b"untouched"
    assert set(os.listdir(tmp_path)) == {"secret.txt", "models", "x.zip"}
    assert set(os.listdir(destination)) <= {"moe", "other"}


def test_a_name_that_differs_within_the_archive(tmp_path: Path, destination: Path) -> None:
    """The list of contents says README.md, the entry itself says something else."""
    path = make_zip(tmp_path / "x.zip", good_members())
    content = path.read_bytes()
    at = content.index(b"README.md")  # the entry comes before the list
    path.write_bytes(content[:at] + b"../../x.x" + content[at + 9 :])
    assert refused(path, destination).code == "bundle-damaged-archive"


def test_entries_that_share_their_bytes(tmp_path: Path, destination: Path) -> None:
    """The bomb that needs no recursion: many names in the list lead to one packed piece."""
    files = {f"{number}.md": b"same bytes " * 90_000 for number in range(60)}
    members = [("manifest.json", manifest_bytes(FILES | files)), *FILES.items(), *files.items()]
    path = make_zip(tmp_path / "whole.zip", members, zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(path) as archive:
        first = next(info for info in archive.infolist() if info.filename == "0.md")
        starts = {info.filename: info.header_offset for info in archive.infolist()}
    content = bytearray(path.read_bytes())
    directory = content.rindex(b"PK\5\6")
    start = struct.unpack("<L", content[directory + 16 : directory + 20])[0]
    while content[start : start + 4] == b"PK\1\2":
        length, extra, comment = struct.unpack("<HHH", content[start + 28 : start + 34])
        name = content[start + 46 : start + 46 + length].decode()
        if name in files:
            assert starts[name] == struct.unpack("<L", content[start + 42 : start + 46])[0]
            content[start + 42 : start + 46] = struct.pack("<L", first.header_offset)
        start += 46 + length + extra + comment
    path = tmp_path / "x.zip"
    path.write_bytes(bytes(content))
    assert refused(path, destination).code in {"bundle-damaged-archive", "bundle-bomb"}


def test_an_archive_within_the_archive(tmp_path: Path, destination: Path) -> None:
    inner = make_zip(tmp_path / "inner.zip", good_members()).read_bytes()
    path = make_zip(tmp_path / "x.zip", [("moe.zip", inner)])
    assert refused(path, destination).code == "bundle-missing-file"
    path = make_zip(tmp_path / "y.zip", [*good_members(), ("moe.zip", inner)])
    assert refused(path, destination).code == "bundle-foreign-file"


def test_weights_whose_header_is_a_bomb(tmp_path: Path, destination: Path) -> None:
    """Megabytes of keys, the last of them twice: found at once, not by comparing each with all."""
    entry = '{"dtype":"U8","shape":[0],"data_offsets":[0,0]}'
    header = ",".join(f'"{number}":{entry}' for number in range(60_000))
    files = {"weights.safetensors": with_header(f'{{{header},"59999":{entry}}}'.encode())}
    path = make_zip(tmp_path / "x.zip", [("manifest.json", manifest_bytes(files)), *files.items()])
    error = refused(path, destination)
    assert error.code == "weights-header"
    assert "twice" in error.message
