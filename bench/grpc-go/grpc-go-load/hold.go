package main

import (
	"fmt"
	"io"
	"os"

	benchv1 "portico.bench/grpc-go/gen/bench/v1"
)

// holdConnections opens connections that are idle after one call each.
func holdConnections(s settings) outcome {
	connections := connect(s)
	hold()
	return outcome{Operations: len(connections)}
}

// holdStreams opens streams that are idle after one message each way.
func holdStreams(s settings) outcome {
	connections := connect(s)
	streams := make([]echoStream, s.streams)
	for i := range streams {
		streams[i] = openEcho(connections[i%len(connections)])
		must(streams[i].Send(&benchv1.EchoRequest{Text: s.text}))
		receive(streams[i], s.text)
	}
	hold()
	return outcome{Operations: len(streams)}
}

// hold says on standard error that all is open, and keeps it so until standard input ends.
func hold() {
	fmt.Fprintln(os.Stderr, "holding")
	_, _ = io.Copy(io.Discard, os.Stdin)
}
