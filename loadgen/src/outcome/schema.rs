//! What a result may contain: the schema that is published with the program, and what can be asked of it.

use serde_json::Value;

/// JSON Schema of the result, one alternative for each mode.
pub const SCHEMA: &str = include_str!("../../schema.json");

/// Whether results of a mode may have a number there; the path is of the names and places on the way, as in a JSON
/// pointer.
pub fn has_figure(mode: &str, path: &str) -> bool {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let steps: Vec<&str> = path.split('/').skip(1).collect();
    leads_to_a_number(&schema, &schema["$defs"][mode], &steps)
}

fn leads_to_a_number(schema: &Value, node: &Value, steps: &[&str]) -> bool {
    let referred = node["$ref"]
        .as_str()
        .and_then(|path| schema.pointer(path.strip_prefix('#')?));
    let parts = node["allOf"].as_array().into_iter().flatten();
    if referred
        .into_iter()
        .chain(parts)
        .any(|node| leads_to_a_number(schema, node, steps))
    {
        return true;
    }
    let Some((step, rest)) = steps.split_first() else {
        return node["type"] == "number" || node["type"] == "integer";
    };
    let next = node["properties"]
        .get(step)
        .or_else(|| node.get("additionalProperties"))
        .or_else(|| node.get("items").filter(|_| step.parse::<usize>().is_ok()));
    next.is_some_and(|node| leads_to_a_number(schema, node, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_found_wherever_they_stand() {
        for (mode, path) in [
            ("fanout", "/latency_us/p99"),
            ("saturate", "/server/cpu_us_per_delivery"),
            ("fanout", "/messages/disconnects_by/4001"),
            ("fanout", "/fairness/mean_by_position_us/0"),
            ("search", "/best/last_receiver_us/max"),
            ("search", "/steps/2/rate"),
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
