//! JSON Schemas of the files people write, for their editors. The loader is stricter: it also sees types and places.

use serde_json::{Value, json};

use crate::model::plan::{Direction, Phase, Risk, Who};
use crate::model::{DecidedBy, FieldSpec, FieldType, Fields, Gate, Level, Resolve, SubjectKind, TargetIssuer, Verdict};

use super::condition::{FORMS, OPERATORS, applicable};
use super::inline::CAUSES;
use super::load::{GRADES, MAX_SHORT, STATUSES};
use super::step::STEP_KEYS;

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The JSON Schema of a rule file, with the fields that exist.
pub fn rule_schema(fields: &dyn Fields) -> Value {
    let specs = fields.all();
    let text = json!({ "type": "string", "minLength": 1 });
    let words = |doc: &str, all: Vec<&str>| json!({ "description": doc, "enum": all });
    json!({
        "$schema": DIALECT,
        "$id": "urn:mrready:schema:rule:1",
        "title": "mrready rule",
        "type": "object",
        "additionalProperties": false,
        "required": ["id", "title", "since", "level", "gates", "subject", "why"],
        "properties": {
            "id": { "description": "The file's name without .yaml.", "type": "string", "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*$" },
            "title": { "description": "What is required, in one line.", "type": "string", "minLength": 1 },
            "short": { "description": "A few words, for a line that several rules share.", "type": "string", "minLength": 1, "maxLength": MAX_SHORT },
            "since": { "description": "The first version that had it.", "type": "string", "pattern": r"^\d+\.\d+\.\d+$" },
            "status": words("How settled it is; stable if not said.", STATUSES.to_vec()),
            "tags": { "type": "array", "uniqueItems": true, "items": { "type": "string", "pattern": "^[A-Za-z0-9._-]+$" } },
            "level": words("How much it weighs.", Level::ALL.iter().map(|it| it.as_str()).collect()),
            "decided_by": words("Who can tell; evidence if not said.", DecidedBy::ALL.iter().map(|it| it.as_str()).collect()),
            "waivable": words("Only for what AWS itself refuses.", vec!["never"]),
            "gates": { "type": "array", "uniqueItems": true, "items": { "enum": Gate::ALL } },
            "subject": words("What it judges.", SubjectKind::ALL.iter().map(|it| it.as_str()).collect()),
            "applies_when": { "description": "Whether it concerns a subject.", "$ref": "#/$defs/condition" },
            "check": { "description": "What has to hold.", "$ref": "#/$defs/condition" },
            "say": {
                "description": "The sentence by verdict; {field} is the field's value.",
                "type": "object",
                "propertyNames": { "enum": Verdict::ALL },
                "additionalProperties": text,
            },
            "why": { "description": "Two or three sentences.", "type": "string", "minLength": 1 },
            "resolve": words("When the remedy is applied.", Resolve::ALL.iter().map(|it| it.as_str()).collect()),
            "remedy": { "description": "Ids of steps.", "type": "array", "uniqueItems": true, "items": text },
            "references": { "type": "array", "items": reference() },
            "tests": { "type": "array", "items": test() },
        },
        "$defs": {
            "condition": condition(&specs, false),
            "item_condition": condition(&specs, true),
        },
    })
}

/// The JSON Schema of a step file, with the fields that exist.
pub fn step_schema(fields: &dyn Fields) -> Value {
    let specs = fields.all();
    let text = || json!({ "type": "string", "minLength": 1 });
    let said = |doc: &str| json!({ "description": doc, "type": "string", "minLength": 1 });
    let words = |doc: &str, all: Vec<&str>| json!({ "description": doc, "enum": all });
    let condition_of = |doc: &str| json!({ "description": doc, "$ref": "#/$defs/condition" });
    let variables = |doc: &str| {
        json!({
            "description": doc,
            "type": "object",
            "propertyNames": { "pattern": "^[A-Z][A-Z0-9_]*$" },
            "additionalProperties": text(),
        })
    };
    let mut properties = json!({
        "id": { "description": "The file's name without .yaml.", "type": "string", "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*$" },
        "title": said("What is done, in one line."),
        "summary": said("Why and how, a few sentences."),
        "command": said("The command, as text for a person; placeholders in angle brackets."),
        "phase": words("What it belongs to; prepare if not said.", Phase::ALL.iter().map(|it| it.as_str()).collect()),
        "who": words("Who has to act; operator if not said.", Who::ALL.iter().map(|it| it.as_str()).collect()),
        "subject": words("What it is done to; pool if not said.", SubjectKind::ALL.iter().map(|it| it.as_str()).collect()),
        "direction": {
            "description": "The plans it may be part of; forward if not said.",
            "type": "array", "uniqueItems": true, "minItems": 1,
            "items": { "enum": Direction::ALL },
        },
        "backbone": { "description": "In the plan even if no finding asks for it.", "type": "boolean" },
        "needs": { "description": "Steps that come before it if they are in the plan.", "type": "array", "uniqueItems": true, "items": text() },
        "applies_when": condition_of("Whether it concerns the subject."),
        "requires": condition_of("What has to hold when it begins."),
        "done_when": condition_of("What shows that it is done."),
        "effects": { "description": "Fields as they are once it is done.", "type": "object" },
        "gone": { "description": "Its subject is gone once it is done.", "type": "boolean" },
        "cannot_fix": said("Why it does not make the finding go away."),
        "risk": words("What can go wrong; low if not said.", Risk::ALL.iter().map(|it| it.as_str()).collect()),
        "impact": said("What users notice."),
        "point_of_no_return": said("Why there is no way back from here."),
        "duration": { "description": "How long it usually takes, such as 30m or 2h.", "type": "string", "pattern": "^[0-9]+[mh]$" },
        "lead_time": { "description": "How long others need to act, such as 14d or 2w.", "type": "string", "pattern": "^[0-9]+[dw]$" },
        "abort_if": { "description": "When to stop.", "type": "array", "items": text() },
        "verify": said("What shows that it worked, for a person."),
        "roll_back": said("The way back, for a person."),
        "manual": said("What a person does by hand."),
        "values": variables("Shell variable: text with {field} or {subject.N}."),
        "inputs": variables("Shell variable that only a person can fill: what it is."),
        "sh": {
            "description": "Shell text; values come in as variables.",
            "type": "object",
            "additionalProperties": false,
            "required": ["run"],
            "properties": { "require": text(), "run": text(), "check": text(), "undo": text() },
        },
        "cloudformation": said("A template for new resources, YAML; ${VARIABLE} is filled in."),
        "terraform": said("HCL for new resources; ${VARIABLE} is filled in, $${x} is not."),
        "references": { "type": "array", "items": reference() },
    });
    if let Some(properties) = properties.as_object_mut() {
        properties.retain(|key, _| STEP_KEYS.contains(&key.as_str()));
    }
    json!({
        "$schema": DIALECT,
        "$id": "urn:mrready:schema:step:1",
        "title": "mrready step",
        "type": "object",
        "additionalProperties": false,
        "required": ["id", "title", "summary"],
        "properties": properties,
        "$defs": {
            "condition": condition(&specs, false),
            "item_condition": condition(&specs, true),
        },
    })
}

fn reference() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["url", "read", "grade"],
        "properties": {
            "url": { "type": "string", "pattern": r"^https://\S+$" },
            "read": { "description": "The day on which it was read.", "type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$" },
            "grade": { "enum": GRADES },
        },
    })
}

fn test() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["expect"],
        "properties": {
            "given": {
                "description": "Fields and values; a field not given is unknown. {$absent: true}, {$unknown: {denied: …}}, {$partial: […], $unknown: …}.",
                "type": "object",
                "$comment": format!("causes: {}", CAUSES.join(", ")),
            },
            "pool": { "description": "The fields below `pool`.", "type": "object" },
            "options": {
                "type": "object",
                "additionalProperties": false,
                "properties": { "target_issuer": { "enum": TargetIssuer::ALL }, "target_region": { "type": "string" } },
            },
            "now": { "description": "The clock: RFC 3339 or a date.", "type": "string" },
            "expect": { "enum": Verdict::ALL },
        },
    })
}

/// A condition; `item`: below `for_each`, where names that are no fields may be the item.
fn condition(specs: &[FieldSpec], item: bool) -> Value {
    let this = if item { "#/$defs/item_condition" } else { "#/$defs/condition" };
    let names: Vec<&str> = specs.iter().map(|spec| spec.name).collect();
    let mut field = json!({ "enum": names });
    if item {
        let mut roots: Vec<&str> = names.iter().filter_map(|name| name.split('.').next()).collect();
        roots.dedup();
        let pattern = format!(r"^(?!({})(\.|$))[a-z][a-z0-9_]*(\.[a-z0-9_]+)?$", roots.join("|"));
        field = json!({ "anyOf": [field, { "type": "string", "pattern": pattern }] });
    }
    let scalar = json!({ "type": ["string", "integer", "boolean"] });
    let several = json!({ "type": "array", "minItems": 1, "items": scalar });
    let ordered = json!({ "type": ["string", "integer"] });
    let inner = json!({ "$ref": this });
    let list = json!({ "type": "array", "minItems": 1, "items": inner });
    let for_each = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["in", "as"],
        "oneOf": [{ "required": ["all"] }, { "required": ["any"] }],
        "properties": {
            "in": field,
            "as": { "type": "string", "pattern": "^[a-z][a-z0-9_]*$" },
            "all": { "$ref": "#/$defs/item_condition" },
            "any": { "$ref": "#/$defs/item_condition" },
        },
    });
    let aws = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["call", "region", "pointer"],
        "properties": {
            "call": { "type": "string", "pattern": "^[a-z0-9-]+:[A-Z][A-Za-z0-9]*$" },
            "region": { "enum": ["primary", "secondary"] },
            "pointer": { "type": "string", "pattern": "^/" },
        },
    });
    json!({
        "type": "object",
        "additionalProperties": false,
        "oneOf": FORMS.iter().map(|form| json!({ "required": [form] })).collect::<Vec<_>>(),
        "properties": {
            "field": field, "aws": aws, "all": list, "any": list, "not": inner, "for_each": for_each,
            "equals": scalar, "in": several, "not_in": several,
            "matches": { "type": "string", "format": "regex", "minLength": 1 },
            "contains": scalar,
            "gt": ordered, "gte": ordered, "lt": ordered, "lte": ordered,
            "within_days": { "type": "integer", "minimum": 0, "maximum": 36_500 },
            "present": { "type": "boolean" },
            "when_absent": { "type": "boolean" },
        },
        "allOf": specs.iter().map(per_field).collect::<Vec<_>>(),
    })
}

/// What fits one field: its operators, its vocabulary.
fn per_field(spec: &FieldSpec) -> Value {
    let fit = applicable(spec.ty);
    let one = match spec.ty {
        FieldType::Bool => json!({ "type": "boolean" }),
        FieldType::Int => json!({ "type": "integer" }),
        FieldType::Word(words) => json!({ "enum": words }),
        FieldType::Text | FieldType::Time | FieldType::List(_) | FieldType::Record(_) => json!({ "type": "string" }),
    };
    let mut properties = serde_json::Map::new();
    for operator in OPERATORS {
        let value = match *operator {
            operator if !fit.contains(&operator) => Value::Bool(false),
            "equals" | "gt" | "gte" | "lt" | "lte" => one.clone(),
            "in" | "not_in" => json!({ "items": one }),
            _ => continue,
        };
        properties.insert((*operator).to_owned(), value);
    }
    json!({
        "if": { "properties": { "field": { "const": spec.name } }, "required": ["field"] },
        "then": { "description": spec.doc, "properties": properties },
    })
}

/// The JSON Schema of a decisions file.
pub fn decisions_schema() -> Value {
    let text = json!({ "type": "string", "minLength": 1, "not": { "const": super::decisions::PLACEHOLDER } });
    let moment =
        json!({ "description": "YYYY-MM-DD or RFC 3339.", "type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}" });
    let value = json!({ "type": ["string", "integer", "number", "boolean"] });
    let only = |kind: &str, keys: &[&str]| {
        let none: serde_json::Map<String, Value> =
            keys.iter().map(|key| ((*key).to_owned(), Value::Bool(false))).collect();
        json!({
            "if": { "properties": { "kind": { "const": kind } }, "required": ["kind"] },
            "then": { "required": keys },
            "else": { "properties": none },
        })
    };
    json!({
        "$schema": DIALECT,
        "$id": "urn:mrready:schema:waivers:1",
        "title": "mrready decisions",
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": false,
            "required": ["kind", "rule", "subject", "reason", "owner", "expires"],
            "properties": {
                "kind": { "enum": super::decisions::KINDS },
                "rule": { "description": "Its id, or a tag that only it has.", "type": "string", "minLength": 1 },
                "subject": { "description": "account/region/kind/id; * does not cross /, ** does.", "type": "string", "minLength": 1 },
                "reason": text, "owner": text, "expires": moment, "ticket": value, "approved_by": text,
                "observed": value, "answer": { "enum": ["yes", "no"] }, "evidence": text, "by": text, "on": moment,
                "window": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["from", "until"],
                    "properties": { "from": moment, "until": moment },
                },
            },
            "allOf": [only("attest", &["answer", "evidence", "by", "on"]), only("cutover", &["window"])],
        },
    })
}

/// The JSON Schema of a configuration file.
pub fn config_schema() -> Value {
    let text = json!({ "type": "string", "minLength": 1 });
    let region = json!({ "type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)+$" });
    let gates = json!({ "type": "array", "minItems": 1, "uniqueItems": true, "items": { "enum": Gate::ALL } });
    json!({
        "$schema": DIALECT,
        "$id": "urn:mrready:schema:config:1",
        "title": "mrready configuration",
        "type": ["object", "null"],
        "additionalProperties": false,
        "properties": {
            "pools": {
                "description": "Of each key, the first entry that means a pool and has it counts.",
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["match"],
                    "properties": {
                        "match": {
                            "description": "With /: over account/region/id and account/region/name; without: over id and name. * does not cross /, ** does.",
                            "type": "string", "minLength": 1,
                        },
                        "replica_region": region,
                        "target_issuer": { "enum": TargetIssuer::ALL },
                        "owner": text,
                        "wave": { "type": ["string", "integer"] },
                        "scope": {
                            "description": "none: not judged; a list of gates: these count.",
                            "anyOf": [{ "enum": super::config::SCOPES }, gates],
                        },
                    },
                },
            },
            "search": {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "accounts": {
                        "description": "Of several accounts in one run only these are looked at: ids, * and ? match.",
                        "type": "array", "items": { "anyOf": [
                            { "type": "string", "pattern": "^([0-9]{12}|[0-9*?]{0,23}[*?][0-9*?]{0,23})$" },
                            { "type": "integer", "minimum": 0, "maximum": 999_999_999_999_u64 },
                        ] },
                    },
                    "regions": {
                        "description": "Searched for consumers of tokens, too; or `all`.",
                        "type": "array", "items": { "anyOf": [{ "const": "all" }, region] },
                    },
                    "trees": {
                        "description": "Source trees, relative to the file.",
                        "type": "array", "items": text,
                    },
                },
            },
            "gate": {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "fail_on": { "enum": super::config::FAIL_ON },
                    "max_snapshot_age": { "type": "string", "pattern": "^[0-9]+[mhd]$" },
                    "waiver_max_days": { "type": "integer", "minimum": 1 },
                    "strict": { "type": "boolean" },
                },
            },
        },
    })
}
