//! Nothing runs yet.

fn main() {}
