//! Channels, as they are shown: which there are, who is in one, and what was said there. Of the chat these speak for all
//! servers of a hub, and of the relay for this one, whose number they tell then.

use std::ops::Bound;

use http::StatusCode;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    server::{
        http::{HttpError, Response},
        world::World,
    },
    state::{
        dialect::chat::history,
        hub::{ChannelId, Hub, Space},
    },
    vocabulary::{chat::ChatError, config::HISTORY_ANSWER_BYTES_MAX, frame::Kind, id::NodeId},
};

/// A channel by its name, and in which dialect it is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub(super) space: Space,
    pub(super) name: String,
}

#[derive(Serialize)]
struct ChannelList<'a> {
    channels: Vec<ChannelRow<'a>>,
    /// How many there are in all, whatever their names begin with.
    count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<NodeId>,
}

#[derive(Serialize)]
struct ChannelRow<'a> {
    channel: &'a str,
    /// How many members it has.
    count: usize,
    #[serde(flatten)]
    life: Option<Life>,
    kept_messages: usize,
    kept_bytes: usize,
}

/// What only channels of the chat have.
#[derive(Serialize)]
struct Life {
    epoch: u64,
    seq: u64,
    oldest: u64,
}

#[derive(Serialize)]
struct Channel<'a> {
    #[serde(flatten)]
    row: ChannelRow<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<NodeId>,
}

#[derive(Serialize)]
struct MemberList<'a> {
    channel: &'a str,
    members: &'a RawValue,
    count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
}

#[derive(Serialize)]
struct History<'a> {
    channel: &'a str,
    #[serde(flatten)]
    life: Life,
    messages: &'a RawValue,
}

#[derive(Serialize)]
struct RelayHistory<'a> {
    channel: &'a str,
    messages: Vec<Relayed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<NodeId>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Relayed {
    Text(String),
    BinaryBytes(usize),
}

/// Up to `limit` channels whose names begin in this way and come after another.
pub(super) fn list(
    world: &World,
    space: Space,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
) -> Response {
    let hub = &world.commons.hub;
    let after = after.filter(|&after| after >= prefix);
    let start = after.map_or(Bound::Included(prefix), Bound::Excluded);
    let mut rest = hub
        .channels_from(space, start)
        .take_while(|(name, _)| name.starts_with(prefix));
    let channels: Vec<_> = rest
        .by_ref()
        .take(limit)
        .map(|(_, channel)| ChannelRow::of(hub, space, channel))
        .collect();
    let last = channels.last().map(|row| row.channel);
    let channels = ChannelList {
        next: last.filter(|_| rest.next().is_some()),
        channels,
        count: hub.remembered(space),
        node: node_of(world, space),
    };
    Response::json(StatusCode::OK, &channels)
}

/// One channel.
///
/// # Errors
/// 404: there is none.
pub(super) fn one(world: &World, place: &Place) -> Result<Response, HttpError> {
    let hub = &world.commons.hub;
    let channel = Channel {
        row: ChannelRow::of(hub, place.space, find(hub, place)?),
        node: node_of(world, place.space),
    };
    Ok(Response::json(StatusCode::OK, &channel))
}

/// Up to `limit` members whose ids come after another.
///
/// # Errors
/// 404: there is no such channel, or its members are nobody.
pub(super) fn members(
    world: &mut World,
    place: &Place,
    after: Option<&str>,
    limit: usize,
) -> Result<Response, HttpError> {
    let commons = &mut world.commons;
    let channel = find(&commons.hub, place)?;
    if place.space == Space::Relay {
        return Err(HttpError::nameless_members());
    }
    let page = commons.registry.members(channel, after, limit);
    let members = MemberList {
        channel: &place.name,
        members: &page.members,
        count: commons.hub.count(channel),
        next: page.next.as_deref(),
    };
    Ok(Response::json(StatusCode::OK, &members))
}

/// Up to `limit` of what was said there before a number, the oldest first. What was said in a relay has no numbers.
///
/// # Errors
/// 404: there is no such channel.
pub(super) fn said(
    world: &World,
    place: &Place,
    before: Option<u64>,
    limit: usize,
) -> Result<Response, HttpError> {
    let hub = &world.commons.hub;
    let channel = find(hub, place)?;
    Ok(match place.space {
        Space::Chat => {
            let messages = history(hub, channel, before, limit);
            let history = History {
                channel: &place.name,
                life: Life::of(hub, channel),
                messages: &messages,
            };
            Response::json(StatusCode::OK, &history)
        }
        Space::Relay => {
            let history = RelayHistory {
                channel: &place.name,
                messages: relayed(hub, channel, limit),
                node: world.node(),
            };
            Response::json(StatusCode::OK, &history)
        }
    })
}

fn relayed(hub: &Hub, channel: ChannelId, limit: usize) -> Vec<Relayed> {
    let log = hub.log(channel);
    let said = log.said();
    let (start, _) = log.before(said, limit, HISTORY_ANSWER_BYTES_MAX);
    let messages = (start..said).map(|place| {
        let body = log.body(place).concat();
        match log.kind(place) {
            Kind::Text => Relayed::Text(String::from_utf8_lossy(&body).into_owned()),
            Kind::Binary => Relayed::BinaryBytes(body.len()),
        }
    });
    messages.collect()
}

fn find(hub: &Hub, place: &Place) -> Result<ChannelId, HttpError> {
    let channel = hub.find_remembered(place.space, &place.name);
    channel.ok_or_else(|| HttpError::refused(&ChatError::NoSuchChannel(place.name.clone())))
}

/// The server that is spoken for, if that is one of several and not all of them.
fn node_of(world: &World, space: Space) -> Option<NodeId> {
    world.node().filter(|_| space == Space::Relay)
}

impl<'a> ChannelRow<'a> {
    fn of(hub: &'a Hub, space: Space, channel: ChannelId) -> Self {
        let log = hub.log(channel);
        Self {
            channel: hub.name(channel),
            count: hub.count(channel),
            life: (space == Space::Chat).then(|| Life::of(hub, channel)),
            kept_messages: log.messages(),
            kept_bytes: log.bytes(),
        }
    }
}

impl Life {
    fn of(hub: &Hub, channel: ChannelId) -> Self {
        Self {
            epoch: hub.epoch(channel),
            seq: hub.said(channel),
            oldest: hub.log(channel).first() + 1,
        }
    }
}
