//! The names of what lies in Redis. The braces let all keys of one prefix share a slot (Redis Cluster specification, "Hash
//! tags"), as a script demands that takes several.

/// The stream that all nodes read.
pub(super) fn journal(prefix: &str) -> String {
    format!("{{{prefix}}}:journal")
}

/// The hash that the script keeps beside it.
pub(super) fn nodes(prefix: &str) -> String {
    format!("{{{prefix}}}:nodes")
}
