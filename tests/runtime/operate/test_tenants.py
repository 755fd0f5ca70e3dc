"""Keys of tenants: found by their hash, rotated with an overlap, ended; nothing of a secret is kept."""

from collections.abc import Iterator

import pytest

from slipway_runtime.generate.errors import ApiError
from slipway_runtime.operate.rows import Table
from slipway_runtime.operate.tenants import Tenants
from support.tables import table_of

pytestmark = pytest.mark.capability("S8")


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    with table_of(monkeypatch, "tenants") as made:
        yield made


def test_a_key_is_found_by_its_secret_which_is_kept_nowhere(table: Table) -> None:
    tenants = Tenants(table=table)
    key, secret = tenants.create("acme", ("chat",))
    assert tenants.find(secret) == key
    assert tenants.find(secret + "x") is None
    assert tenants.find("other") is None
    assert list(tenants.all()) == ["acme"]
    assert secret not in str(table.client.scan(TableName="tenants")["Items"])


def test_a_rotated_key_works_until_its_overlap_ends_and_the_new_one_can_do_the_same(table: Table) -> None:
    now = [1_000_000.0]
    tenants = Tenants(table=table, now=lambda: now[0])
    old, secret = tenants.create("acme", ("usage",))
    new, other = tenants.rotate("acme", old.id, overlap_seconds=60)
    assert new.scopes == ("usage",)
    assert tenants.find(secret)
    now[0] += 60
    assert tenants.find(secret) is None
    assert tenants.find(other) == new
    tenants.end("acme", new.id)
    assert tenants.find(other) is None
    assert [key.id for key in tenants.keys("acme")] == sorted([old.id, new.id])


@pytest.mark.parametrize(("tenant", "scopes", "param"), [("A#b", ("all",), "tenant"), ("a", ("every",), "scopes")])
def test_what_cannot_be_is_named(table: Table, tenant: str, scopes: tuple[str, ...], param: str) -> None:
    with pytest.raises(ApiError) as refused:
        Tenants(table=table).create(tenant, scopes)
    assert refused.value.param == param
    with pytest.raises(ApiError, match="no key"):
        Tenants(table=table).end("acme", "0")
