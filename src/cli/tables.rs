//! The files of `-o parquet=FILE`: what they are called, and that they appear together and whole. What is in them is the
//! renderer's.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::model::Report;
use crate::render::Show;
use crate::render::parquet::{TableName, Tables};

use super::files::{self, Readers, WholeFile};

/// What stands for the table in a name.
const TABLE: &str = "{table}";

/// The files of the tables under way. Reports go in one after another and are not kept.
#[derive(Debug)]
pub(super) struct TableFiles {
    tables: Tables<WholeFile>,
    /// As it was given.
    path: PathBuf,
}

impl TableFiles {
    /// Begins them. Folders that a `{table}` in the name makes are created.
    pub(super) fn create(path: &Path, show: &Show) -> Result<Self> {
        let tables = Tables::new(show, |table| {
            let file = name(path, table);
            if let Some(folder) = file.parent().filter(|_| has_table(path)) {
                let context = || format!("cannot create the folder {}", files::name(folder));
                std::fs::create_dir_all(folder).with_context(context)?;
            }
            WholeFile::create(&file, Readers::Usual)
        });
        Ok(Self { tables: tables?, path: path.to_owned() })
    }

    /// Adds what a report says.
    pub(super) fn add(&mut self, report: &Report) -> Result<()> {
        self.tables.add(report).with_context(|| format!("cannot write {}", files::name(&self.path)))
    }

    /// Puts the files in their places, when all of them are whole.
    pub(super) fn finish(self) -> Result<()> {
        let context = || format!("cannot write {}", files::name(&self.path));
        let tables = self.tables.finish().with_context(context)?;
        for file in &tables {
            file.sync()?;
        }
        tables.into_iter().try_for_each(WholeFile::finish)
    }
}

/// The name of a table's file: `{table}` replaced by the table's name; without one, the table before the extension.
pub(super) fn name(path: &Path, table: TableName) -> PathBuf {
    let text = path.to_string_lossy();
    if has_table(path) {
        return PathBuf::from(text.replace(TABLE, table.as_str()));
    }
    let stem = text.strip_suffix(".parquet").unwrap_or(&text);
    PathBuf::from(format!("{stem}.{table}.parquet", table = table.as_str()))
}

fn has_table(path: &Path) -> bool {
    path.to_string_lossy().contains(TABLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_has_a_file_of_its_own() {
        for (given, wanted) in [
            ("fleet.parquet", "fleet.gates.parquet"),
            ("lake.d/fleet", "lake.d/fleet.gates.parquet"),
            ("lake/{table}/night=2026-11-21/fleet.parquet", "lake/gates/night=2026-11-21/fleet.parquet"),
            ("{table}.pq", "gates.pq"),
        ] {
            assert_eq!(name(Path::new(given), TableName::Gates), Path::new(wanted));
        }
    }
}
