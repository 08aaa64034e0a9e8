from __future__ import annotations

from fake_hosts import fake_host

from common.doctor.owner import permission


def test_whose_it_is_and_who_we_are_is_told(tmp_path):
    file = tmp_path / "a.tif"
    file.touch(mode=0o600)
    owner = file.stat()

    said = permission(fake_host(tmp_path, uid=owner.st_uid + 1), file, "ask for chmod o+r")

    assert said == (
        f"it belongs to user {owner.st_uid} and group {owner.st_gid}, mode 600, "
        f"we are user {owner.st_uid + 1}: ask for chmod o+r"
    )


def test_a_container_may_be_started_as_its_owner(tmp_path):
    owner = tmp_path.stat()
    host = fake_host(tmp_path, {"/.dockerenv": ""}, uid=owner.st_uid + 1)

    assert f"--user {owner.st_uid}:{owner.st_gid}" in permission(host, tmp_path, "ask")


def test_what_cannot_even_be_looked_at_is_for_its_owner(tmp_path):
    assert "ask its owner" in permission(fake_host(tmp_path), tmp_path / "none", "ask")
