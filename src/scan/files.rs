//! Files that lie on no disk, such as those of an archive: searched one after another, and judged together as those of a
//! tree are, with the same severities, and by the versions of libraries that the manifests among them say.
//!
//! Pure. Not here: where the files come from. Terraform modules are read file by file, not evaluated as a whole.

use std::path::Path;

use super::source;
use super::walk::hit::{self, About, Pending};
use super::walk::large::Window;
use super::walk::pins::Pins;
use crate::model::reference::ScanHit;

/// What was found so far. The texts are not kept.
#[derive(Debug, Default)]
pub struct Files {
    pending: Vec<Pending>,
    pins: Pins,
}

impl Files {
    /// Searches one file; `path` is below the root of all, with `/`.
    pub fn add(&mut self, path: &str, text: &str) {
        let analysis = source::search(path, text);
        let path = Path::new(path);
        let folder = path.parent().unwrap_or(path);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut found = analysis.found;
        found.extend(hit::of_pins(&analysis.pins, &name));
        self.pins.add(folder, &name, analysis.pins);
        source::merge(&mut found);
        let shown = path.to_string_lossy();
        let about = About::new(shown.clone().into_owned(), shown.into_owned());
        self.pending.extend(hit::pending(found, &about, folder, &Window::whole(text), None));
    }

    /// Every reference, by path, line and column, once all files were added.
    pub fn finish(self) -> Vec<ScanHit> {
        hit::finish(self.pending, self.pins, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Class, Confidence, Severity};

    const CALL: &str = "import { CognitoJwtVerifier } from 'aws-jwt-verify';\n\nconst v = CognitoJwtVerifier.create({ userPoolId: 'eu-west-1_AbC123def' });\n";

    fn hits(files: &[(&str, &str)]) -> Vec<ScanHit> {
        let mut all = Files::default();
        for (path, text) in files {
            all.add(path, text);
        }
        all.finish()
    }

    #[test]
    fn what_takes_any_pool_is_an_error_but_not_in_a_test() {
        let text = "if (!claims.iss.startsWith('https://cognito-idp.')) throw new Error();\n";
        let hits = hits(&[("src/auth.js", text), ("src/auth.test.js", text)]);
        let said = |hit: &ScanHit| (hit.class, hit.accepts_any_pool, hit.severity);
        let wanted = [Severity::Error, Severity::Info].map(|severity| (Class::HostPrefixCheck, true, severity));
        assert_eq!(hits.iter().map(said).collect::<Vec<_>>(), wanted);
    }

    #[test]
    fn a_call_is_judged_by_the_version_beside_it_whichever_comes_first() {
        let old = ("package.json", r#"{"dependencies": {"aws-jwt-verify": "4.0.1"}}"#);
        let new = ("package.json", r#"{"dependencies": {"aws-jwt-verify": "5.2.1"}}"#);
        let call = ("dist/index.mjs", CALL);
        let of_call = |files: &[(&str, &str)]| {
            let hit = hits(files).into_iter().find(|hit| hit.class == Class::LibraryDerived).expect("the call");
            (hit.line, hit.confidence, hit.severity, hit.library.expect("a library"))
        };
        let definite = (3, Confidence::Definite, Severity::Error, "aws-jwt-verify 4.0.1 (package.json)".to_owned());
        assert_eq!(of_call(&[old, call]), definite);
        assert_eq!(of_call(&[call, old]), definite);
        assert_eq!((of_call(&[call, new]).1, of_call(&[call, new]).2), (Confidence::Likely, Severity::Info));
        assert_eq!(of_call(&[call]).3, "aws-jwt-verify");
    }
}
