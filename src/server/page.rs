//! The chat page, the client for pages of others, and the operator's page: their files, embedded in the binary, and how they
//! are served.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

use http::{Request, header};

use super::http::{Response, entries};

/// Nothing from elsewhere, no code or style but that of the files, and no text that becomes markup or code;
/// `connect-src` is for a session with this server.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const CSS: &str = "text/css; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";
const TS: &str = "application/typescript; charset=utf-8";

/// Lists files of the page, each by its media type and by the name that it has in its folder.
macro_rules! assets {
    ($($media_type:ident $name:literal)*) => {
        vec![$(Asset::new($name, $media_type, include_str!(concat!("../page/", $name)))),*]
    };
}

/// The files of the chat.
static CHAT: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    assets! {
        HTML "index.html"
        SVG "icon.svg"
        CSS "style/base.css"
        CSS "style/joining.css"
        CSS "style/log.css"
        CSS "style/shell.css"
        JS "avatar.js"
        TS "hubbub.d.ts"
        JS "hubbub.js"
        JS "hubbub/backoff.js"
        JS "hubbub/channel.js"
        JS "hubbub/error.js"
        JS "hubbub/event.js"
        JS "hubbub/hub.js"
        JS "hubbub/lane.js"
        JS "hubbub/link.js"
        JS "hubbub/position.js"
        JS "hubbub/refusal.js"
        JS "hubbub/text.js"
        JS "main.js"
        JS "memory.js"
        JS "names.js"
        JS "session.js"
        JS "words.js"
        JS "state/channel.js"
        JS "state/conversation.js"
        JS "state/store.js"
        JS "text/emoji.js"
        JS "text/parse.js"
        JS "view/alerts.js"
        JS "view/composer.js"
        JS "view/dom.js"
        JS "view/drawer.js"
        JS "view/field.js"
        JS "view/focus.js"
        JS "view/joining.js"
        JS "view/log.js"
        JS "view/members.js"
        JS "view/picture.js"
        JS "view/row.js"
        JS "view/sidebar.js"
        JS "view/status.js"
        JS "view/text.js"
        JS "view/time.js"
        JS "view/topic.js"
    }
});

/// The files of the operator's page, some of which are the chat's too.
static ADMIN: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    assets! {
        HTML "admin/index.html"
        SVG "icon.svg"
        CSS "style/admin.css"
        CSS "style/base.css"
        JS "admin/api.js"
        JS "admin/chart.js"
        JS "admin/confirming.js"
        JS "admin/details.js"
        JS "admin/figures.js"
        JS "admin/lists.js"
        JS "admin/main.js"
        JS "admin/samples.js"
        JS "admin/table.js"
        JS "admin/words.js"
        JS "memory.js"
        JS "view/dom.js"
        JS "view/time.js"
    }
});

/// A file of a page.
struct Asset {
    name: &'static str,
    media_type: &'static str,
    body: &'static str,
    /// Changes with the body and with the policy, which a browser keeps beside it.
    etag: String,
}

impl Asset {
    fn new(name: &'static str, media_type: &'static str, body: &'static str) -> Self {
        Self {
            name,
            media_type,
            body,
            etag: etag(body, CONTENT_SECURITY_POLICY),
        }
    }

    fn is_known_to(&self, request: &Request<()>) -> bool {
        entries(request.headers(), &header::IF_NONE_MATCH)
            // The comparison is the weak one (RFC 9110, section 13.1.2).
            .map(|tag| tag.trim_start_matches("W/"))
            .any(|tag| tag == "*" || tag == self.etag)
    }

    fn respond(&'static self, request: &Request<()>) -> Response {
        let response = if self.is_known_to(request) {
            Response::not_modified()
        } else {
            Response::ok(self.media_type, self.body.as_bytes())
                .with(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY)
                .with(header::REFERRER_POLICY, "no-referrer")
                .with(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        };
        response
            .with(header::ETAG, &self.etag)
            .with(header::CACHE_CONTROL, "no-cache")
    }
}

fn etag(body: &str, policy: &str) -> String {
    let mut hasher = DefaultHasher::new();
    (body, policy).hash(&mut hasher);
    format!("\"{:016x}\"", hasher.finish())
}

/// The response to a request for a file of the chat: `/`, or `/assets/` and its name. `None` if there is none.
pub fn chat(request: &Request<()>) -> Option<Response> {
    let name = match request.uri().path() {
        "/" => "index.html",
        path => path.strip_prefix("/assets/")?,
    };
    respond(&CHAT, name, request)
}

/// The same for the operator's page: `/admin`, or `/admin/assets/` and its name.
pub fn admin(request: &Request<()>) -> Option<Response> {
    let name = match request.uri().path() {
        "/admin" => "admin/index.html",
        path => path.strip_prefix("/admin/assets/")?,
    };
    respond(&ADMIN, name, request)
}

fn respond(assets: &'static [Asset], name: &str, request: &Request<()>) -> Option<Response> {
    let asset = assets.iter().find(|asset| asset.name == name)?;
    Some(asset.respond(request))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_page_names_every_file_of_its_code_so_that_none_is_waited_for() {
        for (assets, index) in [(&CHAT, "index.html"), (&ADMIN, "admin/index.html")] {
            let index = assets.iter().find(|asset| asset.name == index).unwrap();
            for asset in assets.iter().filter(|asset| asset.media_type == JS) {
                let name = format!("assets/{}\"", asset.name);
                assert!(index.body.contains(&name), "{}", asset.name);
            }
        }
    }

    fn ask(path: &str, tags: &str) -> Option<String> {
        let request = Request::builder()
            .uri(path)
            .header(header::IF_NONE_MATCH, tags);
        let request = request.body(()).unwrap();
        let response = if path.starts_with("/admin") {
            admin(&request)?
        } else {
            chat(&request)?
        };
        Some(String::from_utf8(response.encode(0, false, true)).unwrap())
    }

    #[test]
    fn a_file_that_is_known_by_its_tag_is_not_sent_again() {
        let index = CHAT.iter().find(|asset| asset.name == "index.html");
        let etag = &index.unwrap().etag;
        let known = |tags: &str| ask("/", tags).unwrap().starts_with("HTTP/1.1 304 ");
        assert!(known("*"));
        assert!(known(etag));
        assert!(known(&format!("\"other\", W/{etag}")));
        assert!(!known("\"other\""));
    }

    #[test]
    fn every_file_has_a_tag_of_its_own() {
        for assets in [&CHAT, &ADMIN] {
            let tags: HashSet<_> = assets.iter().map(|asset| &asset.etag).collect();
            assert_eq!(tags.len(), assets.len());
        }
    }

    #[test]
    fn a_file_under_another_policy_has_another_tag() {
        assert_eq!(etag("body", "policy"), etag("body", "policy"));
        assert_ne!(etag("body", "policy"), etag("body", "another"));
        assert_ne!(etag("body", "policy"), etag("another", "policy"));
    }

    #[test]
    fn every_file_comes_with_its_type_and_the_policy() {
        let chat = CHAT.iter().map(|asset| (asset, "/assets"));
        let admin = ADMIN.iter().map(|asset| (asset, "/admin/assets"));
        for (asset, folder) in chat.chain(admin) {
            let response = ask(&format!("{folder}/{}", asset.name), "").unwrap();
            assert!(response.contains(&format!("content-type: {}\r\n", asset.media_type)));
            assert!(response.contains("content-security-policy: default-src 'none'; script-src"));
            assert!(response.contains("referrer-policy: no-referrer\r\n"));
            assert!(response.contains("x-content-type-options: nosniff\r\n"));
            assert!(response.ends_with(asset.body));
        }
    }

    #[test]
    fn nothing_else_is_served() {
        for path in [
            "/assets/",
            "/assets/nothing.js",
            "/assets/../index.html",
            "/index.html",
            "/assets/admin/main.js",
            "/admin/",
            "/admin/assets/main.js",
            "/admin/assets/../index.html",
        ] {
            assert!(ask(path, "").is_none(), "{path}");
        }
    }
}
