//! The files below `rules/` that are part of the tool, as text, scanned ahead. What they say is read by `catalog`.

/// One embedded file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Embedded {
    /// The file's name without its extension.
    pub stem: &'static str,
    /// Its path below `rules/`, with `/`.
    pub path: &'static str,
    /// What it says.
    pub text: &'static str,
    /// Its marks for `yaml::parse_ahead`; empty if its text is to be scanned.
    pub marks: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// The tool's tables (`rules/data`), sorted by path.
pub fn embedded_data() -> &'static [Embedded] {
    DATA
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    #[test]
    fn tables_are_sorted_and_apart() {
        for table in [RULES, STEPS, DATA] {
            assert!(table.is_sorted_by_key(|file| file.path));
            assert!(table.iter().all(|file| file.path.contains(file.stem)));
        }
        assert!(STEPS.iter().all(|file| file.path.starts_with("steps/")));
        assert!(DATA.iter().all(|file| file.path.starts_with("data/")));
        assert!(RULES.iter().all(|file| !file.path.starts_with("steps/") && !file.path.starts_with("data/")));
    }

    #[test]
    fn marks_say_what_the_texts_say() {
        for file in RULES.iter().chain(STEPS) {
            assert!(!file.marks.is_empty(), "{} has an anchor, a tag or a mistake, and is scanned at start", file.path);
            assert_eq!(yaml::from_marks(file.text, file.marks, None), yaml::parse(file.text).ok(), "{}", file.path);
        }
    }
}
