//! How connections ended, and how many in each way.

use std::collections::BTreeMap;

use crate::record::end::End;

/// Ways of being disconnected, as they are told.
pub fn ways(ends: &BTreeMap<End, u64>) -> BTreeMap<String, u64> {
    ends.iter()
        .map(|(end, &count)| (end.to_string(), count))
        .collect()
}
