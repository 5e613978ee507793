//! Reports for the tests of every format, built in code; `fixtures/reports/` holds what they are as JSON and as text.
//!
//! They look like what `audit` writes, but nothing is judged here: the gates are counted from the findings by a few
//! lines that need not agree with the real thing in every corner.

use std::collections::BTreeMap;

use crate::model::report::{
    AppliedWaiver, Baseline, BaselineState, CallProblem, Coverage, Evidence, Exit, Finding, GateSummary, Held,
    MissingPermission, NotAsked, PoolSummary, Reduction, Reference, Remediation, Report, Resolved, RuleSummary, Run,
    SnapshotSummary, Subject, Summary, Tool, WaiverState, Window,
};
use crate::model::{
    Cause, DecidedBy, Gate, Level, Position, Resolve, Source, Status, SubjectKind, TargetIssuer, Verdict,
};

const ACCOUNT: &str = "111122223333";
const FROM: &str = "2026-11-20T08:00:12Z";
const NOW: &str = "2026-11-21T09:00:00Z";

/// Every sample that is kept as a fixture, by the name of its files.
pub(super) fn all() -> Vec<(&'static str, Report)> {
    vec![
        ("ready", ready()),
        ("blocked", blocked()),
        ("hostile", hostile()),
        ("three-pools", three_pools()),
        ("fleet", fleet(25)),
        ("empty", empty()),
    ]
}

/// Nothing in scope.
pub(super) fn empty() -> Report {
    let mut report = base();
    report.summary.answer = vec!["No user pool is in scope, so nothing was judged.".to_owned()];
    report.summary.exit = Exit { code: 3, because: vec!["nothing in scope".to_owned()] };
    report.snapshot.evidence_from = None;
    report.snapshot.evidence_to = None;
    report
}

/// One pool that may be replicated.
pub(super) fn ready() -> Report {
    let mut report = base();
    let pool = pool("us-east-1_Rd4yP00l1", "customers-prod");
    for (rule, message) in [
        ("primary-region-supports-mrr", "us-east-1 supports multi-Region replication"),
        ("feature-plan-allows-mrr", "the feature plan is ESSENTIALS"),
        ("key-multi-region", "the key is a multi-Region key"),
        ("related-key-exists", "the key has a replica in us-west-2"),
    ] {
        report.findings.push(finding(rule, &pool, Verdict::Pass, Level::Blocker, &[Gate::Replicate], message));
    }
    let mut attested = finding(
        "pool-eligible",
        &pool,
        Verdict::Pass,
        Level::Blocker,
        &[Gate::Replicate],
        "the pool runs on infrastructure that supports replication",
    );
    attested.waiver =
        Some(AppliedWaiver { by: Some("Ines".to_owned()), ..waiver("attest", "the console offers Create replica") });
    report.findings.push(attested);
    let issuer = [Gate::Issuer];
    report.findings.push(finding(
        "authorizers-accept-updated-issuer",
        &pool,
        Verdict::Pass,
        Level::Blocker,
        &issuer,
        "no API Gateway authorizer in us-east-1, us-west-2 names this pool",
    ));
    report.findings.push(finding(
        "overlap-window",
        &pool,
        Verdict::Info,
        Level::Info,
        &issuer,
        "tokens issued before the switch stay valid for up to 60 minutes",
    ));
    report.summary.pools.push(pool);
    report.waivers.push(WaiverState {
        place: "decisions.yaml:3".to_owned(),
        kind: "attest".to_owned(),
        rule: "pool-eligible".to_owned(),
        subject: "*/us-east-1/pool/us-east-1_Rd4yP00l1".to_owned(),
        owner: "team-identity".to_owned(),
        expires: "2027-01-31".to_owned(),
        state: "applied".to_owned(),
        detail: "answers 1 finding".to_owned(),
    });
    report.summary.answer = vec![
        "customers-prod may switch its issuer and may be replicated: every blocker of issuer and replicate is decided and none is false.".to_owned(),
        "The evidence is 24 hours old. Next: mrready plan.".to_owned(),
    ];
    report.coverage = Coverage { asked: 41, answered: 41, ..Coverage::default() };
    finish(report, Position::Next, 0)
}

/// One pool with everything that can stand in the way.
#[expect(clippy::too_many_lines, reason = "one finding after the other, as in the report")]
pub(super) fn blocked() -> Report {
    let mut report = base();
    let pool = pool("us-east-1_Bl0ck3dP1", "customers-prod");
    let replicate = [Gate::Replicate];
    let issuer = [Gate::Issuer];
    let findings = &mut report.findings;

    let mut plan = finding(
        "feature-plan-allows-mrr",
        &pool,
        Verdict::Fail,
        Level::Blocker,
        &replicate,
        "the pool is on the LITE plan; replication needs ESSENTIALS or PLUS",
    );
    plan.evidence = vec![call(
        "pool.tier",
        Some("LITE"),
        "ESSENTIALS or PLUS",
        "cognito-idp:DescribeUserPool",
        "/UserPool/UserPoolTier",
    )];
    plan.remediation = remedy("choose-plan", "Move the pool to the Essentials or Plus plan.", Resolve::Before);
    findings.push(plan);

    for (api, name, route) in [("a1b2c3d4e5", "orders-jwt", "orders"), ("f6g7h8i9j0", "billing-jwt", "billing")] {
        let mut each = finding(
            "http-authorizer-has-updated-twin",
            &pool,
            Verdict::Fail,
            Level::Blocker,
            &issuer,
            &format!("authorizer {name} of API {api} accepts the original issuer only, and live routes use it"),
        );
        each.subject = child(
            &pool,
            SubjectKind::Authorizer,
            &format!("apigatewayv2/us-east-1/{api}/{route}#{}", pool.id),
            Some(name),
        );
        each.evidence = vec![Evidence {
            sources: vec![
                source("apigatewayv2:GetAuthorizers", "/Items/0/JwtConfiguration/Issuer"),
                source("apigatewayv2:GetRoutes", "/Items/4/AuthorizerId"),
            ],
            ..call("authorizer.routes_on_old_issuer", Some("3"), "0", "", "")
        }];
        each.remediation = remedy(
            "twin-authorizer",
            "Add a second authorizer with the updated issuer and move the routes to it.",
            Resolve::AtSwitch,
        );
        findings.push(each);
    }
    let mut template = finding(
        "template-issuer-is-parameter",
        &pool,
        Verdict::Fail,
        Level::Blocker,
        &issuer,
        "stack auth-prod writes the original issuer into its template",
    );
    template.subject = child(
        &pool,
        SubjectKind::Template,
        "cloudformation/us-east-1/auth-prod#Resources.Authorizer.Properties.JwtConfiguration.Issuer",
        None,
    );
    template.evidence = vec![Evidence {
        sources: vec![Source::Place {
            file: "stacks/auth-prod.yaml".to_owned(),
            line: Some(112),
            column: Some(17),
            path: "/Resources/Authorizer/Properties/JwtConfiguration/Issuer".to_owned(),
        }],
        ..call("template.issuer_class", Some("original"), "updated or a parameter", "", "")
    }];
    template.remediation = remedy(
        "parameterise-issuer",
        "Make the issuer a parameter and deploy it with the updated one.",
        Resolve::AtSwitch,
    );
    findings.push(template);

    let denied = Cause::Denied {
        call: "kms:DescribeKey".to_owned(),
        region: "us-east-1".to_owned(),
        actions: vec!["kms:DescribeKey".to_owned()],
        detail: Some("no identity-based policy allows it".to_owned()),
    };
    let behind = Cause::Prerequisite { call: "kms:GetKeyPolicy".to_owned(), because: Box::new(denied.clone()) };
    for (rule, field, cause) in [
        ("key-enabled", "key.state", &denied),
        ("key-multi-region", "key.multi_region", &denied),
        ("key-policy-allows-cognito", "key.policy_allows_cognito", &behind),
        ("related-key-exists", "related_key.state", &denied),
    ] {
        let mut each = finding(
            rule,
            &pool,
            Verdict::Unknown,
            Level::Blocker,
            &replicate,
            "the key of the pool could not be looked at",
        );
        each.evidence = vec![unknown(field, cause, "kms:DescribeKey", "/KeyMetadata")];
        findings.push(each);
    }
    let mut rest = finding(
        "rest-authorizers-accept-updated-issuer",
        &pool,
        Verdict::Unknown,
        Level::Blocker,
        &issuer,
        "whether a REST API in us-west-2 still verifies the original issuer is not known",
    );
    rest.evidence = vec![unknown(
        "pool.rest_authorizers",
        &Cause::Throttled { call: "apigateway:GetAuthorizers".to_owned(), region: "us-west-2".to_owned() },
        "apigateway:GetAuthorizers",
        "/Items",
    )];
    findings.push(rest);

    let mut eligible = finding(
        "pool-eligible",
        &pool,
        Verdict::Manual,
        Level::Blocker,
        &replicate,
        "no API tells whether the pool runs on infrastructure that supports replication; look whether the console offers Create replica",
    );
    eligible.remediation = remedy(
        "check-eligibility",
        "Open the pool in the console, Multi-Region; if it is not offered, ask AWS Support.",
        Resolve::Before,
    );
    findings.push(eligible);

    let mut totp = finding(
        "totp-not-the-only-factor",
        &pool,
        Verdict::Warn,
        Level::Advisory,
        &replicate,
        "TOTP is enabled; users whose only second factor is TOTP cannot sign in during a failover",
    );
    totp.evidence = vec![call(
        "pool.totp_enabled",
        Some("true"),
        "false",
        "cognito-idp:GetUserPoolMfaConfig",
        "/SoftwareTokenMfaConfiguration/Enabled",
    )];
    findings.push(totp);
    findings.push(finding(
        "deletion-protection",
        &pool,
        Verdict::Warn,
        Level::Advisory,
        &replicate,
        "deletion protection is INACTIVE",
    ));
    let mut open = finding(
        "key-not-broadly-deletable",
        &pool,
        Verdict::Unknown,
        Level::Advisory,
        &replicate,
        "who may delete the key is not known",
    );
    open.evidence = vec![unknown("key.policy_deletable_broadly", &behind, "kms:GetKeyPolicy", "/Policy")];
    findings.push(open);
    findings.push(finding(
        "overlap-window",
        &pool,
        Verdict::Info,
        Level::Info,
        &issuer,
        "tokens issued before the switch stay valid for up to 60 minutes",
    ));

    let mut waived = finding(
        "iac-knows-key-configuration",
        &pool,
        Verdict::Fail,
        Level::Blocker,
        &replicate,
        "the pool is managed by a stack whose tool resets KeyConfiguration",
    );
    waived.waiver = Some(waiver("waive", "stack is frozen until the move"));
    findings.push(waived);

    for (rule, verdict) in
        [("trigger-exists", Verdict::Fail), ("ses-identity-verified", Verdict::Unknown), ("waf-parity", Verdict::Fail)]
    {
        findings.push(finding(
            rule,
            &pool,
            verdict,
            Level::Blocker,
            &[Gate::Activate],
            "judged when the replica exists",
        ));
    }
    findings.push(finding(
        "health-check-independent",
        &pool,
        Verdict::Warn,
        Level::Advisory,
        &[Gate::Failover],
        "the health check asks the domain that fails over",
    ));
    for rule in ["primary-region-supports-mrr", "secondary-region-supports-mrr", "secondary-region-differs"] {
        findings.push(finding(rule, &pool, Verdict::Pass, Level::Blocker, &replicate, "it does"));
    }
    findings.push(finding(
        "import-job-idle",
        &pool,
        Verdict::NotApplicable,
        Level::Blocker,
        &replicate,
        "the pool has no import job",
    ));

    report.coverage = Coverage {
        asked: 41,
        answered: 39,
        denied: 1,
        throttled: 1,
        problems: vec![CallProblem {
            account: ACCOUNT.to_owned(),
            region: "us-east-1".to_owned(),
            call: "kms:DescribeKey".to_owned(),
            times: 1,
            cause: denied,
        }],
        not_asked: vec![NotAsked {
            account: "111122223333".to_owned(),
            what: "load balancers in eu-west-1".to_owned(),
            why: "no --consumer-region eu-west-1".to_owned(),
        }],
        missing_actions: BTreeMap::from([("kms:DescribeKey".to_owned(), (1..=5).map(|n| format!("f{n}")).collect())]),
        permissions: vec![MissingPermission {
            action: "kms:DescribeKey".to_owned(),
            findings: 5,
            blockers: 4,
            alone: 5,
        }],
        ..Coverage::default()
    };
    report.waivers = vec![
        state("decisions.yaml:3", "waive", "iac-knows-key-configuration", "applied", "marks 1 finding"),
        state("decisions.yaml:11", "waive", "deletion-protection", "expired", "expired on 2026-11-01"),
        state("decisions.yaml:19", "accept_unknown", "waf-parity", "unused", "no finding has this rule and subject"),
    ];
    report.run.reductions = vec![Reduction {
        option: "--level quota-parity=info".to_owned(),
        effect: "quota-parity was advisory and does not warn".to_owned(),
        touches_blocker: false,
    }];
    report.summary.pools.push(pool);
    report.summary.answer = vec![
        "customers-prod may not switch its issuer and may not be replicated yet: 4 blockers are false, 5 are not known, 1 waits for a person.".to_owned(),
        "The evidence is 24 hours old. Next: allow kms:DescribeKey and collect again; it decides 4 blockers.".to_owned(),
    ];
    finish(report, Position::Next, 1)
}

/// The blocked pool, held against the report of a week before, with a verifier that can only change at the switch.
pub(super) fn baseline() -> Report {
    let mut report = blocked();
    let week_ago = "2026-11-14T09:00:00Z";
    report.run.baseline = Some(Baseline {
        digest: format!("sha256:{}", "2".repeat(64)),
        now: week_ago.to_owned(),
        snapshot_digest: format!("sha256:{}", "3".repeat(64)),
    });
    report.run.unknown_grace = Some("72h".to_owned());
    report.run.config_digest = Some(format!("sha256:{}", "4".repeat(64)));
    report.run.waiver_digests = vec![format!("sha256:{}", "5".repeat(64))];
    for each in &mut report.findings {
        let (state, first_seen) = match each.rule.as_str() {
            "feature-plan-allows-mrr" | "trigger-exists" => (BaselineState::New, NOW),
            "key-enabled" | "deletion-protection" => (BaselineState::Changed, NOW),
            _ => (BaselineState::Known, week_ago),
        };
        (each.baseline, each.first_seen) = (Some(state), Some(first_seen.to_owned()));
        if each.rule == "key-enabled" {
            each.held = Some(Held { verdict: Verdict::Fail, decided_at: week_ago.to_owned() });
        }
        if each.rule == "iac-knows-key-configuration" {
            each.waiver = Some(AppliedWaiver {
                approved_by: Some("change-board".to_owned()),
                window: Some(Window {
                    from: "2026-12-05T20:00:00Z".to_owned(),
                    until: "2026-12-06T04:00:00Z".to_owned(),
                }),
                ..waiver("cutover", "the gateway takes one issuer only")
            });
        }
    }
    for pool in &mut report.summary.pools {
        pool.wave = Some("2".to_owned());
    }
    let pool = pool("us-east-1_Bl0ck3dP1", "customers-prod");
    let resolved = |rule: &str, now, subject: Subject, detail: &str| Resolved {
        fingerprint: format!("{rule}:{}", subject.id),
        rule: rule.to_owned(),
        title: format!("What {rule} asks for is so"),
        level: Level::Blocker,
        was: Verdict::Fail,
        now,
        subject,
        owner: pool.owner.clone(),
        first_seen: Some(week_ago.to_owned()),
        detail: detail.to_owned(),
    };
    let gone = child(&pool, SubjectKind::Authorizer, "apigatewayv2/us-east-1/z9y8x7w6v5/legacy", Some("legacy-jwt"));
    let whole = finding("x", &pool, Verdict::Pass, Level::Blocker, &[], "").subject;
    report.resolved = vec![
        resolved("http-authorizer-has-updated-twin", None, gone, "the authorizer is not there any more"),
        resolved("primary-region-supports-mrr", Some(Verdict::Pass), whole, "us-east-1 supports replication"),
    ];
    report
}

/// Names made to break terminals, tables and CI logs.
pub(super) fn hostile() -> Report {
    let mut report = base();
    let long = "an-extremely-long-user-pool-name-that-somebody-generated-from-a-branch-name-and-nobody-shortened-0123456789-0123456789-end";
    for (id, name) in [
        ("us-east-1_Aaaaaaaa1", "::error file=x,line=1::pwned"),
        ("us-east-1_Aaaaaaaa2", "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31mred"),
        ("us-east-1_Aaaaaaaa3", "safe\u{202e}drop-lop\u{2066}\u{200b}\u{feff}"),
        ("us-east-1_Aaaaaaaa4", long),
        (
            "us-east-1_Aaaaaaaa5",
            "顧客管理用ユーザープール本番環境第一系統東京リージョン大阪リージョン複製対象顧客管理用ユーザープール本番環境",
        ),
        ("us-east-1_Aaaaaaaa6", "cafe\u{301} \u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301} ne\u{301}e"),
        (
            "us-east-1_Aaaaaaaa7",
            "line\nbreak\r\n##[error]x ##vso[task.complete result=Failed]\t::add-mask::x ::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::::",
        ),
        ("us-east-1_Aaaaaaaa8", "👩‍👩‍👧‍👦 family 🏳️‍🌈 👍🏽 ❤️ 🇯🇵🇯🇵🇯🇵"),
        ("us-east-1_Aaaaaaaa9", ""),
    ] {
        let pool = pool(id, name);
        let mut fail = finding(
            "feature-plan-allows-mrr",
            &pool,
            Verdict::Fail,
            Level::Blocker,
            &[Gate::Replicate],
            &format!("{name} is on the LITE plan"),
        );
        fail.evidence =
            vec![call("pool.tier", Some(name), name, "cognito-idp:DescribeUserPool", &format!("/UserPool/{name}"))];
        fail.remediation = remedy("choose-plan", "Move the pool to the Essentials or Plus plan.", Resolve::Before);
        report.findings.push(fail);
        let mut not_known = finding("trigger-exists", &pool, Verdict::Unknown, Level::Blocker, &[Gate::Issuer], name);
        not_known.subject =
            child(&pool, SubjectKind::Authorizer, &format!("apigateway/us-east-1/{name}#{id}"), Some(name));
        not_known.evidence = vec![unknown(
            "authorizer.issuers",
            &Cause::Unrecognised { value: name.to_owned() },
            "apigateway:GetAuthorizers",
            name,
        )];
        report.findings.push(not_known);
        report.findings.push(finding(
            "deletion-protection",
            &pool,
            Verdict::Warn,
            Level::Advisory,
            &[Gate::Replicate],
            name,
        ));
        report.summary.pools.push(pool);
    }
    let mut stray = report.findings.first().cloned().into_iter().collect::<Vec<_>>();
    for each in &mut stray {
        each.subject.pool_id = None;
    }
    report.findings.extend(stray);
    let bad = "x\u{1b}[31m\n::error::y".to_owned();
    report.waivers = vec![state("decisions.yaml:3", "waive", &bad, "unused", &bad)];
    report.coverage.not_asked = vec![NotAsked { account: String::new(), what: bad.clone(), why: bad.clone() }];
    report.run.reductions = vec![Reduction { option: bad.clone(), effect: bad.clone(), touches_blocker: true }];
    report.summary.answer = vec![format!("9 pools may not be replicated, {long} among them."), bad];
    finish(report, Position::Next, 1)
}

/// Three pools at different places, one of them gone backwards.
pub(super) fn three_pools() -> Report {
    let mut report = base();
    let calm = pool("us-east-1_Calm00001", "partners");
    let fallen = pool("us-east-1_Fall00002", "customers-prod");
    let open = PoolSummary { replica_region: None, name: None, owner: None, ..pool("eu-central-1_Open00003", "") };
    report.findings = vec![
        finding("key-enabled", &calm, Verdict::Pass, Level::Blocker, &[Gate::Replicate], "both keys are enabled"),
        finding("issuer-updated", &calm, Verdict::Pass, Level::Blocker, &[Gate::Issuer], "the issuer is UPDATED"),
    ];
    let mut key = finding(
        "key-enabled",
        &fallen,
        Verdict::Fail,
        Level::Blocker,
        &[Gate::Replicate],
        "the key of the pool is PendingDeletion since 2026-11-19",
    );
    key.evidence =
        vec![call("key.state", Some("PendingDeletion"), "Enabled", "kms:DescribeKey", "/KeyMetadata/KeyState")];
    key.remediation = remedy("cancel-key-deletion", "Cancel the deletion of the key and enable it.", Resolve::Before);
    report.findings.push(key);
    report.findings.push(finding(
        "issuer-updated",
        &fallen,
        Verdict::Pass,
        Level::Blocker,
        &[Gate::Issuer],
        "the issuer is UPDATED",
    ));
    let mut region = finding(
        "secondary-region-supports-mrr",
        &open,
        Verdict::Unknown,
        Level::Blocker,
        &[Gate::Replicate, Gate::Activate],
        "which Region the replica goes to is not known",
    );
    region.evidence = vec![unknown("target.region", &Cause::NoTargetRegion, "", "")];
    report.findings.push(region);
    report.summary.pools = vec![calm, fallen, open];
    report.summary.answer = vec![
        "1 of 3 pools may go on. customers-prod has gone backwards: replicate was done and is blocked now.".to_owned(),
        "eu-central-1_Open00003 needs a replica Region.".to_owned(),
    ];
    let mut report = finish(report, Position::Next, 1);
    for pool in report.summary.pools.iter_mut().take(2) {
        for gate in [Gate::Replicate, Gate::Issuer] {
            if let Some(state) = pool.gates.get_mut(&gate) {
                state.position = Position::Done;
                state.regression = state.status == Status::Blocked;
            }
        }
    }
    report
}

/// Many pools of one company.
pub(super) fn fleet(pools: usize) -> Report {
    let mut report = base();
    for n in 0..pools {
        let pool = PoolSummary {
            owner: Some(format!("team-{}", n % 7)),
            ..pool(
                &format!("us-east-1_Fl33t{n:04}"),
                &format!("{}-{n:03}", ["customers", "partners", "staff"].get(n % 3).unwrap_or(&"")),
            )
        };
        let replicate = [Gate::Replicate];
        let plan = if n % 5 == 0 { Verdict::Fail } else { Verdict::Pass };
        let mut plan =
            finding("feature-plan-allows-mrr", &pool, plan, Level::Blocker, &replicate, "the pool is on the LITE plan");
        plan.remediation = remedy("choose-plan", "Move the pool to the Essentials or Plus plan.", Resolve::Before);
        let key = if n % 3 == 0 { Verdict::Fail } else { Verdict::Pass };
        let mut key = finding(
            "customer-managed-key-attached",
            &pool,
            key,
            Level::Blocker,
            &replicate,
            "the pool uses a key that AWS owns",
        );
        key.remediation = remedy("attach-key", "Create a multi-Region key and attach it to the pool.", Resolve::Before);
        let mut enabled = finding(
            "key-enabled",
            &pool,
            if n % 4 == 1 { Verdict::Unknown } else { Verdict::Pass },
            Level::Blocker,
            &replicate,
            "the state of the key is not known",
        );
        if enabled.verdict == Verdict::Unknown {
            let cause = Cause::Denied {
                call: "kms:DescribeKey".to_owned(),
                region: "us-east-1".to_owned(),
                actions: vec!["kms:DescribeKey".to_owned()],
                detail: None,
            };
            enabled.evidence = vec![unknown("key.state", &cause, "kms:DescribeKey", "/KeyMetadata/KeyState")];
        }
        let eligible = finding(
            "pool-eligible",
            &pool,
            if n % 2 == 0 { Verdict::Manual } else { Verdict::Pass },
            Level::Blocker,
            &replicate,
            "a person has to look",
        );
        report.findings.extend([plan, key, enabled, eligible]);
        for rule in ["deletion-protection", "totp-not-the-only-factor", "passkeys-survive"] {
            report.findings.push(finding(rule, &pool, Verdict::Warn, Level::Advisory, &replicate, "a warning"));
        }
        report.findings.push(finding("overlap-window", &pool, Verdict::Info, Level::Info, &[Gate::Issuer], "a fact"));
        report.findings.push(finding(
            "authorizers-accept-updated-issuer",
            &pool,
            Verdict::Pass,
            Level::Blocker,
            &[Gate::Issuer],
            "none",
        ));
        report.findings.push(finding("waf-parity", &pool, Verdict::Fail, Level::Blocker, &[Gate::Activate], "later"));
        report.summary.pools.push(pool);
    }
    report.coverage = Coverage { asked: pools * 8, answered: pools * 7, denied: pools, ..Coverage::default() };
    report.coverage.missing_actions.insert("kms:DescribeKey".to_owned(), vec!["f".to_owned(); pools / 4]);
    report.coverage.permissions = vec![MissingPermission {
        action: "kms:DescribeKey".to_owned(),
        findings: pools / 4,
        blockers: pools / 4,
        alone: 2,
    }];
    report.summary.answer =
        vec![format!("Every one of {pools} pools may switch its issuer; some may not be replicated yet.")];
    finish(report, Position::Next, 1)
}

/// Five hundred pools with ten findings each, of more rules and causes than a page holds.
pub(super) fn crowd() -> Report {
    let mut report = base();
    report.summary.answer = vec!["None of 500 pools may go on.".to_owned()];
    for n in 0..500 {
        let pool = pool(&format!("us-east-1_Cr0wd{n:04}"), &format!("crowd-{n}"));
        for m in 0..10 {
            let rule = format!("rule-{:02}", (n + 7 * m) % 60);
            let (verdict, level) = match m {
                0..=3 => (Verdict::Fail, Level::Blocker),
                4 | 5 => (Verdict::Unknown, Level::Blocker),
                6 => (Verdict::Manual, Level::Blocker),
                7 => (Verdict::Unknown, Level::Advisory),
                _ => (Verdict::Warn, Level::Advisory),
            };
            let mut each =
                finding(&rule, &pool, verdict, level, &[Gate::Issuer, Gate::Replicate], "a message of this pool");
            each.remediation = remedy(
                "step",
                "Do something about it that takes a whole sentence to say, and more than one line.",
                Resolve::Before,
            );
            if verdict == Verdict::Unknown {
                let cause =
                    Cause::Throttled { call: format!("service:Operation{}", n % 40), region: "us-east-1".to_owned() };
                each.evidence = vec![unknown("field", &cause, "service:Operation", "/Member")];
            }
            report.findings.push(each);
        }
        report.summary.pools.push(pool);
    }
    report.waivers =
        (0..50).map(|n| state(&format!("d.yaml:{n}"), "waive", "rule-01", "unused", "nothing like it")).collect();
    report.coverage.not_asked =
        vec![
            NotAsked { account: String::new(), what: "something".to_owned(), why: "it was not wanted".to_owned() };
            50
        ];
    finish(report, Position::Next, 1)
}

pub(super) fn base() -> Report {
    Report {
        schema_version: crate::model::report::REPORT_SCHEMA_VERSION,
        tool: Tool { name: "mrready".to_owned(), version: "0.1.0".to_owned() },
        run: Run {
            now: NOW.to_owned(),
            target_issuer: TargetIssuer::Updated,
            gates: Vec::new(),
            operator_arn: None,
            monthly_active_users: None,
            required_tags: Vec::new(),
            fail_on: "fail".to_owned(),
            strict: false,
            catalogue_digest: format!("sha256:{}", "0".repeat(64)),
            catalogue_rules: 61,
            waiver_digests: Vec::new(),
            config_digest: None,
            baseline: None,
            unknown_grace: None,
            reductions: Vec::new(),
        },
        snapshot: SnapshotSummary {
            digest: format!("sha256:{}", "1".repeat(64)),
            evidence_from: Some(FROM.to_owned()),
            evidence_to: Some("2026-11-20T08:04:51Z".to_owned()),
            accounts: vec![ACCOUNT.to_owned()],
            regions: vec!["us-east-1".to_owned(), "us-west-2".to_owned()],
            searched: vec!["apigateway us-east-1".to_owned(), "apigateway us-west-2".to_owned()],
            caller: Some(format!("arn:aws:iam::{ACCOUNT}:role/audit")),
        },
        summary: Summary {
            answer: Vec::new(),
            counts: BTreeMap::new(),
            pools: Vec::new(),
            exit: Exit { code: 0, because: Vec::new() },
        },
        rules: BTreeMap::new(),
        findings: Vec::new(),
        coverage: Coverage::default(),
        waivers: Vec::new(),
        resolved: Vec::new(),
        unseen: Vec::new(),
        merge: None,
    }
}

pub(super) fn pool(id: &str, name: &str) -> PoolSummary {
    let region = id.split('_').next().unwrap_or_default().to_owned();
    PoolSummary {
        id: id.to_owned(),
        name: Some(name.to_owned()),
        arn: format!("arn:aws:cognito-idp:{region}:{ACCOUNT}:userpool/{id}"),
        account: ACCOUNT.to_owned(),
        region,
        replica_region: Some("us-west-2".to_owned()),
        owner: Some("team-identity".to_owned()),
        wave: None,
        target_issuer: None,
        evidence_from: Some(FROM.to_owned()),
        gates: BTreeMap::new(),
    }
}

fn child(pool: &PoolSummary, kind: SubjectKind, id: &str, name: Option<&str>) -> Subject {
    Subject {
        kind,
        id: id.to_owned(),
        name: name.map(str::to_owned),
        arn: None,
        region: Some(pool.region.clone()),
        account: pool.account.clone(),
        pool_id: Some(pool.id.clone()),
    }
}

pub(super) fn finding(
    rule: &str,
    pool: &PoolSummary,
    verdict: Verdict,
    level: Level,
    gates: &[Gate],
    message: &str,
) -> Finding {
    Finding {
        fingerprint: format!("{rule}:{}", pool.id),
        rule: rule.to_owned(),
        verdict,
        level,
        gates: gates.to_vec(),
        subject: Subject {
            arn: Some(pool.arn.clone()),
            ..child(pool, SubjectKind::Pool, &pool.id, pool.name.as_deref())
        },
        owner: pool.owner.clone(),
        message: message.to_owned(),
        evidence: Vec::new(),
        remediation: None,
        waiver: None,
        first_seen: None,
        baseline: None,
        held: None,
    }
}

fn source(call: &str, pointer: &str) -> Source {
    Source::call(call, "us-east-1", pointer)
}

pub(super) fn call(field: &str, actual: Option<&str>, expected: &str, call: &str, pointer: &str) -> Evidence {
    Evidence {
        field: field.to_owned(),
        sources: if call.is_empty() { Vec::new() } else { vec![source(call, pointer)] },
        actual: actual.map(str::to_owned),
        expected: Some(expected.to_owned()),
        absent: actual.is_none(),
        cause: None,
        cause_text: None,
        missing_actions: Vec::new(),
        derivation: Vec::new(),
    }
}

pub(super) fn unknown(field: &str, cause: &Cause, asked: &str, pointer: &str) -> Evidence {
    Evidence {
        expected: None,
        absent: false,
        cause: Some(cause.clone()),
        cause_text: Some(cause.to_string()),
        missing_actions: cause.missing_actions().to_vec(),
        ..call(field, None, "", asked, pointer)
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it is the value of an optional member")]
pub(super) fn remedy(step: &str, summary: &str, when: Resolve) -> Option<Remediation> {
    Some(Remediation { steps: vec![step.to_owned()], summary: summary.to_owned(), when })
}

pub(super) fn waiver(kind: &str, reason: &str) -> AppliedWaiver {
    AppliedWaiver {
        kind: kind.to_owned(),
        reason: reason.to_owned(),
        owner: "team-identity".to_owned(),
        expires: "2026-12-31".to_owned(),
        ticket: Some("OPS-17".to_owned()),
        approved_by: None,
        window: None,
        by: None,
        on: None,
        evidence: None,
    }
}

fn state(place: &str, kind: &str, rule: &str, state: &str, detail: &str) -> WaiverState {
    WaiverState {
        place: place.to_owned(),
        kind: kind.to_owned(),
        rule: rule.to_owned(),
        subject: format!("{ACCOUNT}/us-east-1/pool/*"),
        owner: "team-identity".to_owned(),
        expires: "2027-01-31".to_owned(),
        state: state.to_owned(),
        detail: detail.to_owned(),
    }
}

/// Fills in rules, counts and gates from the findings.
pub(super) fn finish(mut report: Report, position: Position, exit: u8) -> Report {
    for finding in &report.findings {
        *report.summary.counts.entry(finding.verdict).or_default() += 1;
        let not_applicable = usize::from(finding.verdict == Verdict::NotApplicable);
        let rule = report.rules.entry(finding.rule.clone()).or_insert_with(|| RuleSummary {
            title: format!("What {} asks for is so", finding.rule),
            short: None,
            level: finding.level,
            decided_by: if finding.verdict == Verdict::Manual { DecidedBy::Person } else { DecidedBy::Evidence },
            gates: finding.gates.clone(),
            subject: finding.subject.kind,
            tags: Vec::new(),
            waivable: true,
            why: "Two or three sentences that a tired engineer can act on.\nThey may have a line break.\n".to_owned(),
            references: vec![Reference {
                url: "https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-multi-region.html".to_owned(),
                read: "2026-11-21".to_owned(),
                grade: "DOC".to_owned(),
            }],
            not_applicable: 0,
        });
        rule.not_applicable += not_applicable;
    }
    let mut by_pool: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in &report.findings {
        by_pool.entry(finding.subject.pool_id.as_deref().unwrap_or_default()).or_default().push(finding);
    }
    for pool in &mut report.summary.pools {
        let own = by_pool.remove(pool.id.as_str()).unwrap_or_default();
        for gate in Gate::ALL {
            let of_gate = || own.iter().filter(|each| each.gates.contains(gate));
            let stops = |verdicts: &[Verdict]| -> Vec<String> {
                of_gate()
                    .filter(|each| each.level == Level::Blocker && verdicts.contains(&each.verdict))
                    .filter(|each| each.waiver.is_none())
                    .map(|each| format!("{} {}", each.rule, each.subject.id))
                    .collect()
            };
            let mut counts = BTreeMap::new();
            for each in of_gate() {
                *counts.entry(each.verdict).or_default() += 1;
            }
            let is_counted = matches!(gate, Gate::Issuer | Gate::Replicate);
            let (blocked_by, undetermined_by) = (stops(&[Verdict::Fail]), stops(&[Verdict::Unknown, Verdict::Manual]));
            let status = if !blocked_by.is_empty() {
                Status::Blocked
            } else if !undetermined_by.is_empty() || !is_counted || !counts.contains_key(&Verdict::Pass) {
                Status::Undetermined
            } else {
                Status::Ready
            };
            let state = GateSummary {
                position: if is_counted { position } else { Position::Later },
                status,
                counted: is_counted,
                regression: false,
                counts,
                blocked_by,
                undetermined_by,
            };
            pool.gates.insert(*gate, state);
        }
    }
    report.summary.exit.code = exit;
    report
}
