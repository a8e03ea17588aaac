//! What a user of axum writes: a broadcast channel, and a task for each client that forwards what comes out of it. A
//! client that falls more than the channel's length behind is disconnected, since what it missed is gone.

use std::{env, error::Error};

use axum::{
    Router,
    extract::{
        State, WebSocketUpgrade,
        ws::{Message, Utf8Bytes, WebSocket},
    },
    routing::any,
    serve::ListenerExt,
};
use tokio::{
    net::TcpListener,
    sync::broadcast::{self, Sender},
};

/// Messages that a client may be behind.
const BEHIND_MAX: usize = 1024;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port: u16 = env::args().nth(1).ok_or("usage: axum-peer PORT")?.parse()?;
    let (everyone, _) = broadcast::channel::<Utf8Bytes>(BEHIND_MAX);
    let upgrade = |upgrade: WebSocketUpgrade, State(everyone)| async {
        upgrade.on_upgrade(|socket| serve(socket, everyone))
    };
    let routes = Router::new().fallback(any(upgrade)).with_state(everyone);
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening on {}", listener.local_addr()?);
    // A connection that cannot have it is slower and no worse.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    Ok(axum::serve(listener, routes).await?)
}

async fn serve(mut socket: WebSocket, everyone: Sender<Utf8Bytes>) {
    let mut messages = everyone.subscribe();
    loop {
        let forwarded = tokio::select! {
            said = socket.recv() => match said {
                // The sender hears it too, so that there is somebody who does.
                Some(Ok(Message::Text(text))) => everyone.send(text).is_ok(),
                Some(Ok(_)) => true,
                Some(Err(_)) | None => false,
            },
            message = messages.recv() => match message {
                Ok(text) => socket.send(Message::Text(text)).await.is_ok(),
                Err(_) => false,
            },
        };
        if !forwarded {
            return;
        }
    }
}
