"""Reads files in the formats of records as their consumers do: `python check.py FORMAT FILE…`.

FORMAT is `ocsf`, `asff`, `junit=SCHEMA` (the path of Jenkins' junit-10.xsd), `csv` or `prowler-csv`. For each file there is one
line of JSON on standard output: what was read. The first file that is not valid ends the run with 1; standard error says why.
What these validators do not look at is tested beside the code of each format.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any


def ocsf(path: Path, _: str) -> Any:
    """Counts of `compliance.status_id`, by the schema that is made for class, profiles and version."""
    import jsonschema
    from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

    events = json.loads(path.read_text("utf-8"))
    versions = {event["metadata"]["version"] for event in events} or {"1.8.0"}
    if len(versions) != 1:
        raise SystemExit(f"{path}: versions {versions}")
    framework = OcsfJsonSchemaEmbedded(get_ocsf_schema(version=versions.pop()))
    name = framework.lookup_class_name_from_uid(2003)
    schema = framework.get_class_schema(class_name=name, profiles=["cloud", "datetime"])
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for number, event in enumerate(events):
        for error in validator.iter_errors(event):
            raise SystemExit(f"{path}: event {number} {error.json_path}: {error.message}")
    return Counter(str(event["compliance"]["status_id"]) for event in events)


def asff(path: Path, _: str) -> Any:
    """Counts of `Compliance.Status`, by the check that every AWS client in Python makes before it sends."""
    import botocore.session
    from botocore.validate import ParamValidator

    service = botocore.session.Session().get_service_model("securityhub")
    shape = service.operation_model("BatchImportFindings").input_shape
    counts: Counter[str] = Counter()
    with path.open(encoding="utf-8", newline="\n") as lines:
        for number, line in enumerate(lines, 1):
            batch = json.loads(line)
            report = ParamValidator().validate(batch, shape)
            if report.has_errors():
                raise SystemExit(f"{path}:{number}: {report.generate_report()}")
            counts.update(finding["Compliance"]["Status"] for finding in batch["Findings"])
    return counts


def junit(path: Path, schema: str) -> Any:
    """Counts of outcomes as read back, which have to be those that the file says of itself."""
    import junitparser
    import xmlschema

    xmlschema.XMLSchema(schema).validate(str(path))
    suites = junitparser.JUnitXml.fromfile(str(path))
    said = {"tests": suites.tests, "failures": suites.failures, "errors": suites.errors}
    read: Counter[str] = Counter({"tests": 0, "failures": 0, "errors": 0, "skipped": 0})
    kinds = {junitparser.Failure: "failures", junitparser.Error: "errors", junitparser.Skipped: "skipped"}
    skipped = 0
    for suite in suites:
        skipped += suite.skipped
        for case in suite:
            read["tests"] += 1
            for result in case.result:
                read[kinds[type(result)]] += 1
    said["skipped"] = skipped
    if said != dict(read):
        raise SystemExit(f"{path} says {said}, and has {dict(read)}")
    # Counted anew by the parser.
    suites.update_statistics()
    again = {"tests": suites.tests, "failures": suites.failures, "errors": suites.errors, "skipped": suites.skipped}
    if said != again:
        raise SystemExit(f"{path} says {said}, and the parser counts {again}")
    return said


def rows(path: Path, delimiter: str) -> Any:
    """The rows, none of which has a cell that a spreadsheet takes for a formula."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, delimiter=delimiter, strict=True)
        read = list(reader)
    columns = list(reader.fieldnames or [])
    for number, row in enumerate(read, 1):
        if None in row or None in row.values():
            raise SystemExit(f"{path}: row {number} has not as many cells as there are columns")
        for name, cell in row.items():
            if cell.startswith(("=", "+", "-", "@", "\t", "\r")):
                raise SystemExit(f"{path}: row {number} {name}: {cell!r} is a formula")
    return {"columns": columns, "rows": read}


READERS = {
    "ocsf": ocsf,
    "asff": asff,
    "junit": junit,
    "csv": lambda path, _: rows(path, ","),
    "prowler-csv": lambda path, _: rows(path, ";"),
}


def main() -> None:
    name, _, argument = sys.argv[1].partition("=")
    for file in sys.argv[2:]:
        print(json.dumps(READERS[name](Path(file), argument)))


if __name__ == "__main__":
    main()
