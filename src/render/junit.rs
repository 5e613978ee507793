//! `--format junit`: findings as test cases, for the test views of CI systems.
//!
//! There is no standard. What is written is what Jenkins' schema `junit-10.xsd` takes: no `skipped` on `testsuites`, no `file` on
//! `testcase`; `--junit-dialect gitlab` adds `file` for findings in source trees, the tree's name and the path in it. A suite per
//! pool, and before them one without cases that tells how it was judged, which the format has no other place for.
//!
//! - A case's class is the rule, its name the rule's title, what was judged and its Region. No two are alike, since GitLab drops
//!   the second. There are no times: nothing was measured.
//! - A blocker that is false is a failure. What is unknown is an error, also where `--unknown-grace` holds an older verdict.
//!   What is waived, waits for a person or does not apply is skipped, with a message. An advisory that is false passes with a
//!   text, or fails with `--fail-on warn`.
//! - The format knows no gates: a failure may belong to a gate that does not count yet. Its text says so, and the exit code of
//!   the run goes by the gates.
//! - It lists every finding that `--show`, `--select` and `--ignore` leave; without them every one.

use std::collections::BTreeMap;
use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::Options;
use super::finding::decision;
use super::records::{Records, evidence, missing_actions, region};
use super::safe::safe;
use crate::model::report::{Finding, PoolSummary, Report};
use crate::model::{Source, SubjectKind, Verdict};

/// Whose reader the file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// What the schema of Jenkins takes.
    #[default]
    Jenkins,
    /// With the member `file`, which GitLab reads and Jenkins' schema refuses.
    Gitlab,
}

/// Writes the findings as test cases.
pub fn write(report: &Report, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let suites = suites(&Records::of(report), options);
    let mut xml = Xml(Writer::new_with_indent(out, b' ', 1));
    xml.0.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let count = |of: fn(&Outcome) -> bool| suites.iter().map(|suite| suite.count(of)).sum::<usize>().to_string();
    let attributes = [
        ("name", "mrready".to_owned()),
        ("tests", count(|_| true)),
        ("failures", count(Outcome::is_failure)),
        ("errors", count(Outcome::is_error)),
    ];
    xml.open("testsuites", &attributes)?;
    about(report, &mut xml)?;
    suites.iter().try_for_each(|suite| suite.write(report, &mut xml))?;
    xml.close("testsuites")?;
    xml.0.into_inner().write_all(b"\n")
}

/// What becomes of a case.
enum Outcome {
    Passed { out: Option<String> },
    Failure { kind: &'static str, message: String, text: String },
    Error { kind: &'static str, message: String, text: String },
    Skipped { message: String, text: String },
}

impl Outcome {
    fn of(records: &Records<'_>, finding: &Finding) -> Self {
        let (message, text, kind) = (finding.message.clone(), text(records, finding), finding.verdict.as_str());
        let decision = finding.waiver.as_ref().map(decision);
        match finding.verdict {
            _ if finding.is_waived() => {
                Self::Skipped { message: format!("{kind}, {}: {message}", decision.unwrap_or_default()), text }
            }
            Verdict::Pass => Self::Passed { out: decision.map(|_| text) },
            Verdict::Info => Self::Passed { out: Some(text) },
            Verdict::Warn if records.report.run.fail_on != "warn" => Self::Passed { out: Some(text) },
            Verdict::Warn | Verdict::Fail => Self::Failure { kind, message, text },
            Verdict::Unknown => {
                let cause = finding.evidence.iter().find_map(|each| each.cause.as_ref());
                Self::Error { kind: cause.map_or(kind, crate::model::Cause::kind), message, text }
            }
            Verdict::Manual => Self::Skipped { message: format!("waits for a person: {message}"), text },
            Verdict::NotApplicable => Self::Skipped { message: format!("does not apply: {message}"), text },
        }
    }

    fn is_failure(&self) -> bool {
        matches!(self, Self::Failure { .. })
    }

    fn is_error(&self) -> bool {
        matches!(self, Self::Error { .. })
    }

    fn is_skipped(&self) -> bool {
        matches!(self, Self::Skipped { .. })
    }

    fn write(&self, xml: &mut Xml<'_>) -> io::Result<()> {
        match self {
            Self::Passed { out: None } => Ok(()),
            Self::Passed { out: Some(text) } => xml.text("system-out", &[], text),
            Self::Failure { kind, message, text } => {
                xml.text("failure", &[("message", message.clone()), ("type", (*kind).to_owned())], text)
            }
            Self::Error { kind, message, text } => {
                xml.text("error", &[("message", message.clone()), ("type", (*kind).to_owned())], text)
            }
            Self::Skipped { message, text } => xml.text("skipped", &[("message", message.clone())], text),
        }
    }
}

/// A finding.
struct Case<'a> {
    rule: &'a str,
    name: String,
    file: Option<&'a str>,
    outcome: Outcome,
}

/// The findings of one pool, or those that concern none.
struct Suite<'a> {
    pool: Option<&'a PoolSummary>,
    cases: Vec<Case<'a>>,
}

impl Suite<'_> {
    fn count(&self, of: fn(&Outcome) -> bool) -> usize {
        self.cases.iter().filter(|case| of(&case.outcome)).count()
    }

    fn write(&self, report: &Report, xml: &mut Xml<'_>) -> io::Result<()> {
        let name = match self.pool {
            Some(PoolSummary { id, name: Some(name), .. }) if !name.trim().is_empty() => format!("{name} ({id})"),
            Some(pool) => pool.id.clone(),
            None => "of no pool".to_owned(),
        };
        let attributes = [
            ("name", name),
            ("tests", self.cases.len().to_string()),
            ("failures", self.count(Outcome::is_failure).to_string()),
            ("errors", self.count(Outcome::is_error).to_string()),
            ("skipped", self.count(Outcome::is_skipped).to_string()),
            ("timestamp", report.run.now.clone()),
        ];
        xml.open("testsuite", &attributes)?;
        if let Some(pool) = self.pool {
            let or_none = |text: &Option<String>| text.clone().unwrap_or_default();
            let mut properties = vec![
                ("arn".to_owned(), pool.arn.clone()),
                ("account".to_owned(), pool.account.clone()),
                ("region".to_owned(), pool.region.clone()),
                ("replica_region".to_owned(), or_none(&pool.replica_region)),
                ("owner".to_owned(), or_none(&pool.owner)),
                ("wave".to_owned(), or_none(&pool.wave)),
                ("evidence_from".to_owned(), or_none(&pool.evidence_from)),
            ];
            for (gate, state) in &pool.gates {
                let counted = if state.counted { "counts" } else { "does not count" };
                properties.push((format!("gate.{gate}"), format!("{} ({}, {counted})", state.status, state.position)));
            }
            xml.properties(&properties)?;
        }
        for case in &self.cases {
            let mut attributes = vec![("classname", case.rule.to_owned()), ("name", case.name.clone())];
            attributes.extend(case.file.map(|file| ("file", file.to_owned())));
            if matches!(case.outcome, Outcome::Passed { out: None }) {
                xml.empty("testcase", &attributes)?;
            } else {
                xml.open("testcase", &attributes)?;
                case.outcome.write(xml)?;
                xml.close("testcase")?;
            }
        }
        xml.close("testsuite")
    }
}

/// The findings by pool, in the order of the report's pools.
fn suites<'a>(records: &Records<'a>, options: &Options) -> Vec<Suite<'a>> {
    let mut of_pool: BTreeMap<Option<&str>, Vec<Case<'a>>> = BTreeMap::new();
    let mut names: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for finding in &records.report.findings {
        if options.show.hides(finding) || !options.show.verdicts.lists(finding.verdict, true) {
            continue;
        }
        let subject = &finding.subject;
        let region = region(subject).map(|region| format!(" [{region}]")).unwrap_or_default();
        let mut name = format!("{} — {}{region}", records.title(&finding.rule), subject.id);
        let times = names.entry((&finding.rule, name.clone())).or_default();
        *times += 1;
        if *times > 1 {
            name = format!("{name} #{times}");
        }
        of_pool.entry(records.pool(subject).map(|pool| pool.arn.as_str())).or_default().push(Case {
            rule: &finding.rule,
            name,
            file: file(finding).filter(|_| options.junit_dialect == Dialect::Gitlab),
            outcome: Outcome::of(records, finding),
        });
    }
    let pools = records.report.summary.pools.iter().map(Some).chain([None]);
    pools
        .filter_map(|pool| {
            let cases = of_pool.remove(&pool.map(|pool| pool.arn.as_str()))?;
            Some(Suite { pool, cases })
        })
        .collect()
}

/// The file of a source tree in which a finding is. What only looks like one, a stack or a function, is none.
fn file(finding: &Finding) -> Option<&str> {
    if finding.subject.kind != SubjectKind::Reference || finding.subject.region.is_some() {
        return None;
    }
    finding.evidence.iter().flat_map(|each| &each.sources).find_map(|source| match source {
        Source::Place { file, .. } => Some(file.as_str()),
        Source::Call { .. } | Source::Option { .. } | Source::Table { .. } => None,
    })
}

/// What stands behind a case that did not simply pass, a line each.
fn text(records: &Records<'_>, finding: &Finding) -> String {
    let mut lines = vec![format!("{}: {}", finding.verdict, finding.message)];
    let pool = records.pool(&finding.subject);
    let gates: Vec<String> = finding
        .gates
        .iter()
        .map(|gate| match pool.and_then(|pool| pool.gates.get(gate)) {
            Some(state) if !state.counted => format!("{gate} (does not count in this run)"),
            _ => gate.as_str().to_owned(),
        })
        .collect();
    lines.push(format!(
        "{} of {}",
        finding.level,
        if gates.is_empty() { "no gate".to_owned() } else { gates.join(", ") }
    ));
    lines.extend(finding.waiver.iter().map(|waiver| format!("decision: {}", decision(waiver))));
    lines.extend(finding.evidence.iter().map(|each| format!("evidence: {}", evidence(each))));
    let missing = missing_actions(finding);
    if !missing.is_empty() {
        lines.push(format!("allow: {}", missing.join(", ")));
    }
    lines.extend(finding.remediation.iter().map(|remedy| format!("to do ({}): {}", remedy.when, remedy.summary)));
    lines.extend(finding.owner.iter().map(|owner| format!("owner: {owner}")));
    lines.extend(records.references(&finding.rule).iter().map(|each| format!("see {}", each.url)));
    lines.push(format!("id: {}", finding.fingerprint));
    lines.iter().map(|line| xml(line)).collect::<Vec<_>>().join("\n")
}

/// How it was judged: what makes the answer weaker than a default run's, the answer, and what it rests on.
fn about(report: &Report, xml: &mut Xml<'_>) -> io::Result<()> {
    let none = || "0".to_owned();
    let attributes = [
        ("name", "mrready".to_owned()),
        ("tests", none()),
        ("failures", none()),
        ("errors", none()),
        ("skipped", none()),
        ("timestamp", report.run.now.clone()),
    ];
    let named = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let records = Records::of(report);
    let mut properties: Vec<(String, String)> =
        (1..).zip(records.reductions()).map(|(n, each)| (format!("reduction.{n}"), each)).collect();
    properties.extend([
        named("version", &report.tool.version),
        named("exit_code", &report.summary.exit.code.to_string()),
        named("exit_because", &report.summary.exit.because.join("; ")),
        named("snapshot", &report.snapshot.digest),
        named("catalogue", &report.run.catalogue_digest),
        named("evidence_from", report.snapshot.evidence_from.as_deref().unwrap_or_default()),
        named("fail_on", &report.run.fail_on),
    ]);
    xml.open("testsuite", &attributes)?;
    xml.properties(&properties)?;
    let answer: Vec<String> = report.summary.answer.iter().map(|line| self::xml(line)).collect();
    xml.text("system-out", &[], &answer.join("\n"))?;
    xml.close("testsuite")
}

/// The text on one line, without what XML cannot hold: such characters stand as their escapes, as in every other format.
fn xml(text: &str) -> String {
    safe(text).replace('\u{fffe}', "\\u{fffe}").replace('\u{ffff}', "\\u{ffff}")
}

/// The writer. Names and attributes are escaped here; a text has its lines made by [`xml`](xml()).
struct Xml<'a>(Writer<&'a mut dyn Write>);

impl Xml<'_> {
    fn tag<'t>(name: &'t str, attributes: &[(&str, String)]) -> BytesStart<'t> {
        let mut tag = BytesStart::new(name);
        for (name, value) in attributes {
            tag.push_attribute((*name, xml(value).as_str()));
        }
        tag
    }

    fn open(&mut self, name: &str, attributes: &[(&str, String)]) -> io::Result<()> {
        self.0.write_event(Event::Start(Self::tag(name, attributes)))
    }

    fn empty(&mut self, name: &str, attributes: &[(&str, String)]) -> io::Result<()> {
        self.0.write_event(Event::Empty(Self::tag(name, attributes)))
    }

    fn close(&mut self, name: &str) -> io::Result<()> {
        self.0.write_event(Event::End(BytesEnd::new(name)))
    }

    fn text(&mut self, name: &str, attributes: &[(&str, String)], text: &str) -> io::Result<()> {
        self.open(name, attributes)?;
        self.0.write_event(Event::Text(BytesText::new(text)))?;
        self.close(name)
    }

    /// Those that have a value.
    fn properties(&mut self, properties: &[(String, String)]) -> io::Result<()> {
        self.open("properties", &[])?;
        for (name, value) in properties.iter().filter(|(_, value)| !value.is_empty()) {
            self.empty("property", &[("name", name.clone()), ("value", value.clone())])?;
        }
        self.close("properties")
    }
}

#[cfg(test)]
mod tests {
    use quick_xml::Reader;
    use quick_xml::events::attributes::Attribute;

    use super::super::records::tests::{NAMES, golden, hostile, second_run, text};
    use super::super::safe::is_hidden;
    use super::super::{Format, Show, samples};
    use super::*;
    use crate::model::report::Evidence;

    /// An element: its path, its attributes, its text.
    #[derive(Debug, Default)]
    struct Element {
        path: String,
        attributes: BTreeMap<String, String>,
        text: String,
    }

    impl Element {
        fn number(&self, name: &str) -> usize {
            self.attributes[name].parse().unwrap()
        }
    }

    fn read(written: &str) -> Vec<Element> {
        let mut reader = Reader::from_str(written);
        let (mut all, mut open): (Vec<Element>, Vec<usize>) = (Vec::new(), Vec::new());
        loop {
            let event = reader.read_event().unwrap();
            match &event {
                Event::Start(tag) | Event::Empty(tag) => {
                    let parent = open.last().map(|at: &usize| all[*at].path.clone()).unwrap_or_default();
                    let name = tag.name().as_ref().to_owned();
                    let value = |each: Attribute<'_>| {
                        (each.key.as_ref().to_owned(), quick_xml::escape::unescape(&each.value).unwrap().into_owned())
                    };
                    let attributes = tag.attributes().map(|each| value(each.unwrap())).collect();
                    all.push(Element { path: format!("{parent}/{name}"), attributes, text: String::new() });
                    if matches!(event, Event::Start(_)) {
                        open.push(all.len() - 1);
                    }
                }
                Event::End(_) => drop(open.pop()),
                Event::Text(text) => {
                    if let Some(at) = open.last() {
                        all[*at].text.push_str(text);
                    }
                }
                Event::GeneralRef(entity) => {
                    if let Some(at) = open.last() {
                        all[*at].text.extend(["&", &**entity, ";"]);
                    }
                }
                Event::Eof => return all,
                Event::CData(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            }
        }
    }

    /// What the schema of Jenkins lets stand where, and that the counts are right.
    fn check(written: &str) -> Vec<Element> {
        let all = read(written);
        let allowed = |path: &str| -> &[&str] {
            match path {
                "/testsuites" => &["name", "tests", "failures", "errors"],
                "/testsuites/testsuite" => &["name", "tests", "failures", "errors", "skipped", "timestamp"],
                "/testsuites/testsuite/testcase" => &["classname", "name"],
                "/testsuites/testsuite/testcase/failure" | "/testsuites/testsuite/testcase/error" => {
                    &["message", "type"]
                }
                "/testsuites/testsuite/testcase/skipped" => &["message"],
                "/testsuites/testsuite/properties/property" => &["name", "value"],
                "/testsuites/testsuite/properties"
                | "/testsuites/testsuite/system-out"
                | "/testsuites/testsuite/testcase/system-out" => &[],
                other => panic!("{other} is not allowed"),
            }
        };
        for element in &all {
            let names: Vec<&str> = element.attributes.keys().map(String::as_str).collect();
            assert!(names.iter().all(|name| allowed(&element.path).contains(name)), "{element:?}");
        }
        let count = |path: &str| all.iter().filter(|each| each.path.ends_with(path)).count();
        let sum = |name: &str| -> usize {
            all.iter().filter(|each| each.path.ends_with("/testsuite")).map(|each| each.number(name)).sum()
        };
        for (name, path) in [("tests", "/testcase"), ("failures", "/failure"), ("errors", "/error")] {
            assert_eq!((all[0].number(name), sum(name)), (count(path), count(path)), "{name}");
        }
        assert_eq!(sum("skipped"), count("/skipped"));
        all
    }

    /// The element in the case of a rule, and its text; of what simply passed nothing.
    fn outcomes<'e>(all: &'e [Element], rule: &str) -> Vec<&'e Element> {
        let mut found = Vec::new();
        let mut inside = false;
        for each in all {
            if each.path.ends_with("/testcase") {
                inside = each.attributes["classname"] == rule;
            } else if inside && each.path.contains("/testcase/") {
                found.push(each);
            }
        }
        found
    }

    fn kind(element: &Element) -> &str {
        element.path.rsplit('/').next().unwrap()
    }

    #[test]
    fn fixtures_are_as_written() {
        golden(Format::Junit, "junit.xml");
    }

    #[test]
    fn it_is_what_jenkins_takes_and_no_two_names_are_alike() {
        for (name, report) in samples::all().into_iter().chain([("second", second_run()), ("names", hostile())]) {
            let written = text(Format::Junit, &report, &Options::default());
            let all = check(&written);
            let cases: Vec<&Element> = all.iter().filter(|each| each.path.ends_with("/testcase")).collect();
            assert_eq!(cases.len(), report.findings.len(), "{name}");
            let names: std::collections::BTreeSet<(&str, &str)> = cases
                .iter()
                .map(|each| (each.attributes["classname"].as_str(), each.attributes["name"].as_str()))
                .collect();
            assert_eq!(names.len(), cases.len(), "{name}");
        }
    }

    #[test]
    fn every_verdict_has_its_outcome() {
        let mut report = hostile();
        report.findings.iter_mut().for_each(|each| each.waiver = None);
        report.findings.truncate(7);
        let all = check(&text(Format::Junit, &report, &Options::default()));
        let outcome = |rule: &str| outcomes(&all, rule).iter().map(|each| kind(each)).collect::<Vec<_>>().join(" ");
        let wanted = ["failure", "error", "system-out", "", "skipped", "skipped", "system-out"];
        assert_eq!(["a", "b", "c", "d", "e", "f", "g"].map(outcome), wanted);
        assert_eq!(outcomes(&all, "b")[0].attributes["type"], "unrecognised");

        report.run.fail_on = "warn".to_owned();
        let all = check(&text(Format::Junit, &report, &Options::default()));
        assert_eq!(kind(outcomes(&all, "c")[0]), "failure");

        report.findings.iter_mut().for_each(|each| each.waiver = Some(samples::waiver("waive", "it is known")));
        let all = check(&text(Format::Junit, &report, &Options::default()));
        for rule in ["a", "b", "c", "d", "e", "f", "g"] {
            let outcome = outcomes(&all, rule)[0];
            assert!(kind(outcome) == "skipped" && outcome.attributes["message"].contains("it is known"), "{outcome:?}");
        }
    }

    #[test]
    fn a_held_verdict_does_not_hide_the_unknown() {
        let all = check(&text(Format::Junit, &second_run(), &Options::default()));
        assert_eq!(kind(outcomes(&all, "held")[0]), "error");
    }

    #[test]
    fn an_answer_by_a_person_passes_and_says_so() {
        let all = check(&text(Format::Junit, &samples::ready(), &Options::default()));
        let outcome = outcomes(&all, "pool-eligible")[0];
        assert!(kind(outcome) == "system-out" && outcome.text.contains("attest by Ines"), "{outcome:?}");
    }

    #[test]
    fn reductions_the_answer_and_what_does_not_count_are_told() {
        let all = check(&text(Format::Junit, &samples::blocked(), &Options::default()));
        let first = all.iter().find(|each| each.path.ends_with("/property")).unwrap();
        assert_eq!(first.attributes["name"], "reduction.1");
        let out = all.iter().find(|each| each.path.ends_with("/system-out")).unwrap();
        assert!(out.text.contains("customers-prod may not switch its issuer"), "{out:?}");
        let later = outcomes(&all, "trigger-exists")[0];
        assert!(later.text.contains("blocker of activate (does not count in this run)"), "{later:?}");
    }

    #[test]
    fn no_name_breaks_out_and_nothing_is_there_that_xml_cannot_hold() {
        let report = hostile();
        let written = text(Format::Junit, &report, &Options::default());
        assert!(!written.chars().any(|c| (is_hidden(c) && c != '\n') || ('\u{fffe}'..='\u{ffff}').contains(&c)));
        assert!(!written.contains("<script") && !written.contains("<img") && !written.contains("##"));
        assert!(!written.lines().any(|line| line.trim_start().starts_with("::")));
        let all = check(&written);
        let names: Vec<&str> = all
            .iter()
            .filter(|each| each.path == "/testsuites/testsuite")
            .map(|each| each.attributes["name"].as_str())
            .collect();
        for (n, name) in NAMES.iter().enumerate() {
            assert!(names.contains(&format!("{} (us-east-1_Hostile{n:02})", xml(name)).as_str()), "{name:?} {names:?}");
        }
    }

    #[test]
    fn gitlab_gets_the_file_of_what_is_in_a_tree_and_jenkins_does_not() {
        let mut report = hostile();
        report.findings.truncate(2);
        for finding in &mut report.findings {
            finding.subject.kind = SubjectKind::Reference;
            let place =
                Source::Place { file: "shop/src/auth.ts".to_owned(), line: Some(7), column: None, path: String::new() };
            finding.evidence = vec![Evidence { sources: vec![place], ..finding.evidence[0].clone() }];
        }
        report.findings[0].subject.region = None;
        let options = Options { junit_dialect: Dialect::Gitlab, ..Options::default() };
        let written = text(Format::Junit, &report, &options);
        assert_eq!(written.matches("file=\"shop/src/auth.ts\"").count(), 1, "{written}");
        check(&text(Format::Junit, &report, &Options::default()));
    }

    #[test]
    fn show_narrows_cases_and_counts_alike() {
        let mut show = Show::only([Verdict::Fail, Verdict::Unknown]);
        show.hidden_rules.insert("new".to_owned());
        let all = check(&text(Format::Junit, &second_run(), &Options { show, ..Options::default() }));
        assert_eq!(all[0].number("tests"), 2);
    }
}
