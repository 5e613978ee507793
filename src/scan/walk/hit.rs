//! What a detector found, made into what is reported: its place, its severity, what to do.
//!
//! Not here: what a reference is, and which version of a library counts (`pins`).

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use super::large::Window;
use super::pins::Pins;
use super::place;
use crate::model::reference::{Class, Confidence, ScanHit, Severity};
use crate::scan::found::Found;
use crate::scan::library::Pin;
use crate::scan::{classes, language, library, pattern};

/// What a file's path says of everything in it.
#[derive(Debug)]
pub(in crate::scan) struct About {
    /// As it is reported.
    pub(super) shown: String,
    /// As detectors see it.
    pub(super) below: String,
    language: &'static str,
    in_test: bool,
    in_doc: bool,
}

impl About {
    pub(in crate::scan) fn new(shown: String, below: String) -> Self {
        Self {
            language: language::of(&below),
            in_test: language::is_test(&below),
            in_doc: language::is_documentation(&below),
            shown,
            below,
        }
    }
}

/// A hit that still wants what only the whole tree says.
#[derive(Debug)]
pub(in crate::scan) struct Pending {
    hit: ScanHit,
    /// The library whose version decides, and the folder from which on upwards it is looked for.
    library: Option<(String, PathBuf)>,
}

impl Pending {
    /// Decides what was open, and what follows from it.
    fn finish(self, pins: &Pins, known_pools: Option<&BTreeSet<String>>) -> ScanHit {
        let mut hit = self.hit;
        let mut derives = None;
        if let Some((name, folder)) = self.library {
            let pin = pins.nearest(&name, &folder);
            let (confidence, accepts_new) = library::decide(&name, pin.map(|(pin, _)| pin), hit.language == "markdown");
            // A version makes no call of what may be none.
            if hit.confidence != Confidence::Review {
                hit.confidence = confidence;
            }
            hit.accepts_new |= accepts_new;
            hit.library = Some(pin.map_or(name.clone(), |(pin, file)| version(&name, &pin.version, file)));
            hit.remedy = library::remedy(&name, pin.map(|(pin, _)| pin.version.as_str())).unwrap_or(hit.remedy);
            derives = Some(name);
        }
        if let (Some(known), Some(id)) = (known_pools, &hit.pool_id) {
            let ours = known.contains(id);
            hit.known_pool = Some(ours);
            if !ours {
                hit.confidence = Confidence::Review;
            }
        }
        let quiet = hit.in_test || hit.in_doc;
        hit.severity = if hit.accepts_any_pool && !quiet {
            Severity::Error
        } else {
            let accepted = quiet || hit.accepts_new;
            let of_class = pattern::severity(hit.class, hit.confidence, accepted);
            derives.map_or(of_class, |name| library::severity(&name, hit.confidence, accepted))
        };
        hit
    }
}

/// All hits of a search, in the order in which they are reported.
pub(in crate::scan) fn finish(
    pending: Vec<Pending>,
    mut pins: Pins,
    known_pools: Option<&BTreeSet<String>>,
) -> Vec<ScanHit> {
    pins.sort();
    let mut hits: Vec<ScanHit> = pending.into_iter().map(|pending| pending.finish(&pins, known_pools)).collect();
    hits.sort_by(|a, b| {
        let place = |hit: &ScanHit| (hit.line, hit.column, hit.class, hit.end_line, hit.confidence);
        a.path.cmp(&b.path).then_with(|| place(a).cmp(&place(b))).then_with(|| a.text.cmp(&b.text))
    });
    hits
}

/// What the versions that a manifest says mean in the manifest itself; `name` is the file's.
pub(in crate::scan) fn of_pins(pins: &[Pin], name: &str) -> impl Iterator<Item = Found> {
    pins.iter().filter_map(move |pin| {
        let library = Some(version(pin.library, &pin.version, name));
        pin.found.as_ref().map(|found| Found { library, ..found.clone() })
    })
}

/// A library with the version that decided.
fn version(library: &str, version: &str, file: &str) -> String {
    format!("{library} {version} ({file})")
}

/// The hits of a window, or of a whole file as one, in order of place; `lines` are those that count, all if none.
pub(in crate::scan) fn pending(
    found: Vec<Found>,
    about: &About,
    folder: &std::path::Path,
    window: &Window<'_>,
    lines: Option<&[RangeInclusive<u32>]>,
) -> Vec<Pending> {
    let at = |offsets: &[usize]| place::places(window.text.as_bytes(), window.core.start, window.place, offsets);
    let starts = at(&found.iter().map(|found| found.span.start).collect::<Vec<_>>());
    let ends =
        at(&found.iter().map(|found| found.extent.end.saturating_sub(1).max(found.span.start)).collect::<Vec<_>>());
    // Where the construct begins matters only where not all lines count.
    let firsts =
        lines.map(|_| at(&found.iter().map(|found| found.extent.start.min(found.span.start)).collect::<Vec<_>>()));
    let mut out = Vec::with_capacity(found.len());
    for (index, found) in found.into_iter().enumerate() {
        let (start, end) = (starts[index], ends[index]);
        if let (Some(lines), Some(firsts)) = (lines, &firsts)
            && !lines.iter().any(|range| *range.start() <= end.line && firsts[index].line <= *range.end())
        {
            continue;
        }
        out.push(one(found, about, folder, start, end.line));
    }
    out
}

fn one(found: Found, about: &About, folder: &std::path::Path, start: place::Place, end_line: u32) -> Pending {
    // A version is written as `version` writes it; no library's name has a space.
    let of_version = found.library.as_deref().filter(|_| found.class == Class::LibraryVersionPin);
    let of_version = of_version.map(|library| library.split(' ').collect::<Vec<_>>());
    let remedy = of_version.and_then(|words| library::remedy(words.first()?, words.get(1).copied()));
    let hit = ScanHit {
        path: about.shown.clone(),
        line: start.line,
        column: start.column,
        end_line,
        class: found.class,
        confidence: found.confidence,
        severity: Severity::Info,
        in_test: about.in_test,
        in_doc: about.in_doc || found.prose,
        accepts_any_pool: found.accepts_any_pool,
        accepts_new: found.updated || found.dual_aware,
        language: about.language.to_owned(),
        pool_id: found.pool_id,
        known_pool: None,
        unresolved: found.unresolved,
        library: found.library.clone(),
        text: found.text,
        remedy: remedy.unwrap_or_else(|| classes::of(found.class).remedy(about.language).to_owned()),
        owners: Vec::new(),
    };
    let library = found.library.filter(|_| found.class == Class::LibraryDerived);
    Pending { hit, library: library.map(|name| (name, folder.to_owned())) }
}
