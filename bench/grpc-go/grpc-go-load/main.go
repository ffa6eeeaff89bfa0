// Load on a server of the greeter and the bench service, from grpc-go: bounded in time, checked answer by answer. A wrong
// answer or a failed call ends it with status 1; else it prints what was done as one line of JSON.
package main

import (
	"encoding/json"
	"flag"
	"log"
	"os"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// settings is what the command line says.
type settings struct {
	// target is host:port of the server, which speaks cleartext HTTP/2.
	target string
	// connections is how many there are.
	connections int
	// streams is how many calls are open at once, spread over the connections.
	streams int
	// messages is how many go over one stream before it ends.
	messages int
	// rate is how many calls a second leave, whether earlier ones are answered or not.
	rate int
	// text is the name that is greeted, and the payload of the streams.
	text string
	// duration is when the load stops by itself.
	duration time.Duration
}

// outcome is what was done: operations are calls or messages, depending on the workload.
type outcome struct {
	Operations int     `json:"operations"`
	Seconds    float64 `json:"seconds"`
	P50Ms      float64 `json:"p50Ms"`
	P99Ms      float64 `json:"p99Ms"`
}

// workloads by name. Those that hold something open return when standard input ends.
var workloads = map[string]func(settings) outcome{
	"headers":     varyHeaders,
	"unary":       unary,
	"download":    download,
	"upload":      upload,
	"echo":        echo,
	"ping-pong":   pingPong,
	"rate":        callAtRate,
	"fan-out":     fanOut,
	"connections": holdConnections,
	"streams":     holdStreams,
}

func main() {
	var s settings
	name := flag.String("workload", "", "what to do")
	flag.StringVar(&s.target, "target", "", "host:port of the server")
	flag.IntVar(&s.connections, "connections", 1, "connections")
	flag.IntVar(&s.streams, "streams", 1, "calls open at once")
	flag.IntVar(&s.messages, "messages", 1, "messages of a stream")
	flag.IntVar(&s.rate, "rate", 1, "calls a second")
	flag.DurationVar(&s.duration, "duration", time.Second, "how long")
	size := flag.Int("size", 11, "bytes of the text")
	flag.Parse()
	s.text = strings.Repeat("x", *size)
	run, isKnown := workloads[*name]
	if !isKnown {
		log.Fatalf("no workload is called %q", *name)
	}
	must(json.NewEncoder(os.Stdout).Encode(run(s)))
}

// connect opens the connections, which are usable once it returns.
func connect(s settings) []*grpc.ClientConn {
	connections := make([]*grpc.ClientConn, s.connections)
	for i := range connections {
		connection, err := grpc.NewClient(s.target, grpc.WithTransportCredentials(insecure.NewCredentials()))
		must(err)
		greet(connection, s.text)
		connections[i] = connection
	}
	return connections
}

// inParallel runs one worker for each stream until all of them end, and adds up what they did.
func inParallel(s settings, worker func(connection *grpc.ClientConn, until time.Time) int) outcome {
	connections := connect(s)
	done := make(chan int, s.streams)
	start := time.Now()
	for i := range s.streams {
		go func() { done <- worker(connections[i%len(connections)], start.Add(s.duration)) }()
	}
	operations := 0
	for range s.streams {
		operations += <-done
	}
	return outcome{Operations: operations, Seconds: time.Since(start).Seconds()}
}

// withLatencies adds the percentiles of the latencies, which it sorts.
func (o outcome) withLatencies(latencies []time.Duration) outcome {
	slices.Sort(latencies)
	at := func(share float64) float64 {
		return latencies[int(share*float64(len(latencies)-1))].Seconds() * 1000
	}
	o.P50Ms, o.P99Ms = at(0.5), at(0.99)
	return o
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
