mod channels;
mod replay;

use super::*;
use crate::state::seal::Seal;

fn hub() -> Hub {
    Hub::new(HistoryBounds::default(), 0)
}

/// Lets time pass, and ends what is due.
fn wait(hub: &mut Hub, time: Duration) {
    let now = hub.now();
    let now = Now {
        monotonic: now.monotonic + time,
        ..now
    };
    hub.begin_turn(now);
    hub.expire();
    hub.reach(now.into());
}

fn join(hub: &mut Hub, client: ClientId, space: Space, name: &str) -> ChannelId {
    let channel = hub.join(client, space, name, Start::Now);
    channel.expect("there is room")
}

fn say(hub: &mut Hub, channel: ChannelId, line: &str) {
    hub.say(channel, Kind::Text, false, |bytes, _, _| {
        bytes.extend_from_slice(line.as_bytes());
    });
}

fn said(hub: &mut Hub) -> Vec<(u32, u32)> {
    let mut said = Vec::new();
    hub.seal(|slot, slice| said.push((slot, slice.len())));
    said.sort_unstable();
    said
}

#[test]
fn what_is_said_reaches_the_members_of_that_channel_only() {
    let mut hub = hub();
    let [ada, bob, cleo] = [(1, Form::Joined), (2, Form::Single), (3, Form::Joined)]
        .map(|(slot, form)| hub.enter(Some(slot), form, Coding::Plain));
    let tea = join(&mut hub, ada, Space::Relay, "tea");
    assert_eq!(join(&mut hub, bob, Space::Relay, "tea"), tea);
    join(&mut hub, cleo, Space::Relay, "coffee");
    say(&mut hub, tea, "hot");
    say(&mut hub, tea, "sweet");
    assert_eq!(said(&mut hub), [(1, 2), (2, 2)]);
    assert_eq!(said(&mut hub), []);
}

#[test]
fn what_nobody_here_hears_is_numbered_and_kept_and_handed_to_nobody() {
    let mut hub = hub();
    let there = hub.enter(None, Form::Joined, Coding::Plain);
    let tea = join(&mut hub, there, Space::Chat, "tea");
    say(&mut hub, tea, "unheard");
    assert!(hub.is_quiet());
    let here = hub.enter(Some(1), Form::Joined, Coding::Plain);
    join(&mut hub, here, Space::Chat, "tea");
    say(&mut hub, tea, "heard");
    hub.leave(here, tea, Departure::Leaves);
    say(&mut hub, tea, "in the same turn");
    let mut heard = Vec::new();
    hub.seal(|slot, slice| heard.push((slot, slice.run.body(slice.from).to_vec(), slice.len())));
    assert_eq!(heard, [(1, b"heard".to_vec(), 1)]);
    say(&mut hub, tea, "unheard again");
    assert_eq!((said(&mut hub), hub.said(tea)), (vec![], 4));
    assert_eq!(hub.log(tea).body(3), [&b"unheard again"[..], b""]);
}

#[test]
fn seats_stay_right_whoever_leaves_first() {
    let mut hub = hub();
    let clients: Vec<_> = (0..10)
        .map(|slot| hub.enter(Some(slot), Form::Joined, Coding::Plain))
        .collect();
    let mut channel = None;
    for &client in &clients {
        channel = Some(join(&mut hub, client, Space::Relay, "all"));
    }
    for leaver in [0, 9, 4, 5, 1] {
        hub.exit(clients[leaver], Departure::Leaves);
    }
    say(&mut hub, channel.unwrap(), "still here?");
    let heard: Vec<_> = said(&mut hub).into_iter().map(|(slot, _)| slot).collect();
    assert_eq!(heard, [2, 3, 6, 7, 8]);
}

#[test]
fn joining_again_changes_nothing() {
    let mut hub = hub();
    let ada = hub.enter(Some(1), Form::Joined, Coding::Plain);
    let tea = join(&mut hub, ada, Space::Relay, "tea");
    assert_eq!(join(&mut hub, ada, Space::Relay, "tea"), tea);
    say(&mut hub, tea, "once");
    assert_eq!(said(&mut hub), [(1, 1)]);
    hub.exit(ada, Departure::Leaves);
    assert_eq!((hub.channels(), hub.clients()), (0, 0));
}

#[test]
fn a_member_is_found_in_a_channel_by_all_of_its_name_however_long_that_is() {
    let mut hub = hub();
    let ada = hub.enter(Some(0), Form::Joined, Coding::Plain);
    let names: Vec<_> = (1..40).map(|letters| "x".repeat(letters)).collect();
    for name in &names {
        let channel = join(&mut hub, ada, Space::Chat, name);
        assert_eq!(hub.membership(ada, name), Some(channel));
    }
    for name in &names {
        let other = format!("{}y", &name[1..]);
        assert_eq!(hub.membership(ada, &other), None);
    }
    assert_eq!(hub.membership(ada, ""), None);
    let nameless = join(&mut hub, ada, Space::Chat, "");
    assert_eq!(hub.membership(ada, ""), Some(nameless));
}

#[test]
fn an_empty_channel_is_remembered_for_a_while() {
    let mut hub = hub();
    let ada = hub.enter(Some(1), Form::Joined, Coding::Plain);
    let tea = join(&mut hub, ada, Space::Relay, "tea");
    say(&mut hub, tea, "farewell");
    hub.exit(ada, Departure::Leaves);
    assert_eq!(said(&mut hub), [(1, 1)]);
    assert_eq!((hub.channels(), hub.remembered(Space::Relay)), (0, 1));
    wait(&mut hub, 2 * HistoryBounds::default().age);
    assert_eq!((hub.remembered(Space::Relay), hub.lapses_at()), (0, None));
}

#[test]
fn what_one_is_told_comes_between_the_channels_it_left_and_those_it_is_in() {
    let mut hub = hub();
    let ada = hub.enter(Some(1), Form::Joined, Coding::Plain);
    let tea = join(&mut hub, ada, Space::Chat, "tea");
    say(&mut hub, tea, "1");
    hub.leave(ada, tea, Departure::Leaves);
    let told = Rc::new(Run::alone(Kind::Text, b"22", Form::Joined, Seal::default()));
    hub.tell(ada, told);
    let tea = join(&mut hub, ada, Space::Chat, "tea");
    say(&mut hub, tea, "333");
    let mut bytes = Vec::new();
    hub.seal(|_, slice| bytes.push(slice.first_bytes()));
    assert_eq!(bytes, [1, 2, 3]);
    assert!(hub.is_quiet());
}

#[test]
fn a_channel_that_begins_again_has_another_serial() {
    let mut hub = hub();
    let ada = hub.enter(Some(1), Form::Joined, Coding::Plain);
    let serial = |hub: &mut Hub| {
        let tea = join(hub, ada, Space::Chat, "tea");
        let serial = hub.serial(tea);
        hub.leave(ada, tea, Departure::Leaves);
        wait(hub, HistoryBounds::default().age * 2);
        assert_eq!(hub.serial(tea), None);
        serial
    };
    assert_ne!(serial(&mut hub), serial(&mut hub));
}

#[test]
fn a_log_that_was_emptied_by_a_message_too_large_for_it_is_not_the_first_to_go() {
    let history = HistoryBounds {
        messages: 1,
        bytes: 100,
        total_bytes: 400,
        ..HistoryBounds::default()
    };
    let mut hub = Hub::new(history, 0);
    let ada = hub.enter(Some(0), Form::Joined, Coding::Plain);
    let [tea, water, milk] =
        ["tea", "water", "milk"].map(|name| join(&mut hub, ada, Space::Chat, name));
    let others = ["a", "b", "c"].map(|name| join(&mut hub, ada, Space::Chat, name));
    say(&mut hub, tea, "hot");
    for channel in others.into_iter().chain([water]) {
        say(&mut hub, channel, &"x".repeat(95));
    }
    said(&mut hub);
    say(&mut hub, milk, &"x".repeat(95));
    say(&mut hub, tea, &"x".repeat(101));
    said(&mut hub);
    assert_eq!(hub.kept(), (380, 4));
}

#[test]
fn one_that_goes_before_it_was_handed_what_it_missed_leaves_nothing_to_do() {
    let mut hub = hub();
    let [ada, bob] = [1, 2].map(|slot| hub.enter(Some(slot), Form::Joined, Coding::Plain));
    let tea = join(&mut hub, ada, Space::Relay, "tea");
    say(&mut hub, tea, "hot");
    assert_eq!(said(&mut hub), [(1, 1)]);
    hub.join(bob, Space::Relay, "tea", Start::At(0));
    assert!(hub.has_replays());
    hub.exit(bob, Departure::Vanishes);
    assert!(hub.is_quiet() && !hub.has_replays());
}
