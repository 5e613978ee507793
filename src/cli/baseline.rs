//! `--baseline` and `--unknown-grace`: the earlier report is read, and refused if it cannot be compared with. What follows
//! from it is said by `audit::compare`.

use std::path::Path;

use anyhow::{Context, Result};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::audit::{Against, Grace, readable};
use crate::model::Report;
use crate::snapshot::hex;

use super::{files, judging};

/// An earlier report, and what it is held for.
#[derive(Debug)]
pub(super) struct Before {
    report: Report,
    digest: String,
    grace: Option<Grace>,
}

impl Before {
    /// The same for the comparison.
    pub(super) fn against(&self) -> Against<'_> {
        Against { report: &self.report, digest: &self.digest, grace: self.grace.as_ref() }
    }
}

/// Reads the baseline of a run at `now`.
pub(super) fn read(path: Option<&Path>, grace: Option<&str>, now: Timestamp) -> Result<Option<Before>> {
    let Some(path) = path else { return Ok(None) };
    let grace = grace
        .map(|text| Ok::<_, anyhow::Error>(Grace { text: text.to_owned(), duration: judging::duration(text)? }))
        .transpose()
        .context("--unknown-grace")?;
    let (report, text) = files::read_report_document(path).context("--baseline")?;
    readable(&report, now).with_context(|| format!("--baseline {}", files::name(path)))?;
    // Of the text, so that a packed report is the same baseline.
    let digest = format!("sha256:{}", hex(&Sha256::digest(&text)));
    Ok(Some(Before { report, digest, grace }))
}
