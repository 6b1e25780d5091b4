from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import bindparam, select
from sqlalchemy.dialects import sqlite

from newscrawl.store.schema import OutsideText, chunks, files, insert_into, upsert_into


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_becomes_one_that_every_database_takes(value: str) -> None:
    stored = OutsideText().process_bind_param(value, sqlite.dialect())
    assert stored is not None
    assert "\0" not in stored
    assert stored.encode().decode() == stored
    if "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value):
        assert stored == value


def test_no_text_stays_no_text() -> None:
    assert OutsideText().process_bind_param(None, sqlite.dialect()) is None


@given(st.lists(st.integers()), st.integers(1, 9))
def test_chunks_joined_are_what_was_cut(values: list[int], size: int) -> None:
    cut = list(chunks(iter(values), size))
    assert [value for chunk in cut for value in chunk] == values
    assert all(len(chunk) == size for chunk in cut[:-1])
    assert all(cut)


def test_each_database_has_its_own_insert_and_the_statement_is_built_once() -> None:
    assert type(insert_into("sqlite", files)) is not type(insert_into("postgresql", files))
    assert upsert_into("sqlite", files) is upsert_into("sqlite", files)
    assert "ON CONFLICT (name) DO UPDATE SET" in str(upsert_into("postgresql", files))
    assert select(files.c.name).where(files.c.name == bindparam("b_name")).is_select
