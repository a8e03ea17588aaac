// Lines of JSON on stdin and stdout: see speaker.py.
package main

import (
	"bufio"
	"encoding/json"
	"io"
	"log"
	"os"
)

// What a client of either library can do.
type conn interface {
	// Begins a message, which ends where it is closed.
	begin(isText bool) (io.WriteCloser, error)
	// The next message; an error once the connection is closed.
	hear() (isText bool, message []byte, err error)
	close() error
}

type command struct {
	Text   []string
	Binary []string
}

func talk(c conn) {
	tell("open", true)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			isText, message, err := c.hear()
			if err != nil {
				return
			}
			if isText {
				tell("text", string(message))
			} else {
				tell("binary", characters(message))
			}
		}
	}()
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var told command
		check(json.Unmarshal(lines.Bytes(), &told))
		message, err := c.begin(told.Text != nil)
		check(err)
		for _, part := range told.Text {
			write(message, []byte(part))
		}
		for _, part := range told.Binary {
			write(message, octets(part))
		}
		check(message.Close())
	}
	check(c.close())
	<-ended
	tell("closed", 1000)
}

func write(message io.Writer, part []byte) {
	_, err := message.Write(part)
	check(err)
}

func tell(kind string, what any) {
	check(json.NewEncoder(os.Stdout).Encode(map[string]any{kind: what}))
}

func characters(message []byte) string {
	all := make([]rune, len(message))
	for index, octet := range message {
		all[index] = rune(octet)
	}
	return string(all)
}

func octets(text string) []byte {
	all := []byte{}
	for _, character := range text {
		all = append(all, byte(character))
	}
	return all
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
