//! The deployment package of a function: fetched by the link that Lambda gives, searched file by file, dropped.
//!
//! The link is a secret for as long as it lives: it is followed to AWS only, and never written anywhere. Nothing of the
//! package touches the disk.

use std::io::{Cursor, Read};

use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::byte_stream::ByteStream;

use super::trust;
use crate::collect::Request;
use crate::collect::judge::{self, Origin};
use crate::scan::files::Files;
use crate::snapshot::Hit;

/// The most bytes of a package. Lambda takes 250 MB unpacked.
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>.
const MAX_PACKAGE: usize = 256 * 1024 * 1024;
/// The most bytes of all files of a package.
const MAX_UNPACKED: u64 = 512 * 1024 * 1024;
/// The most bytes of one file that is searched.
const MAX_FILE: u64 = 32 * 1024 * 1024;

/// The bytes behind a link; the error is a code for the log.
pub(super) async fn fetch(request: &Request, link: &str) -> Result<Vec<u8>, &'static str> {
    if !is_trusted(link, request.endpoint_url.as_deref()) {
        return Err("PackageLink");
    }
    let connector = trust::connector(request.ca_bundle.as_deref()).map_err(|_| "Connection")?;
    let question = HttpRequest::get(link).map_err(|_| "PackageLink")?;
    let work = async {
        let answer = connector.call(question).await.map_err(|_| "Connection")?;
        if !answer.status().is_success() {
            return Err("PackageRefused");
        }
        let mut body = ByteStream::new(answer.into_body());
        let mut bytes = Vec::new();
        while let Some(chunk) = body.next().await {
            bytes.extend_from_slice(&chunk.map_err(|_| "Unparsable")?);
            if bytes.len() > MAX_PACKAGE {
                return Err("PackageTooLarge");
            }
        }
        Ok(bytes)
    };
    // A package takes longer than an answer.
    tokio::time::timeout(request.call_timeout * 6, work).await.map_err(|_| "Timeout")?
}

/// Whether a link leads to AWS, or where the run was told to ask instead.
fn is_trusted(link: &str, endpoint: Option<&str>) -> bool {
    let host = |url: &str| {
        let rest = url.split_once("://")?.1;
        let authority = rest.split(['/', '?', '#']).next()?;
        (!authority.contains('@')).then(|| authority.to_ascii_lowercase())
    };
    let Some(there) = host(link) else { return false };
    if let Some(endpoint) = endpoint {
        return host(endpoint) == Some(there);
    }
    let aws = [".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu"];
    link.starts_with("https://") && aws.iter().any(|suffix| there.ends_with(suffix))
}

/// The references in a package; the error is a code for the log.
pub(super) async fn search(origin: &Origin<'_>, bytes: Vec<u8>) -> Result<Vec<Hit>, &'static str> {
    let files = tokio::task::spawn_blocking(move || unpack(bytes)).await.map_err(|_| "PackageUnreadable")??;
    Ok(judge::files(origin, files))
}

/// What is found in the files of a package.
fn unpack(bytes: Vec<u8>) -> Result<Files, &'static str> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| "PackageUnreadable")?;
    let mut files = Files::default();
    let mut total = 0;
    for index in 0..archive.len() {
        let file = archive.by_index(index).map_err(|_| "PackageUnreadable")?;
        if !file.is_file() {
            continue;
        }
        let path = String::from_utf8_lossy(file.name_raw()).into_owned();
        let mut content = Vec::new();
        // What a header says of the size is not to be trusted.
        file.take(MAX_FILE + 1).read_to_end(&mut content).map_err(|_| "PackageUnreadable")?;
        total += u64::try_from(content.len()).unwrap_or(u64::MAX);
        if total > MAX_UNPACKED {
            return Err("PackageTooLarge");
        }
        if content.contains(&0) {
            continue;
        }
        if u64::try_from(content.len()).is_ok_and(|length| length > MAX_FILE) {
            return Err("PackageTooLarge");
        }
        files.add(&path, &String::from_utf8_lossy(&content));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn package(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (path, content) in files {
            writer.start_file(*path, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn links_are_followed_to_aws_only() {
        let good = "https://awslambda-eu-west-1-tasks.s3.eu-west-1.amazonaws.com/snapshots/1?X-Amz-Signature=0";
        assert!(is_trusted(good, None));
        for bad in [
            "http://awslambda.s3.eu-west-1.amazonaws.com/1",
            "https://amazonaws.com.example.com/1",
            "https://s3.amazonaws.com@example.com/1",
            "s3://bucket/key",
            "",
        ] {
            assert!(!is_trusted(bad, None), "{bad}");
        }
        assert!(is_trusted("http://127.0.0.1:5000/code", Some("http://127.0.0.1:5000")));
        assert!(!is_trusted(good, Some("http://127.0.0.1:5000")));
    }

    #[test]
    fn what_a_package_holds_is_found_and_binary_files_are_not_read() {
        let issuer = "const issuer = 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc';\n";
        let mut image = issuer.as_bytes().to_vec();
        image.push(0);
        let files = unpack(package(&[("src/index.mjs", issuer.as_bytes()), ("logo.png", &image), ("empty", b"")]));
        let hits = files.unwrap().finish();
        assert_eq!(hits.iter().map(|hit| (hit.path.as_str(), hit.line)).collect::<Vec<_>>(), [("src/index.mjs", 1)]);
    }

    #[test]
    fn a_broken_package_is_an_error() {
        let whole = package(&[("index.js", b"exports.handler = 1")]);
        assert_eq!(unpack(whole[..whole.len() / 2].to_vec()).unwrap_err(), "PackageUnreadable");
        assert_eq!(unpack(Vec::new()).unwrap_err(), "PackageUnreadable");
    }
}
