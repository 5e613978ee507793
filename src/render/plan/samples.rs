//! Plans for the tests of every surface, built in code. They look like what the planner writes; nothing is planned here.

use std::collections::BTreeMap;

use crate::model::plan::{
    Because, CannotFix, Certainty, Direction, DoneStep, Overlap, PLAN_SCHEMA_VERSION, Phase, Plan, PlannedStep,
    PoolPlan, Risk, Script, Snippet, VerifierChange, Wave, Who,
};
use crate::model::report::{GateSummary, Reduction, Reference, Subject, Tool};
use crate::model::{Gate, Level, Position, Severity, Status, SubjectKind, TargetIssuer, Verdict};

/// Every sample that is kept as a fixture, by the name of its files.
pub(crate) fn all() -> Vec<(&'static str, Plan)> {
    vec![
        ("first-day", first_day()),
        ("whole", whole()),
        ("sixty-steps", sixty_steps()),
        ("hostile", hostile()),
        ("three-pools", three_pools()),
        ("nothing-left", nothing_left()),
        ("reverse", reverse()),
    ]
}

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
        wave: None,
        target_issuer: None,
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
        reductions: Vec::new(),
        waves: vec![Wave {
            number: 1,
            pools: vec!["111122223333/us-east-1_AbCdEfGhI".to_owned()],
            shared: Vec::new(),
            reason: "it shares nothing with another pool".to_owned(),
        }],
        pools: vec![plan],
    }
}

fn gate(position: Position, status: Status, blocked_by: &[&str], undetermined_by: &[&str]) -> GateSummary {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
    GateSummary {
        position,
        status,
        counted: position == Position::Next,
        regression: false,
        counts: BTreeMap::new(),
        blocked_by: owned(blocked_by),
        undetermined_by: owned(undetermined_by),
    }
}

fn reference() -> Reference {
    Reference {
        url: "https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-multi-region.html".to_owned(),
        read: "2026-11-21".to_owned(),
        grade: "DOC".to_owned(),
    }
}

/// A pool whose plan has something of everything: lead time, decisions, inputs, templates, what cannot be fixed.
pub(crate) fn whole() -> Plan {
    let mut plan = first_day();
    let Some(pool) = plan.pools.first_mut() else { return plan };
    let stays = "pool-eligible us-east-1_AbCdEfGhI";
    pool.gates = BTreeMap::from([
        (Gate::Issuer, gate(Position::Next, Status::Blocked, &["http-route-accepts-new-issuer r1"], &[])),
        (Gate::Replicate, gate(Position::Next, Status::Blocked, &["key-multi-region us-east-1_AbCdEfGhI"], &[stays])),
        (Gate::Activate, gate(Position::Later, Status::Undetermined, &[], &[])),
        (Gate::Failover, gate(Position::Later, Status::Blocked, &["domain-active us-east-1_AbCdEfGhI"], &[])),
    ]);
    pool.expected = BTreeMap::from([
        (Gate::Issuer, gate(Position::Done, Status::Ready, &[], &[])),
        (Gate::Replicate, gate(Position::Done, Status::Undetermined, &[], &[stays])),
        (Gate::Activate, gate(Position::Done, Status::Ready, &[], &[])),
        (Gate::Failover, gate(Position::Done, Status::Ready, &[], &[])),
    ]);
    pool.overlap = Some(Overlap {
        minutes: Some(185),
        made_of: vec![
            "60 minutes: access tokens of app client web".to_owned(),
            "5 minutes: clocks that differ".to_owned(),
            "120 minutes: keys kept by HTTP APIs".to_owned(),
        ],
    });
    pool.steps = whole_steps(&pool.pool);
    pool.done = vec![DoneStep {
        step: "change-feature-plan".to_owned(),
        title: "Change the feature plan".to_owned(),
        because: "pool.tier is ESSENTIALS".to_owned(),
    }];
    pool.cannot_fix = vec![CannotFix {
        rule: "pool-eligible".to_owned(),
        fingerprint: "22".repeat(16),
        gates: vec![Gate::Replicate],
        message: "whether the pool runs on infrastructure that supports replication is for a person to say".to_owned(),
        reason: "only the console shows it; a pool that is not eligible has to be made anew".to_owned(),
    }];
    let nobody = VerifierChange {
        owner: None,
        kind: "route".to_owned(),
        place: "HTTP API shop (a1b2c3) in us-east-1, authorizer jwt (x1): GET /orders, POST /orders".to_owned(),
        before: "point the routes at a Lambda authorizer that accepts both issuers".to_owned(),
        after: "create a `JWT` authorizer with the updated issuer".to_owned(),
        ..pool.verifiers.first().cloned().unwrap_or_else(|| unreachable!("the first day has one"))
    };
    pool.verifiers.push(nobody);
    plan
}

fn whole_steps(pool: &Subject) -> Vec<PlannedStep> {
    let mut sandbox = step(1, "leave-ses-sandbox", Phase::Arrange, &[]);
    sandbox.title = "Ask AWS to take SES in the replica Region out of the sandbox".to_owned();
    (sandbox.who, sandbox.lead_days, sandbox.sh, sandbox.minutes) = (Who::Aws, 14, None, 45);
    sandbox.gates = vec![Gate::Activate];
    sandbox.manual = Some(
        "1. Open SES in the replica Region, Account dashboard,\n   Request production access.\n2. Say what is sent and to whom."
            .to_owned(),
    );
    let mut residency = step(2, "approve-residency", Phase::Arrange, &[]);
    residency.title = "Approve that users' data are stored in the replica Region".to_owned();
    (residency.who, residency.lead_days, residency.sh) = (Who::Management, 7, None);
    residency.because = vec![Because {
        rule: "residency-approved".to_owned(),
        fingerprint: "11".repeat(16),
        verdict: Some(Verdict::Manual),
        level: Some(Level::Blocker),
        message: "whether users' data may be stored in us-west-2 is for a person to say".to_owned(),
    }];
    let mut key = step(3, "create-multi-region-key", Phase::Key, &[]);
    key.title = "Create the multi-Region key with its final policy".to_owned();
    key.cloudformation = Some(Snippet {
        region: "us-east-1".to_owned(),
        text: "Resources:\n  Key:\n    Type: AWS::KMS::Key\n    Properties:\n      MultiRegion: true\n".to_owned(),
    });
    key.terraform = Some(Snippet {
        region: "us-east-1".to_owned(),
        text: "resource \"aws_kms_key\" \"pool\" {\n  multi_region = true\n}\n".to_owned(),
    });
    key.references = vec![reference()];
    let mut attach = step(4, "attach-key", Phase::Key, &["create-multi-region-key"]);
    attach.title = "Attach the key to the pool".to_owned();
    (attach.risk, attach.certainty) = (Risk::Medium, Certainty::Perhaps);
    attach.inputs = BTreeMap::from([("KEY_ARN".to_owned(), "the ARN of the key in us-east-1".to_owned())]);
    attach.sh = Some(Script {
        require: Some("aws kms describe-key --key-id \"$KEY_ARN\" --region \"$PRIMARY_REGION\" >/dev/null".to_owned()),
        run: "update_user_pool \"$PRIMARY_REGION\" \\\n  '.KeyConfiguration = {KeyType: \"CUSTOMER_MANAGED_KEY\", KmsKeyArn: $key}' --arg key \"$KEY_ARN\"".to_owned(),
        check: Some("describe_user_pool \"$PRIMARY_REGION\" | jq -e --arg key \"$KEY_ARN\" '.UserPool.KeyConfiguration.KmsKeyArn == $key'".to_owned()),
        undo: Some("restore_user_pool \"$PRIMARY_REGION\"".to_owned()),
    });
    let mut route = step(5, "put-lambda-authorizer-before-switch:1", Phase::Verifiers, &[]);
    route.title = "Put a Lambda authorizer before the routes that takes both issuers".to_owned();
    route.who = Who::Application;
    route.subject = Some(Subject {
        kind: SubjectKind::Route,
        id: "apigatewayv2/us-east-1/a1b2c3/r1#us-east-1_AbCdEfGhI".to_owned(),
        name: Some("GET /orders of shop".to_owned()),
        ..pool.clone()
    });
    route.values = BTreeMap::from([("API_ID".to_owned(), "a1b2c3".to_owned())]);
    let mut switch = step(6, "switch-issuer", Phase::Issuer, &["attach-key", "put-lambda-authorizer-before-switch:1"]);
    switch.title = "Switch the issuer in a quiet hour".to_owned();
    (switch.risk, switch.impact) = (Risk::High, "Verifiers that hold to the old issuer refuse new tokens.".to_owned());
    let mut wait = step(7, "wait-for-old-tokens", Phase::Issuer, &["switch-issuer"]);
    wait.title = "Wait until the last old token has expired".to_owned();
    (wait.minutes, wait.sh) = (185, None);
    let mut replica = step(
        8,
        "create-replica",
        Phase::Replicate,
        &["approve-residency", "attach-key", "create-multi-region-key", "wait-for-old-tokens"],
    );
    replica.title = "Create the replica".to_owned();
    replica.point_of_no_return = Some("users' data are stored in a second jurisdiction from here on".to_owned());
    let mut activate = step(9, "activate-replica", Phase::Activate, &["create-replica", "leave-ses-sandbox"]);
    activate.title = "Activate the replica".to_owned();
    activate.because.clear();
    vec![sandbox, residency, key, attach, route, switch, wait, replica, activate]
}

/// Sixty steps that need each other as real ones do: a few chains with much beside them.
pub(crate) fn sixty_steps() -> Plan {
    let mut plan = first_day();
    let Some(pool) = plan.pools.first_mut() else { return plan };
    let phase = |index: usize| Phase::ALL.get(index * Phase::ALL.len() / 60).copied().unwrap_or(Phase::Operate);
    pool.steps = (0..60)
        .map(|index| {
            let id = format!("step-{}", index + 1);
            let mut needs: Vec<String> = Vec::new();
            // One in four stands alone; others need the one before, or one some way back, or both.
            if index % 4 != 0 {
                needs.push(format!("step-{index}"));
            }
            if index > 7 && index % 3 != 0 {
                needs.push(format!("step-{}", index - 6));
            }
            let needs: Vec<&str> = needs.iter().map(String::as_str).collect();
            let mut step = step(index + 1, &id, phase(index), &needs);
            step.title = format!("Do the thing number {} that this plan has to do in the end", index + 1);
            step.risk = Risk::ALL.get(index % 3).copied().unwrap_or(Risk::Low);
            step.lead_days = if index % 20 == 3 { 14 } else { 0 };
            step
        })
        .collect();
    plan
}

/// Every text that may come from an account tries to be more than text.
pub(crate) fn hostile() -> Plan {
    let mut plan = whole();
    let Some(pool) = plan.pools.first_mut() else { return plan };
    let evil = "</title><script>alert(1)</script> | `x` **b** [a](https://evil.example) @root #1\n# h \u{202e}";
    pool.pool.name = Some(evil.to_owned());
    pool.owner = Some(evil.to_owned());
    pool.values.insert("POOL_NAME".to_owned(), "'; rm -rf /; ' $(touch X) `touch X`\n```\nout of the fence".to_owned());
    for step in &mut pool.steps {
        step.title = format!("{} \"{evil}\"]", step.title);
        step.summary = evil.to_owned();
        step.subject = Some(Subject { name: Some(evil.to_owned()), id: evil.to_owned(), ..pool.pool.clone() });
        step.values.insert("SUBJECT_NAME".to_owned(), evil.to_owned());
        for because in &mut step.because {
            because.message = evil.to_owned();
        }
        step.references.push(Reference { url: format!("https://x.example/{evil}"), ..reference() });
    }
    for cannot in &mut pool.cannot_fix {
        (cannot.message, cannot.reason) = (evil.to_owned(), evil.to_owned());
    }
    for change in &mut pool.verifiers {
        change.owner = change.owner.as_ref().map(|_| format!("@acme/everyone {evil}"));
        (change.place, change.seen) = (evil.to_owned(), format!("a\\|b {evil}"));
    }
    for gate in pool.gates.values_mut() {
        gate.blocked_by.push(format!("rule {evil}"));
    }
    for wave in &mut plan.waves {
        (wave.shared, wave.reason) = (vec![evil.to_owned()], evil.to_owned());
    }
    plan.reductions = vec![Reduction { option: evil.to_owned(), effect: evil.to_owned(), touches_blocker: true }];
    plan
}

/// Three pools, two of which share a key.
pub(crate) fn three_pools() -> Plan {
    let mut plan = first_day();
    let first = plan.pools.remove(0);
    let named = |id: &str, name: &str| {
        let mut pool = first.clone();
        (pool.pool.id, pool.pool.name) = (id.to_owned(), Some(name.to_owned()));
        pool.pool.pool_id = Some(id.to_owned());
        pool.pool.arn = Some(format!("arn:aws:cognito-idp:us-east-1:111122223333:userpool/{id}"));
        pool.values.insert("POOL_ID".to_owned(), id.to_owned());
        pool.values.insert("POOL_NAME".to_owned(), name.to_owned());
        pool
    };
    plan.pools = vec![first.clone(), named("us-east-1_BbCdEfGhI", "partners"), named("us-east-1_CbCdEfGhI", "staff")];
    plan.waves = vec![
        Wave {
            number: 1,
            pools: vec!["111122223333/us-east-1_CbCdEfGhI".to_owned()],
            shared: Vec::new(),
            reason: "about 40 users, 1 consumer of tokens, nothing shared with another pool".to_owned(),
        },
        Wave {
            number: 2,
            pools: vec!["111122223333/us-east-1_AbCdEfGhI".to_owned(), "111122223333/us-east-1_BbCdEfGhI".to_owned()],
            shared: vec!["KMS key mrk-01: us-east-1_AbCdEfGhI, us-east-1_BbCdEfGhI".to_owned()],
            reason: "about 1200 users, 7 consumers of tokens, 1 thing shared by 2 pools, which go together".to_owned(),
        },
    ];
    plan
}

/// A pool for which nothing is left to do.
pub(crate) fn nothing_left() -> Plan {
    let mut plan = first_day();
    if let Some(pool) = plan.pools.first_mut() {
        let steps = std::mem::take(&mut pool.steps);
        let done = |step: PlannedStep| DoneStep { step: step.step, title: step.title, because: "seen".to_owned() };
        pool.done = steps.into_iter().map(done).collect();
        pool.verifiers.clear();
        pool.overlap = None;
    }
    plan
}

/// The way back.
pub(crate) fn reverse() -> Plan {
    let mut plan = first_day();
    plan.direction = Direction::Reverse;
    if let Some(pool) = plan.pools.first_mut() {
        pool.steps = vec![
            step(1, "unroute-domain", Phase::Failover, &[]),
            step(2, "deactivate-replica", Phase::Activate, &["unroute-domain"]),
            step(3, "delete-replica", Phase::Replicate, &["deactivate-replica"]),
        ];
        pool.steps.iter_mut().for_each(|step| step.because.clear());
        pool.verifiers.clear();
        pool.overlap = None;
    }
    plan
}
