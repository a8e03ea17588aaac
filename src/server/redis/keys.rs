//! The names of what lies in Redis. The braces let all keys of one prefix share a slot (Redis Cluster specification, "Hash
//! tags"), as a script demands that takes several.

use crate::vocabulary::id::NodeId;

/// A part of what a newcomer of an era is told.
pub(super) fn part(prefix: &str, era: u64, newcomer: NodeId, number: usize) -> String {
    format!("{{{prefix}}}:snapshot:{era}:{}:{number}", newcomer.0)
}

/// A part of what the last node of an era that knew anything has left.
pub(super) fn left(prefix: &str, era: u64, node: NodeId, number: usize) -> String {
    format!("{{{prefix}}}:left:{era}:{}:{number}", node.0)
}

/// The stream that all nodes read.
pub(super) fn journal(prefix: &str) -> String {
    format!("{{{prefix}}}:journal")
}

/// The hash that the script keeps beside it.
pub(super) fn nodes(prefix: &str) -> String {
    format!("{{{prefix}}}:nodes")
}
