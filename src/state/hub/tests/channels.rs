//! What channels remember, and for how long.

use super::*;
use crate::vocabulary::config::CHANNELS_MAX;

const AGE: Duration = Duration::from_mins(1);
const MOMENT: Duration = Duration::from_millis(1);

fn bounds() -> HistoryBounds {
    HistoryBounds {
        messages: 3,
        bytes: 1000,
        age: AGE,
        total_bytes: 4000,
        ..HistoryBounds::default()
    }
}

/// A hub with these bounds, and one who is in some channels of it.
fn hub_of<const N: usize>(bounds: HistoryBounds, names: [&str; N]) -> (Hub, [ChannelId; N]) {
    let mut hub = Hub::new(bounds, 0);
    let ada = hub.enter(Some(1), Form::Joined, Coding::Plain);
    let channels = names.map(|name| join(&mut hub, ada, Space::Chat, name));
    (hub, channels)
}

fn say_bytes(hub: &mut Hub, channel: ChannelId, bytes: usize) {
    say(hub, channel, &"x".repeat(bytes));
}

/// Hands out what was said, and lets what is said then come later.
fn turn(hub: &mut Hub) {
    said(hub);
    wait(hub, MOMENT);
}

/// The places of what is kept.
fn kept(hub: &mut Hub, channel: ChannelId) -> std::ops::Range<u64> {
    let log = hub.log(channel);
    log.first()..log.said()
}

fn leave(hub: &mut Hub, client: u32, channel: ChannelId) {
    hub.leave(ClientId(client), channel, Departure::Leaves);
}

#[test]
fn the_sum_tells_whether_channels_of_the_chat_are_the_same() {
    let mut hub = hub();
    assert_eq!(hub.sum(), 0);
    let client = hub.enter(None, Form::Joined, Coding::Plain);
    let mut sums = Vec::new();
    let tea = hub.join(client, Space::Chat, "tea", Start::Now).unwrap();
    sums.push(hub.sum());
    hub.join(client, Space::Chat, "milk", Start::Now).unwrap();
    sums.push(hub.sum());
    for _ in 0..2 {
        hub.say(tea, Kind::Text, false, |_, _, _| {});
        hub.seal(|_, _| {});
        sums.push(hub.sum());
    }
    sums.sort_unstable();
    sums.dedup();
    assert_eq!(sums.len(), 4);
    let relay = hub.join(client, Space::Relay, "tea", Start::Now).unwrap();
    hub.say(relay, Kind::Text, false, |_, _, _| {});
    hub.seal(|_, _| {});
    let sum = hub.sum();
    assert!(sums.contains(&sum));
    let mut other = self::hub();
    hub.freeze();
    while let Some(record) = hub.next_frozen() {
        other.restore(&record).unwrap();
    }
    assert_eq!(other.sum(), sum);
    for hub in [&mut hub, &mut other] {
        hub.forget_chat();
        assert_eq!(hub.sum(), 0);
    }
}

#[test]
fn as_many_messages_are_kept_as_may_be_and_notices_between_them() {
    let (mut hub, [tea]) = hub_of(bounds(), ["tea"]);
    for _ in 0..5 {
        say(&mut hub, tea, "m");
        hub.say(tea, Kind::Text, true, |bytes, _, _| bytes.push(b'n'));
    }
    assert_eq!(kept(&mut hub, tea), 3..10, "three and the notices between");
    assert_eq!(hub.kept(), (7, 3));
}

#[test]
fn as_many_bytes_are_kept_as_may_be() {
    let (mut hub, [tea]) = hub_of(bounds(), ["tea"]);
    for _ in 0..3 {
        say_bytes(&mut hub, tea, 400);
    }
    assert_eq!(kept(&mut hub, tea), 1..3);
    say_bytes(&mut hub, tea, 1000);
    assert_eq!(kept(&mut hub, tea), 3..4, "a quarter of all is 1000");
    say_bytes(&mut hub, tea, 1001);
    assert_eq!(kept(&mut hub, tea), 5..5);
    assert_eq!(hub.kept(), (0, 0));
}

#[test]
fn what_is_too_old_is_dropped_whether_someone_asks_or_not() {
    let (mut hub, [tea]) = hub_of(bounds(), ["tea"]);
    say(&mut hub, tea, "old");
    said(&mut hub);
    wait(&mut hub, AGE / 2);
    say(&mut hub, tea, "young");
    said(&mut hub);
    wait(&mut hub, (AGE / 2).saturating_sub(MOMENT));
    assert_eq!(hub.kept(), (8, 2));
    let due = hub.lapses_at().expect("something will be too old");
    let in_time = due.saturating_sub(hub.moment().at);
    assert!(in_time < Duration::from_millis(200), "{in_time:?}");
    wait(&mut hub, in_time);
    assert_eq!(hub.kept(), (5, 1));
    wait(&mut hub, AGE);
    assert_eq!((hub.kept(), hub.lapses_at()), ((0, 0), None));
    assert_eq!(hub.heap_bytes().1, 0);
}

#[test]
fn one_who_asks_late_is_not_shown_what_is_too_old() {
    let (mut hub, [tea]) = hub_of(bounds(), ["tea"]);
    say(&mut hub, tea, "old");
    said(&mut hub);
    wait(&mut hub, AGE + Duration::from_millis(20));
    assert_eq!(kept(&mut hub, tea), 1..1);
    assert_eq!(hub.kept(), (0, 0));
}

#[test]
fn beyond_the_total_the_oldest_goes_of_those_that_were_quiet_longest() {
    let (mut hub, channels) = hub_of(bounds(), ["tea", "milk", "soup", "wine", "beer"]);
    let [tea, milk, soup, wine, beer] = channels;
    for channel in [tea, milk, soup, wine] {
        say_bytes(&mut hub, channel, 500);
        say_bytes(&mut hub, channel, 500);
        turn(&mut hub);
    }
    assert_eq!(hub.kept(), (4000, 8));
    say_bytes(&mut hub, tea, 1);
    assert_eq!(kept(&mut hub, tea), 1..3, "its own bytes");
    assert_eq!(kept(&mut hub, milk), 0..2);
    turn(&mut hub);
    say_bytes(&mut hub, beer, 600);
    assert_eq!(
        kept(&mut hub, milk),
        1..2,
        "at once, and it is the quietest"
    );
    assert_eq!(kept(&mut hub, soup), 0..2);
    say_bytes(&mut hub, beer, 400);
    assert_eq!(kept(&mut hub, milk), 2..2, "down to nothing");
    assert_eq!(kept(&mut hub, soup), 0..2);
    assert!(hub.kept().0 <= 4000);
    assert_eq!(kept(&mut hub, beer), 0..2);
    assert_eq!(hub.count(milk), 1, "never the channel");
}

#[test]
fn the_total_holds_within_a_turn_too() {
    let (mut hub, channels) = hub_of(bounds(), ["a", "b", "c", "d", "e", "f"]);
    for channel in channels.into_iter().cycle().take(60) {
        say_bytes(&mut hub, channel, 300);
        assert!(hub.kept().0 <= 4000, "{:?}", hub.kept());
    }
    said(&mut hub);
    assert!(hub.kept().0 > 3000);
    for channel in channels {
        say_bytes(&mut hub, channel, 5000);
    }
    assert_eq!(hub.kept(), (0, 0), "none of them may be kept");
}

#[test]
fn memory_follows_what_is_kept() {
    let bounds = HistoryBounds {
        total_bytes: 100_000,
        bytes: 50_000,
        ..bounds()
    };
    let mut hub = Hub::new(bounds, 0);
    let ada = hub.enter(Some(1), Form::Joined, Coding::Plain);
    let names = (0..100).map(|number| number.to_string());
    let channels: Vec<_> = names
        .map(|name| join(&mut hub, ada, Space::Chat, &name))
        .collect();
    for channel in channels {
        say_bytes(&mut hub, channel, 24_000);
        for _ in 0..3 {
            say_bytes(&mut hub, channel, 10);
        }
        said(&mut hub);
    }
    let (_, logs) = hub.heap_bytes();
    assert!(logs < 2 * 100_000, "{logs} B are held");
}

#[test]
fn an_empty_channel_keeps_its_epoch_and_its_number_for_as_long_as_messages_are_kept() {
    for messages in [0, 3] {
        let bounds = HistoryBounds {
            messages,
            ..bounds()
        };
        let (mut hub, [tea]) = hub_of(bounds, ["tea"]);
        say(&mut hub, tea, "hot");
        said(&mut hub);
        let life = (hub.epoch(tea), hub.said(tea));
        leave(&mut hub, 0, tea);
        wait(&mut hub, AGE.saturating_sub(MOMENT));
        let again = join(&mut hub, ClientId(0), Space::Chat, "tea");
        assert_eq!((hub.epoch(again), hub.said(again)), life, "{messages}");
        leave(&mut hub, 0, again);
        wait(&mut hub, AGE.saturating_sub(MOMENT));
        assert_eq!(hub.remembered(Space::Chat), 1, "from the last leave on");
        wait(&mut hub, MOMENT);
        assert_eq!(hub.remembered(Space::Chat), 0);
        let other = join(&mut hub, ClientId(0), Space::Chat, "tea");
        assert_eq!(hub.said(other), 0);
        assert_ne!(hub.epoch(other), life.0);
    }
}

#[test]
fn only_a_leave_and_what_is_said_there_set_back_how_long_an_empty_channel_lives() {
    let (mut hub, [tea]) = hub_of(bounds(), ["tea"]);
    leave(&mut hub, 0, tea);
    wait(&mut hub, AGE / 2);
    assert_eq!(hub.find(Space::Chat, "tea"), None);
    assert_eq!(hub.found(Space::Chat, "tea"), Some(tea));
    hub.log(tea);
    wait(&mut hub, AGE / 4);
    say(&mut hub, tea, "from nobody here");
    said(&mut hub);
    wait(&mut hub, AGE * 3 / 4);
    assert!(hub.serial(tea).is_some());
    assert_eq!(hub.found(Space::Chat, "tea"), Some(tea));
    wait(&mut hub, AGE / 4);
    assert_eq!(hub.serial(tea), None);
}

#[test]
fn lists_and_counts_know_only_channels_with_members() {
    let (mut hub, [tea, coffee]) = hub_of(bounds(), ["tea", "coffee"]);
    leave(&mut hub, 0, tea);
    let listed: Vec<_> = hub.channels_of(Space::Chat).collect();
    assert_eq!(listed, [("coffee", coffee)]);
    assert_eq!((hub.populated(Space::Chat), hub.channels()), (1, 1));
    assert_eq!(hub.remembered(Space::Chat), 2);
    assert_eq!(hub.find(Space::Chat, "tea"), None);
    assert_eq!(hub.find(Space::Relay, "coffee"), None);
}

#[test]
fn beyond_so_many_channels_the_one_that_is_empty_longest_goes_and_none_is_made_where_none_is() {
    let mut hub = Hub::new(bounds(), 0);
    let name = |number: usize| format!("{number}");
    let mut number = 0;
    let mut fill = |hub: &mut Hub, channels: usize| {
        let client = hub.enter(Some(1), Form::Joined, Coding::Plain);
        for _ in 0..channels {
            join(hub, client, Space::Chat, &name(number));
            number += 1;
        }
        client
    };
    let first = fill(&mut hub, 100);
    for _ in 1..CHANNELS_MAX / 100 {
        fill(&mut hub, 100);
    }
    assert_eq!(hub.found(Space::Chat, "more"), None);
    assert!(hub.found(Space::Relay, "more").is_some(), "counted apart");
    for number in [1, 0] {
        let channel = hub.find(Space::Chat, &name(number)).unwrap();
        hub.leave(first, channel, Departure::Leaves);
    }
    assert!(hub.found(Space::Chat, "more").is_some());
    let remembered = |hub: &Hub, number| hub.channels.find(Space::Chat, &name(number)).is_some();
    assert_eq!((remembered(&hub, 1), remembered(&hub, 0)), (false, true));
    assert!(hub.join(first, Space::Chat, "more", Start::Now).is_some());
    assert!(hub.found(Space::Chat, "and more").is_some());
    assert!(!remembered(&hub, 0));
    assert!(
        hub.join(first, Space::Chat, "and more", Start::Now)
            .is_some()
    );
    assert_eq!(hub.found(Space::Chat, "too many"), None);
    assert_eq!(hub.remembered(Space::Chat), CHANNELS_MAX);
}

#[test]
fn one_in_which_something_waits_to_be_handed_out_is_forgotten_in_time_and_that_handed_out() {
    let (mut hub, [tea]) = hub_of(bounds(), ["tea"]);
    let epoch = hub.epoch(tea);
    say(&mut hub, tea, "farewell");
    leave(&mut hub, 0, tea);
    wait(&mut hub, AGE * 2);
    assert_eq!((hub.serial(tea), hub.remembered(Space::Chat)), (None, 0));
    assert_eq!((hub.kept(), hub.lapses_at()), ((0, 0), None));
    let again = join(&mut hub, ClientId(0), Space::Chat, "tea");
    assert_ne!((again, hub.epoch(again)), (tea, epoch));
    say(&mut hub, again, "back");
    let mut bytes = Vec::new();
    hub.seal(|_, slice| bytes.push(slice.first_bytes()));
    assert_eq!(bytes, ["farewell".len(), "back".len()]);
    assert_eq!(
        join(&mut hub, ClientId(0), Space::Chat, "coffee"),
        tea,
        "its place"
    );
}

#[test]
fn who_was_quiet_longest_does_not_depend_on_when_something_was_handed_out() {
    let quietest = |turns: [bool; 3]| {
        let (mut hub, [tea, milk, soup]) = hub_of(bounds(), ["tea", "milk", "soup"]);
        for (channel, is_turn_over) in [tea, milk, tea].into_iter().zip(turns) {
            say_bytes(&mut hub, channel, 900);
            if is_turn_over {
                said(&mut hub);
            }
        }
        wait(&mut hub, MOMENT);
        for _ in 0..3 {
            say_bytes(&mut hub, soup, 900);
        }
        [tea, milk].map(|channel| kept(&mut hub, channel))
    };
    assert_eq!(quietest([false; 3]), quietest([true; 3]));
}

#[test]
fn those_of_relays_go_before_those_of_the_chat() {
    let (mut hub, [tea, milk, soup]) = hub_of(bounds(), ["tea", "milk", "soup"]);
    let lobby = hub.found(Space::Relay, "lobby").unwrap();
    for channel in [tea, milk, lobby, soup] {
        say_bytes(&mut hub, channel, 1000);
        wait(&mut hub, MOMENT);
    }
    assert_eq!(hub.kept(), (4000, 4));
    let wine = hub.found(Space::Chat, "wine").unwrap();
    say_bytes(&mut hub, wine, 1000);
    assert_eq!(hub.log(lobby).messages(), 0);
    for channel in [tea, milk, soup, wine] {
        assert_eq!(hub.log(channel).messages(), 1);
    }
}

#[test]
fn an_epoch_is_the_next_or_the_time_if_that_is_later_and_relays_have_none() {
    let mut hub = Hub::new(bounds(), 70_000_000);
    let mut epochs = Vec::new();
    for name in ["tea", "milk", "soup", "wine"] {
        hub.found(Space::Relay, name);
        let channel = hub.found(Space::Chat, name).unwrap();
        epochs.push(hub.epoch(channel));
        if name == "milk" {
            wait(&mut hub, 2 * AGE);
        }
    }
    assert_eq!(epochs, [70_000_001, 70_000_002, 120_000_000, 120_000_001]);
}

#[test]
fn one_of_a_relay_lives_on_while_something_is_said_in_it_elsewhere() {
    let mut hub = Hub::new(bounds(), 0);
    let lobby = hub.found(Space::Relay, "lobby").unwrap();
    for _ in 0..3 {
        wait(&mut hub, AGE.saturating_sub(MOMENT));
        say(&mut hub, lobby, "from nobody here");
        said(&mut hub);
    }
    assert_eq!(hub.log(lobby).messages(), 2);
    wait(&mut hub, AGE);
    assert_eq!(hub.serial(lobby), None);
}
