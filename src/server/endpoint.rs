//! Endpoints: what each path is.

use http::{Method, Request};

use super::{
    api::{self, Call},
    http::{HttpError, METHODS, Response, SESSION_METHODS},
    page,
    query::Query,
};
use crate::{
    state::{batch::Form, dialect::relay::LOBBY},
    vocabulary::{
        arrival::Role,
        config::LISTED_MAX,
        name::{is_name, name_rule},
    },
};

/// Where everything is that programs ask for.
const API: &str = "/api/";

/// What a request asks for.
#[derive(Debug)]
pub enum Endpoint {
    /// A response that is ready.
    Response(Response),
    /// Whether all is well at the moment.
    Health,
    /// The metrics of the moment.
    Metrics,
    /// A WebSocket session.
    Session(SessionKind),
    /// Something that a program wants done.
    Call(Call),
}

/// Which session a client wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionKind {
    /// A member of a relay channel.
    Relay {
        /// The channel's name.
        channel: String,
        /// How messages that leave together are framed.
        form: Form,
        /// How many of the latest messages come first.
        last: usize,
    },
    /// An echo.
    Echo,
    /// A client of the chat.
    Chat {
        /// What it calls itself.
        name: String,
        /// What its picture is made of.
        email: Option<String>,
    },
}

impl Endpoint {
    /// Finds the endpoint of a request that came by a listener of this role.
    ///
    /// # Errors
    /// No such path there, or not with this method or these parameters.
    pub fn of(request: &Request<()>, role: Role) -> Result<Self, HttpError> {
        let path = request.uri().path();
        if let Some(path) = path.strip_prefix(API)
            && role == Role::Admin
        {
            return api::find(request, path);
        }
        let is_session = role.has_sessions() && matches!(path, "/relay" | "/ws" | "/echo");
        match *request.method() {
            Method::GET => {}
            Method::HEAD if !is_session => {}
            Method::OPTIONS if is_session => {
                return Ok(Self::Response(Response::options(SESSION_METHODS)));
            }
            Method::OPTIONS => return Ok(Self::Response(Response::options(METHODS))),
            _ if is_session => return Err(HttpError::get_only()),
            _ => return Err(HttpError::method_not_allowed()),
        }
        let query = Query::of(request.uri());
        match path {
            "/healthz" => Ok(Self::Health),
            "/metrics" if role.has_metrics() => Ok(Self::Metrics),
            _ if role == Role::Admin => page::admin(request)
                .map(Self::Response)
                .ok_or_else(HttpError::not_found),
            "/relay" => relay(query).map(Self::Session),
            "/ws" => chat(query).map(Self::Session),
            "/echo" => Ok(Self::Session(SessionKind::Echo)),
            _ => page::chat(request)
                .map(Self::Response)
                .ok_or_else(HttpError::not_found),
        }
    }
}

fn relay(query: Query<'_>) -> Result<SessionKind, HttpError> {
    let form = match query.get("frames").as_deref() {
        None | Some("joined") => Form::Joined,
        Some("single") => Form::Single,
        Some(other) => {
            let message = format!("frames={other:?} is neither joined nor single");
            return Err(HttpError::bad_request(message));
        }
    };
    let channel = query.get("channel").unwrap_or_else(|| LOBBY.to_owned());
    if !is_name(&channel) {
        return Err(bad_name("channel"));
    }
    Ok(SessionKind::Relay {
        channel,
        form,
        last: last(query)?,
    })
}

/// How many of the latest messages are wanted.
fn last(query: Query<'_>) -> Result<usize, HttpError> {
    Ok(query.limit("last", 0..=LISTED_MAX)?.unwrap_or_default())
}

fn chat(query: Query<'_>) -> Result<SessionKind, HttpError> {
    match query.get("name") {
        None => Ok(SessionKind::Relay {
            channel: LOBBY.to_owned(),
            form: Form::Single,
            last: last(query)?,
        }),
        Some(name) if is_name(&name) => Ok(SessionKind::Chat {
            name,
            email: query.get("email"),
        }),
        Some(_) => Err(bad_name("name")),
    }
}

/// What is said of a name in a query that can be none.
pub fn bad_name(parameter: &str) -> HttpError {
    HttpError::bad_name(format!("{parameter} must have {}", name_rule()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(target: &str) -> SessionKind {
        let request = Request::builder().uri(target).body(()).unwrap();
        match Endpoint::of(&request, Role::Whole) {
            Ok(Endpoint::Session(kind)) => kind,
            other => panic!("{target} is {other:?}"),
        }
    }

    fn status(target: &str) -> u16 {
        status_by(Role::Whole, target)
    }

    fn status_by(role: Role, target: &str) -> u16 {
        let request = Request::builder().uri(target).body(()).unwrap();
        Endpoint::of(&request, role).map_or_else(|error| error.status.as_u16(), |_| 200)
    }

    fn channel(name: &str, form: Form) -> SessionKind {
        let channel = name.to_owned();
        SessionKind::Relay {
            channel,
            form,
            last: 0,
        }
    }

    #[test]
    fn a_relay_channel_is_named_by_the_query() {
        assert_eq!(session("/relay"), channel("lobby", Form::Joined));
        assert_eq!(
            session("/relay?channel=t%C3%A9a"),
            channel("téa", Form::Joined)
        );
        assert_eq!(
            session("/relay?frames=single"),
            channel("lobby", Form::Single)
        );
        assert_eq!(session("/ws"), channel("lobby", Form::Single));
        assert_eq!(session("/echo"), SessionKind::Echo);
    }

    #[test]
    fn names_have_1_to_64_characters_and_no_control_characters() {
        assert_eq!(
            status(&format!("/relay?channel={}", "%C3%A9".repeat(64))),
            200
        );
        assert_eq!(status(&format!("/relay?channel={}", "a".repeat(65))), 400);
        assert_eq!(status("/relay?channel="), 400);
        assert_eq!(status("/relay?channel=a%00"), 400);
        assert_eq!(status("/ws?name="), 400);
        assert_eq!(status("/ws?name=%20"), 400);
        assert_eq!(status("/ws?name=a%0A"), 400);
    }

    #[test]
    fn one_with_a_name_is_a_client_of_the_chat() {
        let ada = |email: Option<&str>| SessionKind::Chat {
            name: "Ada L".to_owned(),
            email: email.map(str::to_owned),
        };
        assert_eq!(session("/ws?name=Ada+L"), ada(None));
        assert_eq!(session("/ws?email=a%40b&name=Ada%20L"), ada(Some("a@b")));
    }

    #[test]
    fn a_method_that_a_path_does_not_take_is_told_which_ones_it_does() {
        let answer = |method: &str, target: &str| {
            let request = Request::builder().method(method).uri(target);
            match Endpoint::of(&request.body(()).unwrap(), Role::Whole) {
                Ok(Endpoint::Response(response)) => response,
                Ok(_) => panic!("{method} {target} is taken"),
                Err(error) => Response::from(&error),
            }
        };
        let allowed = |method, target| {
            let bytes = answer(method, target).encode(0, false, true);
            let text = String::from_utf8(bytes).unwrap();
            let (_, rest) = text.split_once("allow: ").unwrap();
            let (methods, _) = rest.split_once('\r').unwrap();
            (text[9..12].to_owned(), methods.to_owned())
        };
        for target in [
            "/",
            "/healthz",
            "/metrics",
            "/assets/main.js",
            "/nothing",
            "*",
        ] {
            let of = |status: &str| (status.to_owned(), "GET, HEAD, OPTIONS".to_owned());
            assert_eq!(allowed("OPTIONS", target), of("204"), "{target}");
            assert_eq!(allowed("POST", target), of("405"), "{target}");
        }
        for target in ["/relay", "/ws", "/ws?name=", "/echo"] {
            let of = |status: &str| (status.to_owned(), "GET, OPTIONS".to_owned());
            assert_eq!(allowed("OPTIONS", target), of("204"), "{target}");
            assert_eq!(allowed("HEAD", target), of("405"), "{target}");
        }
    }

    #[test]
    fn unknown_paths_and_parameters_are_errors() {
        assert_eq!(status("/nothing"), 404);
        assert_eq!(status("/assets/nothing"), 404);
        assert_eq!(status("/relay?frames=many"), 400);
    }

    #[test]
    fn programs_ask_at_the_operators_listener_alone_and_by_post() {
        let ask = |role, method: &str, target: &str| {
            let request = Request::builder().method(method).uri(target);
            Endpoint::of(&request.body(()).unwrap(), role)
        };
        let publish = "/api/publish?wait=none";
        let call = ask(Role::Admin, "POST", publish).unwrap();
        assert!(matches!(
            call,
            Endpoint::Call(Call::Publish { waits: false })
        ));
        let refusal = |method, target| {
            let error = ask(Role::Admin, method, target).unwrap_err();
            (error.status.as_u16(), error.code)
        };
        assert_eq!(refusal("GET", publish), (405, "method-not-allowed"));
        assert_eq!(
            refusal("PUT", "/api/relay?channel=tea"),
            (405, "method-not-allowed")
        );
        assert_eq!(refusal("POST", "/api/publish?wait=1"), (400, "bad-request"));
        assert_eq!(refusal("POST", "/api/relay"), (400, "bad-name"));
        for nothing in [
            "/api/",
            "/api/nothing",
            "/api/publish/",
            "/api/./publish",
            "/api//publish",
        ] {
            assert_eq!(refusal("POST", nothing), (404, "not-found"), "{nothing}");
        }
        assert!(matches!(
            ask(Role::Admin, "OPTIONS", publish),
            Ok(Endpoint::Response(_))
        ));
        for role in [Role::Whole, Role::Public] {
            assert_eq!(ask(role, "GET", publish).unwrap_err().status.as_u16(), 404);
            assert_eq!(ask(role, "POST", publish).unwrap_err().status.as_u16(), 405);
        }
    }

    #[test]
    fn each_listener_has_what_it_is_for() {
        for (path, statuses) in [
            ("/healthz", [200, 200, 200]),
            ("/metrics", [200, 404, 200]),
            ("/relay", [200, 200, 404]),
            ("/ws?name=Ada", [200, 200, 404]),
            ("/", [200, 200, 404]),
            ("/admin", [404, 404, 200]),
            ("/admin/assets/admin/main.js", [404, 404, 200]),
        ] {
            let roles = [Role::Whole, Role::Public, Role::Admin];
            assert_eq!(roles.map(|role| status_by(role, path)), statuses, "{path}");
        }
    }
}
