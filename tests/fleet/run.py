"""Reads Parquet tables as their users do, and writes what it read as JSON on standard output.

    run.py query FOLDER FILE    what DuckDB answers to FILE's {"setup": SQL, "queries": {NAME: SQL}} where the lake lies
    run.py describe FILE…       types by DuckDB and by pyarrow, and every row by both
"""

import datetime
import json
import os
import sys

import duckdb
import pyarrow.parquet


def plain(value):
    """Instants and days as text, so that JSON can say them."""
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return value


def query(folder, file):
    with open(file, encoding="utf-8") as text:
        asked = json.load(text)
    os.chdir(folder)
    database = duckdb.connect()
    database.execute(asked["setup"])
    return {name: plain(database.execute(sql).fetchall()) for name, sql in asked["queries"].items()}


def describe(path):
    database = duckdb.connect()
    rows = database.execute("SELECT * FROM read_parquet(?)", [path])
    columns = [(column[0], str(column[1])) for column in rows.description]
    by_duckdb = plain(rows.fetchall())
    file = pyarrow.parquet.ParquetFile(path)
    schema = file.schema_arrow
    table = file.read()
    by_pyarrow = plain([list(row.values()) for row in table.to_pylist()])
    if by_duckdb != by_pyarrow:
        sys.exit(f"{path}: DuckDB and pyarrow read different rows")
    compressed = {file.metadata.row_group(g).column(c).compression
                  for g in range(file.metadata.num_row_groups) for c in range(file.metadata.num_columns)}
    return {
        "duckdb": columns,
        "pyarrow": [(field.name, str(field.type), field.nullable) for field in schema],
        "rows": by_duckdb,
        "created_by": file.metadata.created_by,
        "compression": sorted(compressed),
        "metadata": {key.decode(): value.decode() for key, value in (file.metadata.metadata or {}).items()},
    }


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    json.dump(query(*rest) if what == "query" else [describe(path) for path in rest], sys.stdout)
