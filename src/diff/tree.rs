//! Two JSON values, member by member. The order of a list means nothing: AWS gives none.

use std::collections::BTreeMap;

use serde_json::Value;

/// What names an item of a list, the first of these that every item has and no two share.
const NAMES: &[&str] = &[
    "Id",
    "id",
    "Arn",
    "ApiId",
    "AuthorizerId",
    "RouteId",
    "ClientId",
    "RegionName",
    "ProviderName",
    "StackId",
    "FunctionArn",
    "Identifier",
    "LogicalResourceId",
    "AlarmArn",
    "AlarmName",
    "Key",
    "OutputKey",
    "Sid",
    "Name",
    "name",
];

/// One member with another value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    /// JSON pointer; of what is gone into the older value, else into the newer.
    pub(super) pointer: String,
    /// What names the items of lists on the way.
    pub(super) items: Vec<String>,
    /// JSON text.
    pub(super) old: Option<String>,
    pub(super) new: Option<String>,
}

/// Every member that differs.
pub(super) fn compare(old: &Value, new: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    walk(Some(old), Some(new), &mut Place::default(), &mut changes);
    changes
}

#[derive(Debug, Clone, Default)]
struct Place {
    pointer: String,
    items: Vec<String>,
}

impl Place {
    fn below(&self, name: &str, item: Option<&str>) -> Self {
        let name = name.replace('~', "~0").replace('/', "~1");
        let items = self.items.iter().cloned().chain(item.map(str::to_owned)).collect();
        Self { pointer: format!("{}/{name}", self.pointer), items }
    }
}

fn walk(old: Option<&Value>, new: Option<&Value>, place: &mut Place, changes: &mut Vec<Change>) {
    match (old, new) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            for name in old.keys().chain(new.keys().filter(|name| !old.contains_key(*name))) {
                walk(old.get(name), new.get(name), &mut place.below(name, None), changes);
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => lists(old, new, place, changes),
        (old, new) if old == new => {}
        (old, new) => changes.push(Change {
            pointer: place.pointer.clone(),
            items: place.items.clone(),
            old: old.map(Value::to_string),
            new: new.map(Value::to_string),
        }),
    }
}

fn lists(old: &[Value], new: &[Value], place: &Place, changes: &mut Vec<Change>) {
    let name = NAMES.iter().copied().find(|name| names(old, name).is_some() && names(new, name).is_some());
    if let Some((was, is)) = name.and_then(|name| Some((names(old, name)?, names(new, name)?))) {
        for (item, at) in &was {
            if !is.contains_key(item) {
                walk(old.get(*at), None, &mut place.below(&at.to_string(), Some(item)), changes);
            }
        }
        for (item, at) in &is {
            let before = was.get(item).and_then(|at| old.get(*at));
            walk(before, new.get(*at), &mut place.below(&at.to_string(), Some(item)), changes);
        }
        return;
    }
    // Items without names: what is in one list more often than in the other.
    let mut left: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, item) in old.iter().enumerate() {
        left.entry(item.to_string()).or_default().push(at);
    }
    let mut came = Vec::new();
    for (at, item) in new.iter().enumerate() {
        if left.get_mut(&item.to_string()).and_then(Vec::pop).is_none() {
            came.push(at);
        }
    }
    let mut gone: Vec<usize> = left.into_values().flatten().collect();
    gone.sort_unstable();
    for at in gone {
        walk(old.get(at), None, &mut place.below(&at.to_string(), None), changes);
    }
    for at in came {
        walk(None, new.get(at), &mut place.below(&at.to_string(), None), changes);
    }
}

/// The items by this name, if every one has it and no two share it.
fn names<'v>(list: &'v [Value], name: &str) -> Option<BTreeMap<&'v str, usize>> {
    let mut names = BTreeMap::new();
    for (at, item) in list.iter().enumerate() {
        if names.insert(item.get(name)?.as_str()?, at).is_some() {
            return None;
        }
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "so the cases below read as values")]
    fn told(old: Value, new: Value) -> Vec<String> {
        let show = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        compare(&old, &new)
            .iter()
            .map(|it| format!("{} [{}] {} > {}", it.pointer, it.items.join(","), show(&it.old), show(&it.new)))
            .collect()
    }

    #[test]
    fn members_are_compared_by_name_and_items_by_what_names_them() {
        assert_eq!(
            told(json!({"a": 1, "b": {"c/d~": 2}}), json!({"b": {"c/d~": 3}, "e": null})),
            ["/a [] 1 > -", "/b/c~1d~0 [] 2 > 3", "/e [] - > null",]
        );
        let old = json!([{"Id": "x", "v": 1}, {"Id": "y", "v": 1}]);
        assert!(told(old.clone(), json!([{"Id": "y", "v": 1}, {"Id": "x", "v": 1}])).is_empty(), "order means nothing");
        assert_eq!(
            told(old, json!([{"Id": "z", "v": 1}, {"Id": "y", "v": 2}])),
            ["/0 [x] {\"Id\":\"x\",\"v\":1} > -", "/1/v [y] 1 > 2", "/0 [z] - > {\"Id\":\"z\",\"v\":1}",]
        );
    }

    #[test]
    fn items_without_names_are_counted() {
        assert!(told(json!(["b", "a", "a"]), json!(["a", "b", "a"])).is_empty());
        assert_eq!(told(json!(["a", "a"]), json!(["b", "a"])), ["/0 [] \"a\" > -", "/0 [] - > \"b\""]);
        // Two items of one name are not told apart by it.
        assert_eq!(
            told(json!([{"Id": "x", "v": 1}, {"Id": "x", "v": 2}]), json!([{"Id": "x", "v": 2}])),
            ["/0 [] {\"Id\":\"x\",\"v\":1} > -"]
        );
        assert_eq!(told(json!([]), json!({})), [" [] [] > {}"]);
    }
}
