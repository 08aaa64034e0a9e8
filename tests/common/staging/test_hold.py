from __future__ import annotations


def test_copies_keep_their_names_and_go_with_the_hold(scratch, files):
    with scratch.hold() as hold:
        root = hold.fetch(files)
        for name in files.names:
            assert (root / name).read_bytes() == (files.root / name).read_bytes()
        assert hold.is_whole()
        assert hold.folder.stat().st_mode & 0o077 == 0

    assert list(scratch.folder.iterdir()) == []


def test_a_copy_that_is_damaged_or_gone_is_noticed(scratch, files):
    with scratch.hold() as hold:
        root = hold.fetch(files)
        (root / "a" / "Data0000.dat").write_bytes(bytes(50_000))
        assert not hold.is_whole()
        (root / "a" / "Data0000.dat").unlink()
        assert not hold.is_whole()


def test_messages_are_about_sources(scratch, files):
    with scratch.hold() as hold:
        root = hold.fetch(files)
        said = hold.told(f"{root / 'a.mrxs'}: format: expected this, found that")
        assert said.startswith(f"{files.root / 'a.mrxs'}: format: expected")
        assert said.endswith(f"(read from a copy in {hold.folder})")
        assert hold.told("nothing of it") == "nothing of it"
