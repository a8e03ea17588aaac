//! What a node is told by the journal as its engine, and tells it: who tells programs what happens, and what became of that.

use super::*;
use crate::{
    state::events::Settlement,
    vocabulary::{chat::Span, time::Now},
};

/// The engine of a node, one of several.
fn engine(nodes: impl IntoIterator<Item = (NodeId, i64)>) -> JournalEngine {
    let mut journal = journal();
    journal.begin(US, nodes);
    JournalEngine(Rc::new(RefCell::new(journal)))
}

#[test]
fn what_became_of_what_is_told_comes_back_to_all_at_the_moment_of_its_entry() {
    let settlement = Settlement::Told(Span { from: 3, to: 7 });
    let mut engine = engine([(US, 0), (OTHER, 0)]);
    assert_eq!(engine.settle(settlement, Now::default()), None);
    let mut journal = engine.0.borrow_mut();
    let batch = journal.batch().unwrap().clone();
    turn_over(&mut journal, 5);
    let told = [(5, Event::Settled(settlement))];
    assert_eq!(events(&mut journal), told);
    let header = header(batch.kind, OTHER, batch.number, 6);
    for expected in [vec![(6, Event::Settled(settlement))], vec![]] {
        journal.take(header.clone(), batch.body.clone(), Duration::ZERO);
        assert_eq!(events(&mut journal), expected);
    }
    let nonsense = Header {
        number: 9,
        ..header
    };
    journal.take(nonsense, Bytes::from("told"), Duration::ZERO);
    assert_eq!(events(&mut journal), [(6, Event::Nothing)]);
}

#[test]
fn the_node_that_came_first_of_those_that_live_tells() {
    const FIRST: NodeId = NodeId(3);
    let engine = engine([(FIRST, 0), (US, 0), (OTHER, NEWCOMER)]);
    assert_eq!((engine.teller(), engine.is_last()), (None, false));
    let take = |header: Header, body: &'static str| {
        let mut journal = engine.0.borrow_mut();
        journal.take(header, Bytes::from(body), Duration::ZERO);
        events(&mut journal);
    };
    take(header(EntryKind::Death, US, 0, 1), "3");
    // The newcomer knows nothing yet that it could go on from.
    assert_eq!((engine.teller(), engine.is_last()), (Some(US), true));
    take(header(EntryKind::Alive, OTHER, 1, 2), "");
    assert_eq!((engine.teller(), engine.is_last()), (Some(US), false));
    take(header(EntryKind::Bye, US, 1, 3), "");
    assert_eq!((engine.teller(), engine.is_last()), (None, false));
}

#[test]
fn who_is_no_node_says_nothing_of_what_it_has_told() {
    let mut engine = engine([(US, 0)]);
    let death = header(EntryKind::Death, OTHER, 0, 1);
    let mut journal = engine.0.borrow_mut();
    journal.take(death, Bytes::from("7"), Duration::ZERO);
    assert_eq!(events(&mut journal), [(1, Event::Burial)]);
    drop(journal);
    engine.settle(Settlement::Ended, Now::default());
    assert_eq!(engine.teller(), None);
    assert!(engine.0.borrow().queue.is_empty());
}
