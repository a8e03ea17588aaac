// The chat of the gorilla/websocket examples, in its shape and with its settings: a hub, and two goroutines for each
// client. A client whose queue is full is dropped. What waits in the queue leaves in one frame, joined by newlines.
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/gorilla/websocket"
)

var upgrader = websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: gorilla PORT")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	hub := newHub()
	go hub.run()
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		client := &client{hub: hub, conn: conn, send: make(chan []byte, 256)}
		hub.register <- client
		go client.write()
		go client.read()
	})
	fmt.Println("listening on", listener.Addr())
	log.Fatal(http.Serve(listener, nil))
}
