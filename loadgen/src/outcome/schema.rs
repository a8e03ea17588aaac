//! What a result may contain: the schema that is published with the program, and what can be asked of it.

use serde_json::Value;

/// JSON Schema of the result, one alternative for each mode.
pub const SCHEMA: &str = include_str!("../../schema.json");

/// Whether results of a mode may have a number there; the path is of the names and places on the way, as in a JSON
/// pointer.
pub fn has_figure(mode: &str, path: &str) -> bool {
    let schema = schema();
    let root = &schema["$defs"][mode];
    let mut steps = path.split('/').skip(1);
    let node = steps.try_fold(root, |node, step| below(&schema, node, step));
    node.is_some_and(|node| is_number(&schema, node))
}

/// The names of numbers, and of what has some below it, in the place nearest to a path where there are any; and that
/// place.
pub fn names_near(mode: &str, path: &str) -> (String, Vec<String>) {
    let schema = schema();
    let mut node = &schema["$defs"][mode];
    let mut place = String::new();
    let mut near = (place.clone(), names(&schema, node));
    for step in path.split('/').skip(1) {
        let Some(next) = below(&schema, node, step) else {
            break;
        };
        node = next;
        place = format!("{place}/{step}");
        let names = names(&schema, node);
        if !names.is_empty() {
            near = (place.clone(), names);
        }
    }
    near
}

fn schema() -> Value {
    serde_json::from_str(SCHEMA).expect("the schema is JSON")
}

/// A node with all that it is put together of.
fn parts<'s>(schema: &'s Value, node: &'s Value) -> Vec<&'s Value> {
    let referred = node["$ref"]
        .as_str()
        .and_then(|path| schema.pointer(path.strip_prefix('#')?));
    let more = node["allOf"].as_array().into_iter().flatten();
    let more = more.chain(referred).flat_map(|part| parts(schema, part));
    std::iter::once(node).chain(more).collect()
}

/// What is one step below a node.
fn below<'s>(schema: &'s Value, node: &'s Value, step: &str) -> Option<&'s Value> {
    let parts = parts(schema, node);
    let named = parts.iter().find_map(|part| part["properties"].get(step));
    named.or_else(|| {
        parts.iter().find_map(|part| {
            let any = part
                .get("additionalProperties")
                .filter(|any| any.is_object());
            any.or_else(|| part.get("items").filter(|_| step.parse::<usize>().is_ok()))
        })
    })
}

fn is_number(schema: &Value, node: &Value) -> bool {
    let is_one = |part: &&Value| part["type"] == "number" || part["type"] == "integer";
    parts(schema, node).iter().any(is_one)
}

fn names(schema: &Value, node: &Value) -> Vec<String> {
    let parts = parts(schema, node);
    let properties = parts
        .iter()
        .filter_map(|part| part["properties"].as_object());
    let leading = |(name, node): (&String, &Value)| {
        let leads = is_number(schema, node) || leads_on(schema, node);
        leads.then(|| name.clone())
    };
    let mut names: Vec<String> = properties.flatten().filter_map(leading).collect();
    names.sort_unstable();
    names
}

/// Whether there is something below a node.
fn leads_on(schema: &Value, node: &Value) -> bool {
    let words = ["properties", "additionalProperties", "items"];
    parts(schema, node).iter().any(|part| {
        let leads = words.iter().filter_map(|word| part.get(word));
        leads.into_iter().any(Value::is_object)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_found_wherever_they_stand() {
        for (mode, path) in [
            ("fanout", "/latency_us/p99"),
            ("fanout", "/latency_us/p95"),
            ("saturate", "/server/cpu_us_per_delivery"),
            ("fanout", "/messages/disconnects_by/4001"),
            ("fanout", "/fairness/mean_by_position_us/0"),
            ("search", "/best/last_receiver_us/max"),
            ("search", "/steps/2/rate"),
            ("search", "/steps/2/clients"),
            ("idle", "/pings_answered"),
            ("connect", "/connect/latency_us/p50"),
            ("compare", "/ratios/p99/median"),
            ("compare", "/more/0/ratios/p99/median"),
        ] {
            assert!(has_figure(mode, path), "{mode} {path}");
        }
    }

    #[test]
    fn what_is_no_figure_of_a_mode_is_not_found() {
        for (mode, path) in [
            ("fanout", "/no/such/figure"),
            ("fanout", "/latency_us"),
            ("fanout", "/latency_us/p42"),
            ("fanout", "/mode"),
            ("fanout", "/valid"),
            ("fanout", "/messages/lost/more"),
            ("fanout", "/fairness/mean_by_position_us/first"),
            ("connect", "/latency_us/p99"),
            ("idle", "/messages/lost"),
            ("compare", "/ratios/p42/median"),
        ] {
            assert!(!has_figure(mode, path), "{mode} {path}");
        }
    }
}
