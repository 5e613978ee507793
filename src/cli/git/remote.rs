//! The URL of a remote to what the repository is called on every machine. Credentials in it are never kept. Pure.

/// `owner/name`; only the name where the URL leads to a folder of this machine. None if nothing is left.
pub(super) fn name(url: &str) -> Option<String> {
    let url = url.trim();
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let (path, local) = match url.split_once("://") {
        Some((scheme, rest)) if scheme.starts_with("codecommit") => (rest.rsplit('@').next().unwrap_or_default(), true),
        Some(("file", rest)) => (rest, true),
        Some((_, rest)) => (rest.split_once('/').map_or("", |(_, path)| path), false),
        // `git@host:owner/name`; a slash before the colon makes it a path, as does a drive's letter.
        None => match url.split_once(':') {
            Some((host, path)) if !host.contains(['/', '\\']) && host.len() > 1 => (path, false),
            _ => (url, true),
        },
    };
    let parts =
        path.split(['/', '\\']).filter(|part| !part.is_empty() && *part != "." && *part != ".." && *part != "_git");
    let mut parts: Vec<&str> = parts.collect();
    if parts.starts_with(&["v1", "repos"]) {
        parts.drain(..2);
    }
    if local {
        parts.drain(..parts.len().saturating_sub(1));
    }
    let name = parts.join("/");
    let name = name.strip_suffix(".git").unwrap_or(&name);
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn a_repository_is_called_the_same_everywhere() {
        for (url, wanted) in [
            ("https://github.com/acme/shop.git", Some("acme/shop")),
            ("https://user:secret@github.com/acme/shop", Some("acme/shop")),
            ("https://secret@github.com:8443/acme/shop/?token=secret#x", Some("acme/shop")),
            ("git@github.com:acme/shop.git", Some("acme/shop")),
            ("github.com:acme/shop", Some("acme/shop")),
            ("ssh://git@example.com:22/acme/team/shop.git", Some("acme/team/shop")),
            ("https://dev.azure.com/acme/web/_git/shop", Some("acme/web/shop")),
            ("https://git-codecommit.us-east-1.amazonaws.com/v1/repos/shop", Some("shop")),
            ("codecommit::us-east-1://profile@shop", Some("shop")),
            ("codecommit://shop", Some("shop")),
            ("/home/me/code/shop.git", Some("shop")),
            ("../shop", Some("shop")),
            ("file:///home/me/shop", Some("shop")),
            ("C:\\code\\shop", Some("shop")),
            ("https://github.com", None),
            ("", None),
        ] {
            assert_eq!(name(url).as_deref(), wanted, "{url}");
        }
    }
}
