//! Parquet for Athena, Spark and DuckDB: three tables, `findings`, `gates` and `coverage`, a file each.
//!
//! Reports go in one after another and are not kept, so that a fleet can be written account by account: what waits for its row
//! group is all that is in memory. `docs/fleet.md` has the columns and what can be asked of them. A released column keeps its
//! name, type, place and meaning; new ones come at the end.
//!
//! Texts are as they are, as in the JSON report: nothing is escaped. What is listed is what `--show`, `--select` and `--ignore`
//! say; by itself everything but what does not apply, and passes without their evidence. Each row says of which run it is, so
//! that the files of many nights are one table. What the tables have no place for: the answer, the exit code, the decisions file
//! and what is gone since a baseline.

mod columns;
mod table;

use std::io::{self, Write};

use self::columns::{Column, CoverageRow, FindingRow, GateRow, Run};
use self::table::{Spec, Table};
use super::Show;
use super::records::Records;
use crate::model::Verdict;
use crate::model::report::Report;

/// The version of the columns: grows when one of them changes its name, type, place or meaning.
pub const TABLES_VERSION: u32 = 1;

/// A table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TableName {
    /// A row per finding.
    Findings,
    /// A row per pool and gate.
    Gates,
    /// What could be seen, and what could not.
    Coverage,
}

impl TableName {
    /// Every table.
    pub const ALL: &'static [Self] = &[Self::Findings, Self::Gates, Self::Coverage];

    /// The name in files and queries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Findings => "findings",
            Self::Gates => "gates",
            Self::Coverage => "coverage",
        }
    }

    /// The columns: name, type as Athena and Spark call it, and whether a row can lack it.
    pub fn columns(self) -> Vec<(&'static str, &'static str, bool)> {
        self.specs().into_iter().map(|spec| (spec.name, spec.kind.as_str(), spec.nullable)).collect()
    }

    fn specs(self) -> Vec<Spec> {
        fn own<V>(columns: &[Column<V>]) -> Vec<Spec> {
            columns.iter().map(|column| column.spec).collect()
        }
        let mut specs = match self {
            Self::Findings => own(columns::FINDINGS),
            Self::Gates => own(columns::GATES),
            Self::Coverage => own(columns::COVERAGE),
        };
        specs.extend(own(columns::RUN));
        specs
    }
}

/// The three files under way, each written to a `W`.
#[derive(Debug)]
pub struct Tables<W: Write + Send> {
    findings: Table<W>,
    gates: Table<W>,
    coverage: Table<W>,
    show: Show,
}

impl<W: Write + Send> Tables<W> {
    /// Begins the files; `open` says where each goes. Fails if one cannot be opened or written.
    pub fn new<E: From<io::Error>>(show: &Show, mut open: impl FnMut(TableName) -> Result<W, E>) -> Result<Self, E> {
        let mut table = |name: TableName| -> Result<Table<W>, E> {
            let table = Table::new(name.as_str(), TABLES_VERSION, name.specs(), open(name)?);
            Ok(table.map_err(io::Error::other)?)
        };
        Ok(Self {
            findings: table(TableName::Findings)?,
            gates: table(TableName::Gates)?,
            coverage: table(TableName::Coverage)?,
            show: show.clone(),
        })
    }

    /// Adds the rows of a report, in its order. Fails if they cannot be written, or if the report has a time that is none.
    pub fn add(&mut self, report: &Report) -> io::Result<()> {
        let run = Run::of(report)?;
        let records = Records::of(report);
        for finding in &report.findings {
            let usual = finding.verdict != Verdict::NotApplicable;
            if !self.show.hides(finding) && self.show.verdicts.lists(finding.verdict, usual) {
                // Of passes it is most of what there would be to write, and nobody looks for it.
                let evidence = self.show.verdicts.lists(finding.verdict, finding.verdict != Verdict::Pass);
                let row = FindingRow { records: &records, finding, evidence };
                let own = columns::FINDINGS.iter().map(|column| (column.value)(&row));
                self.findings.push(own.chain(run.cells()))?;
            }
        }
        for pool in &report.summary.pools {
            for (gate, state) in &pool.gates {
                let row = GateRow { pool, gate: *gate, state, report };
                let own = columns::GATES.iter().map(|column| (column.value)(&row));
                self.gates.push(own.chain(run.cells()))?;
            }
        }
        for row in CoverageRow::all(report) {
            let own = columns::COVERAGE.iter().map(|column| (column.value)(&row));
            self.coverage.push(own.chain(run.cells()))?;
        }
        Ok(())
    }

    /// Writes the rest, without which the files cannot be read, and gives back where they went, in the order of
    /// [`TableName::ALL`].
    pub fn finish(self) -> io::Result<[W; 3]> {
        Ok([self.findings.finish()?, self.gates.finish()?, self.coverage.finish()?])
    }
}

#[cfg(test)]
mod tests;
