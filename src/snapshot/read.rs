//! Reading an entry: all members that any kind of entry has, in one pass, then the kind.
//!
//! What `serde` derives for a tagged word keeps every member in a tree of its own before it knows the kind, which doubles the
//! time of reading a fleet. Nothing is read more laxly here: a member of another kind, a missing one, one that is given twice
//! and a `null` are mistakes as before.

use jiff::Timestamp;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::entry::{Call, CallError, Entry, Hit, Scan, SkippedFile, SourcePlace};

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Call,
    Hit,
    Scan,
}

/// Bits for the kinds that have a member.
const CALL: u8 = 1;
const HIT: u8 = 2;
const SCAN: u8 = 4;

/// Declares the members of all kinds of entries, each with the kinds that have it.
macro_rules! members {
    ($($name:ident: $ty:ty, $kinds:expr;)+) => {
        /// Every member that an entry may have.
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Members {
            kind: Kind,
            $(#[serde(default, deserialize_with = "given")] $name: Option<$ty>,)+
        }

        impl Members {
            /// The first member that is there and not of this kind.
            fn other_than(&self, kind: u8) -> Option<&'static str> {
                $(if self.$name.is_some() && ($kinds) & kind == 0 {
                    return Some(stringify!($name));
                })+
                None
            }
        }
    };
}

members! {
    accepts_any_pool: bool, HIT;
    accepts_new: bool, HIT;
    account: String, CALL | HIT;
    bytes_read: u64, SCAN;
    class: String, HIT;
    column: Option<u32>, HIT;
    commit: Option<String>, SCAN;
    confidence: String, HIT;
    container: String, HIT;
    dropped: Vec<String>, CALL;
    error: Option<CallError>, CALL;
    evaluator: u32, HIT | SCAN;
    files_read: u64, SCAN;
    line: Option<u32>, HIT;
    logical_id: Option<String>, HIT;
    modified: Option<bool>, SCAN;
    more: bool, CALL;
    operation: String, CALL | HIT;
    page: Option<u32>, CALL;
    parameters: Map<String, Value>, CALL | HIT;
    path: String, HIT;
    pointer: String, HIT;
    pool_id: Option<String>, HIT;
    region: String, CALL | HIT;
    response: Option<Value>, CALL;
    root: String, SCAN;
    service: String, CALL | HIT;
    severity: String, HIT;
    skipped: Vec<SkippedFile>, SCAN;
    source: Option<SourcePlace>, HIT;
    text: String, HIT;
    time: Timestamp, CALL | HIT | SCAN;
    unresolved: Option<String>, HIT;
}

/// A member that is there, `null` included where its type allows that.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = Members::deserialize(deserializer)?;
        let (kind, word) = match members.kind {
            Kind::Call => (CALL, "call"),
            Kind::Hit => (HIT, "hit"),
            Kind::Scan => (SCAN, "scan"),
        };
        if let Some(other) = members.other_than(kind) {
            return Err(D::Error::custom(format_args!("unknown field `{other}` of an entry of kind `{word}`")));
        }
        match members.kind {
            Kind::Call => members.call().map(Self::Call),
            Kind::Hit => members.hit().map(Self::Hit),
            Kind::Scan => members.scan().map(Self::Scan),
        }
        .map_err(D::Error::missing_field)
    }
}

impl Members {
    fn call(self) -> Result<Call, &'static str> {
        Ok(Call {
            account: self.account.ok_or("account")?,
            region: self.region.ok_or("region")?,
            service: self.service.ok_or("service")?,
            operation: self.operation.ok_or("operation")?,
            parameters: self.parameters.unwrap_or_default(),
            page: self.page.flatten(),
            more: self.more.unwrap_or_default(),
            time: self.time.ok_or("time")?,
            response: self.response.flatten(),
            error: self.error.flatten(),
            dropped: self.dropped.unwrap_or_default(),
        })
    }

    fn hit(self) -> Result<Hit, &'static str> {
        Ok(Hit {
            account: self.account.unwrap_or_default(),
            region: self.region.unwrap_or_default(),
            service: self.service.ok_or("service")?,
            operation: self.operation.ok_or("operation")?,
            parameters: self.parameters.unwrap_or_default(),
            time: self.time.ok_or("time")?,
            container: self.container.ok_or("container")?,
            logical_id: self.logical_id.flatten(),
            path: self.path.ok_or("path")?,
            pointer: self.pointer.ok_or("pointer")?,
            line: self.line.flatten(),
            column: self.column.flatten(),
            class: self.class.ok_or("class")?,
            confidence: self.confidence.ok_or("confidence")?,
            severity: self.severity.ok_or("severity")?,
            pool_id: self.pool_id.flatten(),
            unresolved: self.unresolved.flatten(),
            text: self.text.ok_or("text")?,
            accepts_new: self.accepts_new.ok_or("accepts_new")?,
            accepts_any_pool: self.accepts_any_pool.unwrap_or_default(),
            source: self.source.flatten(),
            evaluator: self.evaluator.ok_or("evaluator")?,
        })
    }

    fn scan(self) -> Result<Scan, &'static str> {
        Ok(Scan {
            root: self.root.ok_or("root")?,
            commit: self.commit.flatten(),
            modified: self.modified.flatten(),
            time: self.time.ok_or("time")?,
            files_read: self.files_read.ok_or("files_read")?,
            bytes_read: self.bytes_read.ok_or("bytes_read")?,
            skipped: self.skipped.unwrap_or_default(),
            evaluator: self.evaluator.ok_or("evaluator")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: &str = r#"{"account":"1","region":"r","service":"kms","operation":"DescribeKey","time":"2026-11-21T10:00:00Z","response":{},"kind":"call"}"#;

    fn problem(text: &str) -> String {
        serde_json::from_str::<Entry>(text).unwrap_err().to_string()
    }

    #[test]
    fn every_kind_reads_back_as_it_is_written() {
        let samples = [
            CALL.to_owned(),
            CALL.replace("\"response\":{}", r#""parameters":{"KeyId":"k"},"page":2,"more":true,"dropped":["/a/*"],"error":{"kind":"denied","code":"X"}"#),
            r#"{"kind":"hit","service":"scan","operation":"Tree","time":"2026-11-21T10:00:00Z","container":"a","path":"b","pointer":"","class":"c","confidence":"d","severity":"e","text":"f","accepts_new":true,"evaluator":1,"line":3,"source":{"language":"go","in_test":false,"in_doc":true,"remedy":"x"}}"#.to_owned(),
            r#"{"kind":"scan","root":"a","modified":true,"time":"2026-11-21T10:00:00Z","files_read":1,"bytes_read":2,"skipped":[{"path":"p","reason":"denied"}],"evaluator":1}"#.to_owned(),
        ];
        for text in samples {
            let entry: Entry = serde_json::from_str(&text).unwrap();
            let (written, given): (Value, Value) =
                (serde_json::to_value(&entry).unwrap(), serde_json::from_str(&text).unwrap());
            let kept = |value: &Value| value.as_object().unwrap().len();
            assert!(kept(&written) >= kept(&given), "{text}");
            for (name, value) in given.as_object().unwrap() {
                assert_eq!(&written[name], value, "{name} of {text}");
            }
            assert_eq!(serde_json::from_value::<Entry>(written).unwrap(), entry);
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let cases = [
            (CALL.replace("\"account\":\"1\",", ""), "missing field `account`"),
            (CALL.replace("\"account\":\"1\"", "\"account\":null"), "invalid type: null, expected a string"),
            (CALL.replace("\"account\":\"1\"", "\"account\":1"), "invalid type: integer `1`, expected a string"),
            (CALL.replace("\"account\":\"1\"", "\"account\":\"1\",\"account\":\"2\""), "duplicate field `account`"),
            (CALL.replace("\"account\":\"1\"", "\"account\":\"1\",\"class\":\"2\""), "unknown field `class`"),
            (CALL.replace("\"account\":\"1\"", "\"account\":\"1\",\"secret\":\"2\""), "unknown field `secret`"),
            (CALL.replace("\"call\"", "\"calls\""), "unknown variant `calls`"),
            (CALL.replace(",\"kind\":\"call\"", ""), "missing field `kind`"),
            (CALL.replace("{}", "{},\"parameters\":null"), "invalid type: null, expected a map"),
            (CALL.replace("2026-11-21", "soon"), "failed to parse four digit integer as year"),
        ];
        for (text, expected) in cases {
            assert!(problem(&text).contains(expected), "{text}: {}", problem(&text));
        }
    }
}
