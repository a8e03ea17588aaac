package main

import (
	"io"
	"os"
	"time"

	"github.com/gorilla/websocket"
)

type gorilla struct {
	*websocket.Conn
}

func main() {
	dialer := websocket.Dialer{EnableCompression: true}
	c, _, err := dialer.Dial(os.Args[1], nil)
	check(err)
	talk(gorilla{c})
}

func (c gorilla) begin(isText bool) (io.WriteCloser, error) {
	if isText {
		return c.NextWriter(websocket.TextMessage)
	}
	return c.NextWriter(websocket.BinaryMessage)
}

func (c gorilla) hear() (bool, []byte, error) {
	kind, message, err := c.ReadMessage()
	if err != nil && !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		check(err)
	}
	return kind == websocket.TextMessage, message, err
}

func (c gorilla) close() error {
	goodbye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	return c.WriteControl(websocket.CloseMessage, goodbye, time.Now().Add(time.Second))
}
