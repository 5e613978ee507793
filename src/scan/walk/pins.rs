//! Which version of a library counts for a file: that of the nearest folder upwards that says one, a lock file before a
//! manifest.
//!
//! Not here: reading manifests, and what a version means (`library`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::scan::library::{self, Pin};

/// The versions that the manifests and lock files of all folders say.
#[derive(Debug, Default)]
pub(in crate::scan) struct Pins {
    by_folder: BTreeMap<PathBuf, Vec<(Pin, String)>>,
}

impl Pins {
    /// Takes up what the file `name` in a folder says.
    pub(in crate::scan) fn add(&mut self, folder: &Path, name: &str, pins: Vec<Pin>) {
        if !pins.is_empty() {
            let all = self.by_folder.entry(folder.to_owned()).or_default();
            all.extend(pins.into_iter().map(|pin| (pin, name.to_owned())));
        }
    }

    /// Takes up what another thread has read.
    pub(super) fn merge(&mut self, other: Self) {
        for (folder, pins) in other.by_folder {
            self.by_folder.entry(folder).or_default().extend(pins);
        }
    }

    /// Makes what is found independent of the order in which files were read.
    pub(super) fn sort(&mut self) {
        for pins in self.by_folder.values_mut() {
            // Of several versions that are installed, one that does not know the updated issuer counts.
            pins.sort_by(|(a, a_file), (b, b_file)| {
                (a.found.is_none(), a_file, &a.version).cmp(&(b.found.is_none(), b_file, &b.version))
            });
        }
    }

    /// The version that counts for a file in a folder, and the file that says it. In a workspace the lock file lies above
    /// the manifests: a range gives way to what is sure to be installed, wherever upwards that is said.
    pub(super) fn nearest<'p>(&'p self, library: &str, folder: &Path) -> Option<(&'p Pin, &'p str)> {
        let upwards = folder.ancestors().filter_map(|folder| self.by_folder.get(folder));
        let best = |pins: &'p Vec<(Pin, String)>| {
            let best = library::best(library, pins.iter().map(|(pin, _)| pin))?;
            pins.iter().find(|(pin, _)| std::ptr::eq(pin, best))
        };
        let mut said = upwards.filter_map(best);
        let first = said.next()?;
        let best = if first.0.exact { first } else { said.find(|(pin, _)| pin.exact).unwrap_or(first) };
        Some((&best.0, &best.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::library::Knows;

    fn pin(version: &str, exact: bool) -> Vec<Pin> {
        vec![Pin {
            library: "verify",
            version: version.to_owned(),
            exact,
            knows: Knows::No,
            nested: false,
            found: None,
        }]
    }

    #[test]
    fn the_nearest_version_counts_and_a_lock_file_before_a_range() {
        let mut pins = Pins::default();
        pins.add(Path::new("/r"), "package.json", pin("^5", false));
        pins.add(Path::new("/r"), "package-lock.json", pin("5.2.1", true));
        pins.add(Path::new("/r/old"), "package.json", pin("4.0.1", true));
        pins.add(Path::new("/r/new"), "package.json", pin("^4", false));
        pins.sort();
        let version = |folder: &str| pins.nearest("verify", Path::new(folder)).map(|(pin, _)| pin.version.as_str());
        assert_eq!(version("/r/src/deep"), Some("5.2.1"));
        assert_eq!(version("/r/old/src"), Some("4.0.1"));
        assert_eq!(version("/r/new"), Some("5.2.1"));
        assert_eq!(version("/elsewhere"), None);
        assert_eq!(pins.nearest("other", Path::new("/r")), None);
    }
}
