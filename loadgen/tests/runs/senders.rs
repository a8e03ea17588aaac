//! Servers whose clients do not get what they say themselves as everyone else does.

use crate::common::{
    Run, against,
    relay::{Relay, Said},
    words,
};

/// A relay that sends what a client said itself so many times, after a rule for each.
fn returning(copies: impl Fn(&Said) -> usize + Send + 'static) -> String {
    let relay = Relay::with(move |_, to, batch| {
        let all = std::mem::take(batch);
        for said in all {
            let count = if said.from == to { copies(&said) } else { 1 };
            batch.extend(std::iter::repeat_n(said, count));
        }
    });
    relay.start()
}

fn told(url: &str, flags: &str) -> Run {
    let flags = format!("{flags} --protocol raw --publishers 2");
    against(url, &words(flags.trim()))
}

#[test]
fn who_gets_nothing_of_its_own_is_owed_nothing() {
    for threads in [1, 2, 5] {
        let flags = format!("--sender skipped --threads {threads}");
        let run = told(&returning(|_| 0), &flags).good();
        assert_eq!(run.message("delivered"), 40 * 4, "{run:#?}");
        assert!(run.figure("last_receiver_us.max") > 0.0, "{run:#?}");
    }
}

#[test]
fn what_comes_back_to_who_should_get_nothing_is_told() {
    let run = told(
        &returning(|said| usize::from(said.number == 3)),
        "--sender skipped",
    );
    let run = run.broken([0, 0, 0, 0]);
    assert_eq!(run.message("returned"), 1);
    assert!(
        run.table.contains("1 back to their senders"),
        "{}",
        run.table
    );
}

#[test]
fn an_acknowledgement_is_no_delivery() {
    for copies in [1, 2] {
        for mode in ["fanout", "saturate", "saturate --threads 3"] {
            let flags = format!("{mode} --sender acked");
            let run = told(&returning(move |_| copies), &flags).good();
            let sent = run.message("sent");
            assert_eq!(run.message("acked"), sent, "{run:#?}");
            assert_eq!(run.message("delivered"), sent * 4, "{run:#?}");
        }
    }
}

#[test]
fn an_acknowledgement_that_is_missing_or_comes_too_often_is_told() {
    let run = told(
        &returning(|said| usize::from(said.number != 3)),
        "--sender acked",
    );
    let run = run.broken([0, 0, 0, 0]);
    assert_eq!(run.message("unacked"), 1);
    assert!(run.table.contains("1 not acknowledged"), "{}", run.table);
    let thrice = |said: &Said| if said.number == 3 { 3 } else { 1 };
    let run = told(&returning(thrice), "--sender acked").broken([0, 0, 0, 0]);
    assert_eq!(run.message("returned"), 1);
}

#[test]
fn a_server_that_leaves_the_sender_out_is_told_which_flag_there_is() {
    let run = told(&returning(|_| 0), "").broken([40, 0, 0, 0]);
    assert!(run.table.contains("--sender skipped"), "{}", run.table);
}
