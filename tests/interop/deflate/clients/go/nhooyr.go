package main

import (
	"context"
	"io"
	"os"

	"nhooyr.io/websocket"
)

// The largest message that is echoed; by default it takes 32 KiB.
const maxMessage = 1 << 20

type nhooyr struct {
	*websocket.Conn
}

func main() {
	c, _, err := websocket.Dial(context.Background(), os.Args[1], nil)
	check(err)
	c.SetReadLimit(maxMessage)
	talk(nhooyr{c})
}

func (c nhooyr) begin(isText bool) (io.WriteCloser, error) {
	if isText {
		return c.Writer(context.Background(), websocket.MessageText)
	}
	return c.Writer(context.Background(), websocket.MessageBinary)
}

func (c nhooyr) hear() (bool, []byte, error) {
	kind, message, err := c.Read(context.Background())
	return kind == websocket.MessageText, message, err
}

// What it makes of the answer does not count: it takes the rest of a message that is being read for a frame (1.8.7).
func (c nhooyr) close() error {
	c.Close(websocket.StatusNormalClosure, "")
	return nil
}
