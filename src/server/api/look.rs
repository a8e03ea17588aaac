//! What is asked that changes nothing.

use super::{
    Awaited, Errand,
    channels::{self, Place},
    routes::channel_in_path,
};
use crate::{
    server::{
        http::{HttpError, Response},
        query::Query,
        survey::Rank,
        world::World,
    },
    state::hub::{ClientId, Space},
    vocabulary::config::{HISTORY_LISTED_DEFAULT, HISTORY_LISTED_MAX, LISTED_DEFAULT, LISTED_MAX},
};

/// What there is to ask and to do here, for programs that read such things.
const SCHEMA: &str = include_str!("openapi.json");

/// Something that one wants to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// Those who are connected.
    Connected(Errand),
    /// Which channels there are.
    Channels {
        /// In which dialect.
        space: Space,
        /// How their names begin.
        prefix: String,
        /// After which name to go on.
        after: Option<String>,
        /// How many, at most.
        limit: usize,
    },
    /// One channel.
    Channel(Place),
    /// Who is in it.
    Members {
        /// The channel.
        place: Place,
        /// After which id to go on.
        after: Option<String>,
        /// How many, at most.
        limit: usize,
    },
    /// What was said there.
    History {
        /// The channel.
        place: Place,
        /// Before which number.
        before: Option<u64>,
        /// How much, at most.
        limit: usize,
    },
    /// The description of all this.
    Schema,
}

impl Look {
    /// `/api/stats`
    pub(super) const STATS: Self = Self::Connected(Errand::Stats);

    /// `/api/clients`
    pub(super) fn clients(query: Query<'_>) -> Result<Self, HttpError> {
        let limit = limit(query, LISTED_DEFAULT, LISTED_MAX)?;
        let errand = match (query.get("named"), query.get("sort").as_deref()) {
            (Some(_), Some(_)) => {
                let message = "named and sort exclude each other; leave one of them out";
                return Err(HttpError::bad_request(message));
            }
            (Some(text), None) => Errand::Named { text, limit },
            (None, sort) => Errand::Clients {
                rank: rank(sort.unwrap_or("unsent"))?,
                limit,
            },
        };
        Ok(Self::Connected(errand))
    }

    /// `/api/channels`
    pub(super) fn channels(query: Query<'_>) -> Result<Self, HttpError> {
        Ok(Self::Channels {
            space: space(query)?,
            prefix: query.get("prefix").unwrap_or_default(),
            after: query.get("after"),
            limit: limit(query, LISTED_DEFAULT, LISTED_MAX)?,
        })
    }

    /// `/api/channels/NAME`
    pub(super) fn channel(name: String, query: Query<'_>) -> Result<Self, HttpError> {
        place(name, query).map(Self::Channel)
    }

    /// `/api/channels/NAME/members`
    pub(super) fn members(name: String, query: Query<'_>) -> Result<Self, HttpError> {
        Ok(Self::Members {
            place: place(name, query)?,
            after: query.get("after"),
            limit: limit(query, LISTED_DEFAULT, LISTED_MAX)?,
        })
    }

    /// `/api/channels/NAME/history`
    pub(super) fn history(name: String, query: Query<'_>) -> Result<Self, HttpError> {
        Ok(Self::History {
            place: place(name, query)?,
            before: query.number("before")?,
            limit: limit(query, HISTORY_LISTED_DEFAULT, HISTORY_LISTED_MAX)?,
        })
    }

    /// Shows it to a client of the hub, or has it wait until it can be shown.
    ///
    /// # Errors
    /// There is no such thing.
    pub(super) fn show(self, client: ClientId, world: &mut World) -> Result<Awaited, HttpError> {
        Ok(Awaited::Answer(match self {
            Self::Connected(errand) => return Ok(world.run(errand, client)),
            Self::Channels {
                space,
                prefix,
                after,
                limit,
            } => channels::list(world, space, &prefix, after.as_deref(), limit),
            Self::Channel(place) => channels::one(world, &place)?,
            Self::Members {
                place,
                after,
                limit,
            } => channels::members(world, &place, after.as_deref(), limit)?,
            Self::History {
                place,
                before,
                limit,
            } => channels::said(world, &place, before, limit)?,
            Self::Schema => Response::ok("application/json", SCHEMA.as_bytes()),
        }))
    }
}

impl World {
    /// Has an errand run that a client of the hub waits for.
    pub(super) fn run(&mut self, errand: Errand, client: ClientId) -> Awaited {
        self.errands.extend(self.commons.hub.slot(client));
        Awaited::Errand(errand)
    }
}

fn rank(sort: &str) -> Result<Rank, HttpError> {
    match sort {
        "unsent" => Ok(Rank::Unsent),
        "lag" => Ok(Rank::Lag),
        "age" => Ok(Rank::Age),
        other => Err(HttpError::bad_request(format!(
            "sort={other:?} is neither unsent, lag nor age"
        ))),
    }
}

fn place(name: String, query: Query<'_>) -> Result<Place, HttpError> {
    Ok(Place {
        name: channel_in_path(name)?,
        space: space(query)?,
    })
}

fn space(query: Query<'_>) -> Result<Space, HttpError> {
    match query.get("dialect").as_deref() {
        None | Some("chat") => Ok(Space::Chat),
        Some("relay") => Ok(Space::Relay),
        Some(other) => Err(HttpError::bad_request(format!(
            "dialect={other:?} is neither chat nor relay"
        ))),
    }
}

fn limit(query: Query<'_>, usual: usize, most: usize) -> Result<usize, HttpError> {
    Ok(query.limit("limit", 1..=most)?.unwrap_or(usual))
}
