use std::net::TcpListener;

use super::*;
use crate::plan::particulars::Own;

fn asking(query: &str) -> Wish<'_> {
    Wish {
        query: Some(query),
        ..Wish::default()
    }
}

fn address(target: &Target) -> String {
    match target.place() {
        Place::Tcp { address, .. } => address.to_string(),
        Place::Unix(path) => panic!("{}", path.display()),
    }
}

#[test]
fn a_url_gives_an_address_and_a_request() {
    let target = Target::new("ws://127.0.0.1:8080/relay?channel=x", &Handshake::default()).unwrap();
    assert_eq!(address(&target), "127.0.0.1:8080");
    let (one, other) = (
        target.request(Wish::default()),
        target.request(Wish::default()),
    );
    assert_eq!(one.uri().path(), "/relay");
    assert_ne!(
        one.headers()["sec-websocket-key"],
        other.headers()["sec-websocket-key"]
    );
    let v6 = Target::new("ws://[::1]:9/", &Handshake::default()).unwrap();
    assert_eq!(address(&v6), "[::1]:9");
    let loud = Target::new("WS://127.0.0.1:8080/", &Handshake::default()).unwrap();
    assert_eq!(loud.request(Wish::default()).uri().path(), "/");
}

#[test]
fn a_url_is_told_as_a_client_asks_for_it_without_what_is_secret() {
    let own = Own {
        client: 7,
        topic: "a/b",
        value: "mine",
    };
    for (url, default_path, told) in [
        ("ws://h@127.0.0.1:1/x", "/y", "ws://***@127.0.0.1:1/x"),
        ("ws://127.0.0.1:1/", "/y", "ws://127.0.0.1:1/"),
        ("ws://127.0.0.1:1/", "/y-%c", "ws://127.0.0.1:1/y-7"),
        (
            "ws://127.0.0.1:1/%t/%c?as=%v",
            "/",
            "ws://127.0.0.1:1/a%2Fb/7?as=***",
        ),
    ] {
        let handshake = Handshake {
            default_path,
            ..Handshake::default()
        };
        let target = Target::new(url, &handshake).unwrap();
        assert_eq!(target.url_of(own), told);
    }
}

#[test]
fn tls_is_spoken_where_the_url_says_so_on_port_443() {
    let handshake = Handshake {
        trust: Trust::Anyone,
        ..Handshake::default()
    };
    let target = Target::new("wss://127.0.0.1/relay", &handshake).unwrap();
    assert_eq!(address(&target), "127.0.0.1:443");
    let Place::Tcp { tls, .. } = target.place() else {
        panic!("it is TCP");
    };
    assert_eq!(tls.as_ref().unwrap().1, "127.0.0.1");
}

#[test]
fn a_unix_socket_has_its_endpoint_beside_it() {
    for (scheme, path) in [("unix", "/relay?channel=x"), ("UNIX", "relay?channel=x")] {
        let handshake = Handshake {
            path: Some(path),
            ..Handshake::default()
        };
        let target = Target::new(&format!("{scheme}:/run/Hubbub.sock"), &handshake).unwrap();
        assert!(matches!(target.place(), Place::Unix(path) if path.ends_with("Hubbub.sock")));
        let request = target.request(asking("name=a"));
        let asked = request.uri().path_and_query().unwrap();
        assert_eq!(asked, "/relay?channel=x&name=a");
    }
}

#[test]
fn a_unix_socket_without_a_path_is_none() {
    let error = Target::new("unix:", &Handshake::default()).unwrap_err();
    let error = error.to_string();
    assert!(error.contains("unix:/run/hubbub.sock"), "{error}");
}

#[test]
fn of_several_addresses_the_first_that_answers_is_kept() {
    let [open, other] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let [open, other] = [open, other].map(|listener| (listener.local_addr().unwrap(), listener));
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    assert_eq!(first_to_answer(&[closed, open.0, other.0]).unwrap(), open.0);
    let refused = first_to_answer(&[closed, closed]).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(first_to_answer(&[closed]).unwrap(), closed);
    assert!(first_to_answer(&[]).is_err());
}

#[test]
fn the_user_of_a_url_is_told_to_the_server_and_to_nobody_else() {
    let target = |token, headers| {
        let handshake = Handshake {
            token,
            headers,
            ..Handshake::default()
        };
        Target::new("ws://ada:a%20b@127.0.0.1:1/?token=c", &handshake).unwrap()
    };
    let ada = target(None, &[]);
    let request = ada.request(Wish::default());
    assert_eq!(request.headers()["authorization"], "Basic YWRhOmEgYg==");
    assert_eq!(request.headers()["host"], "127.0.0.1:1");
    assert_eq!(ada.url(), "ws://ada:***@127.0.0.1:1/?token=***");
    let bearer = HeaderValue::from_static("Bearer b");
    let given = [(header::AUTHORIZATION, HeaderValue::from_static("c"))];
    for (headers, said) in [(&[][..], "Bearer b"), (&given, "c")] {
        let request = target(Some(&bearer), headers).request(Wish::default());
        assert_eq!(request.headers()["authorization"], said);
    }
}

#[test]
fn each_client_asks_for_what_is_its_own() {
    let headers = [
        (header::AUTHORIZATION, HeaderValue::from_static("Bearer %v")),
        (header::ORIGIN, HeaderValue::from_static("http://%c")),
    ];
    let bearer = HeaderValue::from_static("Bearer of all");
    let handshake = Handshake {
        token: Some(&bearer),
        headers: &headers,
        ..Handshake::default()
    };
    let url = "ws://127.0.0.1:1/%t/%c%2F?token=%v";
    let target = Target::new(url, &handshake).unwrap();
    let own = Own {
        client: 7,
        topic: "a/b",
        value: "x y&z",
    };
    let request = target.request(Wish {
        own,
        ..asking("name=a")
    });
    let asked = request.uri().path_and_query().unwrap();
    assert_eq!(asked, "/a%2Fb/7%2F?token=x%20y%26z&name=a");
    let said = request.headers().get_all("authorization");
    assert_eq!(said.iter().collect::<Vec<_>>(), ["Bearer x y&z"]);
    assert_eq!(request.headers()["origin"], "http://7");
    assert!(!format!("{:?}", request.headers()).contains("x y&z"));
    for wrong in ["ws://127.0.0.1:1/%s", "ws://127.0.0.1:1/%ca"] {
        assert!(
            Target::new(wrong, &Handshake::default()).is_err(),
            "{wrong}"
        );
    }
}

#[test]
fn what_a_language_asks_for_is_asked_where_the_url_names_nothing() {
    let asked = |url| {
        let handshake = Handshake {
            default_path: "/socket.io/?EIO=4",
            ..Handshake::default()
        };
        let request = Target::new(url, &handshake)
            .unwrap()
            .request(Wish::default());
        request.uri().path_and_query().unwrap().to_string()
    };
    assert_eq!(asked("ws://127.0.0.1:1"), "/socket.io/?EIO=4");
    assert_eq!(asked("ws://127.0.0.1:1/"), "/socket.io/?EIO=4");
    assert_eq!(asked("ws://127.0.0.1:1/?a=b"), "/?a=b");
    assert_eq!(asked("ws://127.0.0.1:1/x"), "/x");
}

#[test]
fn a_client_asks_for_more_than_the_url_says_unless_it_says_so_itself() {
    let uri = |url: &str, query| {
        let target = Target::new(url, &Handshake::default()).unwrap();
        target.request(asking(query)).uri().to_string()
    };
    assert_eq!(
        uri("ws://127.0.0.1:1", "name=a"),
        "ws://127.0.0.1:1/?name=a"
    );
    assert_eq!(
        uri("ws://127.0.0.1:1/ws?email=e", "name=a"),
        "ws://127.0.0.1:1/ws?email=e&name=a"
    );
    assert_eq!(
        uri("ws://127.0.0.1:1/ws?name=b", "name=a"),
        "ws://127.0.0.1:1/ws?name=b"
    );
}

#[test]
fn a_wrong_url_is_quoted_with_a_right_one() {
    for url in [
        "",
        "nonsense",
        "127.0.0.1:8080/",
        "http://127.0.0.1/",
        "ws://",
        "ws://127.0.0.1:99999/",
        "ws://127.0.0.1:/",
    ] {
        let text = Target::new(url, &Handshake::default())
            .unwrap_err()
            .to_string();
        assert!(
            text.contains(url) && text.contains("ws://127.0.0.1:8080/relay"),
            "{text}"
        );
    }
}
