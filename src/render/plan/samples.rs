//! Plans for the tests of every surface, built in code. They look like what the planner writes; nothing is planned here.

use std::collections::BTreeMap;

use crate::model::plan::{
    Because, Certainty, Direction, Overlap, PLAN_SCHEMA_VERSION, Phase, Plan, PlannedStep, PoolPlan, Risk, Script,
    VerifierChange, Wave, Who,
};
use crate::model::report::{Subject, Tool};
use crate::model::{Gate, Level, Severity, SubjectKind, TargetIssuer, Verdict};

pub(crate) fn pool() -> Subject {
    Subject {
        kind: SubjectKind::Pool,
        id: "us-east-1_AbCdEfGhI".to_owned(),
        name: Some("customers".to_owned()),
        arn: Some("arn:aws:cognito-idp:us-east-1:111122223333:userpool/us-east-1_AbCdEfGhI".to_owned()),
        region: Some("us-east-1".to_owned()),
        account: "111122223333".to_owned(),
        pool_id: Some("us-east-1_AbCdEfGhI".to_owned()),
    }
}

pub(crate) fn step(number: usize, id: &str, phase: Phase, needs: &[&str]) -> PlannedStep {
    PlannedStep {
        id: id.to_owned(),
        step: id.split(':').next().unwrap_or(id).to_owned(),
        number,
        title: format!("Do {id}"),
        summary: "Because it is needed.".to_owned(),
        phase,
        who: Who::Operator,
        subject: None,
        needs: needs.iter().map(|need| (*need).to_owned()).collect(),
        gates: vec![Gate::Replicate],
        because: vec![Because {
            rule: "key-multi-region".to_owned(),
            fingerprint: "0123456789abcdef0123456789abcdef".to_owned(),
            verdict: Some(Verdict::Fail),
            level: Some(Level::Blocker),
            message: "the key is a single-Region key".to_owned(),
        }],
        certainty: Certainty::Needed,
        risk: Risk::Low,
        impact: "None.".to_owned(),
        point_of_no_return: None,
        minutes: 10,
        lead_days: 0,
        abort_if: vec!["the compare shows another change".to_owned()],
        verify: "The pool shows the key.".to_owned(),
        roll_back: "Delete the key.".to_owned(),
        manual: None,
        sh: Some(Script {
            require: None,
            run: "aws kms describe-key --key-id \"$KEY_ID\" --region \"$PRIMARY_REGION\"".to_owned(),
            check: None,
            undo: None,
        }),
        cloudformation: None,
        terraform: None,
        values: BTreeMap::new(),
        inputs: BTreeMap::new(),
        references: Vec::new(),
        done_at: None,
        told_at: None,
    }
}

/// A pool on its first day: three steps, one of which cannot be taken back.
pub(crate) fn first_day() -> Plan {
    let mut replica = step(3, "create-replica", Phase::Replicate, &["attach-key"]);
    replica.point_of_no_return = Some("users' data are stored in a second jurisdiction".to_owned());
    replica.risk = Risk::High;
    let values = BTreeMap::from([
        ("ACCOUNT_ID".to_owned(), "111122223333".to_owned()),
        ("POOL_ID".to_owned(), "us-east-1_AbCdEfGhI".to_owned()),
        ("POOL_NAME".to_owned(), "customers".to_owned()),
        ("PRIMARY_REGION".to_owned(), "us-east-1".to_owned()),
        ("SECONDARY_REGION".to_owned(), "us-west-2".to_owned()),
    ]);
    let plan = PoolPlan {
        pool: pool(),
        region: "us-east-1".to_owned(),
        replica_region: Some("us-west-2".to_owned()),
        owner: Some("identity".to_owned()),
        evidence_from: Some("2026-11-20T08:00:12Z".to_owned()),
        gates: BTreeMap::new(),
        expected: BTreeMap::new(),
        overlap: Some(Overlap { minutes: Some(180), made_of: vec!["60 minutes: tokens of client web".to_owned()] }),
        values,
        steps: vec![
            step(1, "create-multi-region-key", Phase::Key, &[]),
            step(2, "attach-key", Phase::Key, &["create-multi-region-key"]),
            replica,
        ],
        done: Vec::new(),
        cannot_fix: Vec::new(),
        verifiers: vec![VerifierChange {
            owner: Some("@acme/shop".to_owned()),
            kind: "issuer-literal".to_owned(),
            place: "acme/shop src/auth.ts:12:5".to_owned(),
            severity: Severity::Error,
            seen: "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI".to_owned(),
            before: "accept both issuers".to_owned(),
            after: "remove the old one".to_owned(),
        }],
    };
    Plan {
        schema_version: PLAN_SCHEMA_VERSION,
        tool: Tool { name: "mrready".to_owned(), version: "0.1.0".to_owned() },
        now: "2026-11-21T09:00:00Z".to_owned(),
        direction: Direction::Forward,
        target_issuer: TargetIssuer::Updated,
        snapshot_digest: "sha256:00".to_owned(),
        evidence_from: Some("2026-11-20T08:00:12Z".to_owned()),
        evidence_to: Some("2026-11-20T08:00:40Z".to_owned()),
        catalogue_digest: "sha256:11".to_owned(),
        waves: vec![Wave {
            number: 1,
            pools: vec!["111122223333/us-east-1_AbCdEfGhI".to_owned()],
            shared: Vec::new(),
            reason: "it shares nothing with another pool".to_owned(),
        }],
        pools: vec![plan],
    }
}
