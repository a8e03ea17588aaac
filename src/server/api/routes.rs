//! Where everything is that programs ask for.

use http::{Method, Request};
use percent_encoding::percent_decode_str;

use super::{Act, Call, Look};
use crate::{
    server::{
        endpoint::{Endpoint, bad_name},
        http::{HttpError, METHODS, Response},
        query::Query,
    },
    vocabulary::name::is_name,
};

/// The methods of what does something.
pub(super) const ACTION_METHODS: &str = "POST, OPTIONS";
/// What stands for a name in a path.
const NAME: &str = "{}";

/// How what is asked for is told from the name in the path and the query.
type Reading = fn(String, Query<'_>) -> Result<Call, HttpError>;

/// What is at one path, below `/api/`.
struct Route {
    method: Method,
    path: &'static str,
    /// What there may be in the query.
    parameters: &'static [&'static str],
    call: Reading,
}

static ROUTES: [Route; 12] = [
    post("publish", &["wait"], |_, query| {
        let waits = waits(query)?;
        Ok(Call::Publish { waits })
    }),
    post("relay", &["channel", "wait"], |_, query| relay(query)),
    get("stats", &[], |_, _| Ok(Call::Look(Look::STATS))),
    get(
        "channels",
        &["dialect", "prefix", "after", "limit"],
        |_, query| Look::channels(query).map(Call::Look),
    ),
    get("channels/{}", &["dialect"], |name, query| {
        Look::channel(name, query).map(Call::Look)
    }),
    get(
        "channels/{}/members",
        &["dialect", "after", "limit"],
        |name, query| Look::members(name, query).map(Call::Look),
    ),
    get(
        "channels/{}/history",
        &["dialect", "before", "limit"],
        |name, query| Look::history(name, query).map(Call::Look),
    ),
    post("channels/{}/remove", &[], |name, _| {
        let channel = channel_in_path(name)?;
        Ok(Call::Act(Act::Remove { channel }))
    }),
    get("clients", &["sort", "named", "limit"], |_, query| {
        Look::clients(query).map(Call::Look)
    }),
    post("clients/{}/close", &[], |id, _| {
        Ok(Call::Act(Act::Close { id }))
    }),
    post("drain", &[], |_, _| Ok(Call::Act(Act::Drain))),
    get("openapi.json", &[], |_, _| Ok(Call::Look(Look::Schema))),
];

const fn get(path: &'static str, parameters: &'static [&'static str], call: Reading) -> Route {
    let method = Method::GET;
    Route {
        method,
        path,
        parameters,
        call,
    }
}

const fn post(path: &'static str, parameters: &'static [&'static str], call: Reading) -> Route {
    let method = Method::POST;
    Route {
        method,
        path,
        parameters,
        call,
    }
}

/// Finds what is below `/api/`.
///
/// # Errors
/// There is no such thing, or not with this method or these parameters.
pub(in crate::server) fn find(request: &Request<()>, path: &str) -> Result<Endpoint, HttpError> {
    let query = Query::of(request.uri());
    let mut found = ROUTES
        .iter()
        .filter_map(|route| Some((route, route.name_in(path)?)));
    let (route, name) = found.next().ok_or_else(HttpError::not_found)?;
    let (methods, refusal) = match route.method {
        Method::POST => (ACTION_METHODS, HttpError::post_only()),
        _ => (METHODS, HttpError::method_not_allowed()),
    };
    match request.method() {
        &Method::OPTIONS => Ok(Endpoint::Response(Response::options(methods))),
        asked if route.takes(asked) => {
            query.expect_only(route.parameters)?;
            (route.call)(decoded(name)?, query).map(Endpoint::Call)
        }
        _ => Err(refusal),
    }
}

impl Route {
    /// Whether it is asked for like this. What can be told can be told without its body too.
    fn takes(&self, method: &Method) -> bool {
        let is_head = method == Method::HEAD && self.method == Method::GET;
        is_head || *method == self.method
    }

    /// The name in a path that is this, as it is written; an empty one if it has none. Dot segments are names like others.
    fn name_in<'a>(&self, path: &'a str) -> Option<&'a str> {
        let mut name = "";
        let mut asked = path.split('/');
        for part in self.path.split('/') {
            match asked.next()? {
                segment if part == NAME => name = segment,
                segment if part == segment => {}
                _ => return None,
            }
        }
        asked.next().is_none().then_some(name)
    }
}

/// A name out of a path (RFC 3986, section 2.1).
fn decoded(name: &str) -> Result<String, HttpError> {
    let name = percent_decode_str(name).decode_utf8();
    let name = name.map_err(|_| HttpError::bad_name("the name in the path is not UTF-8"))?;
    Ok(name.into_owned())
}

/// A name that is one of a channel.
pub(super) fn channel_in_path(name: String) -> Result<String, HttpError> {
    if is_name(&name) {
        Ok(name)
    } else {
        Err(bad_name("the channel in the path"))
    }
}

fn relay(query: Query<'_>) -> Result<Call, HttpError> {
    let channel = query.get("channel").filter(|channel| is_name(channel));
    let channel = channel.ok_or_else(|| bad_name("channel"))?;
    let waits = waits(query)?;
    Ok(Call::Relay { channel, waits })
}

/// Whether the answer is to wait for what comes of it.
fn waits(query: Query<'_>) -> Result<bool, HttpError> {
    match query.get("wait").as_deref() {
        None => Ok(true),
        Some("none") => Ok(false),
        Some(other) => Err(HttpError::bad_request(format!(
            "wait={other:?} is not none; leave it out to be told what came of it"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::vocabulary::arrival::Role;

    fn ask(method: &str, target: &str) -> Result<Endpoint, HttpError> {
        let request = Request::builder().method(method).uri(target);
        Endpoint::of(&request.body(()).unwrap(), Role::Admin)
    }

    fn name_asked_for(target: &str) -> String {
        match ask("POST", target) {
            Ok(Endpoint::Call(Call::Act(Act::Remove { channel }))) => channel,
            other => panic!("{target} is {other:?}"),
        }
    }

    #[test]
    fn a_name_in_a_path_is_decoded_after_the_path_is_taken_apart() {
        for (path, name) in [
            ("tea", "tea"),
            ("a%2Fb", "a/b"),
            ("a+b", "a+b"),
            ("%C3%A9%20t", "é t"),
            (".", "."),
            ("..", ".."),
            ("%2e%2E", ".."),
            ("%25", "%"),
        ] {
            assert_eq!(
                name_asked_for(&format!("/api/channels/{path}/remove")),
                name
            );
        }
        for bad in ["", "%00", "%FF", "a%0Ab"] {
            let error = ask("POST", &format!("/api/channels/{bad}/remove")).unwrap_err();
            assert_eq!(
                (error.status.as_u16(), error.code),
                (400, "bad-name"),
                "{bad}"
            );
        }
    }

    #[test]
    fn every_parameter_has_its_bounds() {
        for query in [
            "clients?limit=0",
            "clients?limit=1001",
            "clients?limit=-1",
            "clients?limit=+1",
            "clients?sort=name",
            "clients?sort=age&named=Ada",
            "channels?dialect=echo",
            "channels?limit=x",
            "channels/tea/history?limit=101",
            "channels/tea/history?before=x",
        ] {
            let error = ask("GET", &format!("/api/{query}")).unwrap_err();
            assert_eq!(error.status.as_u16(), 400, "{query}");
        }
        for query in [
            "clients?limit=1000&sort=lag",
            "channels/tea/history?limit=100&before=0",
        ] {
            assert!(ask("GET", &format!("/api/{query}")).is_ok(), "{query}");
        }
    }

    #[test]
    fn parameters_that_nothing_is_known_of_are_named_and_so_is_one_that_is_there_twice() {
        let refusal = |method, target: &str| {
            let error = ask(method, &format!("/api/{target}")).unwrap_err();
            assert_eq!((error.status.as_u16(), error.code), (400, "bad-parameter"));
            error.message
        };
        for (target, words) in [
            (
                "clients?limt=5",
                "there is no parameter \"limt\" here, only sort, named and limit",
            ),
            ("channels/tea?limit=5", "\"limit\" here, only dialect"),
            (
                "stats?%1B=",
                "there is no parameter \"\\u{1b}\" here, nor any other",
            ),
            (
                "clients?limit=5&limit=6",
                "the parameter \"limit\" is there more than once",
            ),
        ] {
            let message = refusal("GET", target);
            assert!(message.contains(words), "{target}: {message}");
        }
        for target in ["publish?Wait=none", "relay?channel=tea&x", "drain?now"] {
            refusal("POST", target);
        }
        assert!(ask("GET", "/api/clients?&limit=5&").is_ok());
        assert!(ask("OPTIONS", "/api/clients?x").is_ok());
    }

    #[test]
    fn what_only_tells_is_asked_for_by_get_and_what_does_something_by_post() {
        for route in &ROUTES {
            let path = route.path.replace(NAME, "tea");
            let query = if path == "relay" { "?channel=tea" } else { "" };
            let target = format!("/api/{path}{query}");
            let is_action = route.method == Method::POST;
            for (method, is_right) in [
                ("GET", !is_action),
                ("HEAD", !is_action),
                ("POST", is_action),
            ] {
                let asked = ask(method, &target);
                let is_taken = matches!(asked, Ok(Endpoint::Call(_)));
                assert_eq!(is_taken, is_right, "{method} {target}");
                let code = asked.map_or_else(|error| error.code, |_| "method-not-allowed");
                assert_eq!(code, "method-not-allowed");
            }
            assert!(matches!(ask("OPTIONS", &target), Ok(Endpoint::Response(_))));
        }
    }

    #[test]
    fn the_description_has_all_that_is_there_and_nothing_else() {
        let described: Value = serde_json::from_str(include_str!("openapi.json")).unwrap();
        let none = Vec::new();
        let mut operations = BTreeSet::new();
        for (path, methods) in described["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let parts = path
                    .split('/')
                    .map(|part| if part.starts_with('{') { NAME } else { part });
                let path = parts.collect::<Vec<_>>().join("/");
                let parameters = operation["parameters"].as_array().unwrap_or(&none).iter();
                let parameters = parameters.filter(|parameter| parameter["in"] == "query");
                let parameters = parameters.map(|parameter| parameter["name"].as_str().unwrap());
                operations.insert((method.to_uppercase(), path, parameters.collect()));
            }
        }
        let routes = ROUTES.iter().map(|route| {
            let path = format!("/api/{}", route.path);
            (route.method.to_string(), path, route.parameters.to_vec())
        });
        let beside = ["/healthz", "/metrics"];
        let beside = beside.map(|path| ("GET".to_owned(), path.to_owned(), Vec::new()));
        assert_eq!(operations, routes.chain(beside).collect());
    }
}
