package main

import (
	"context"
	"log"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	greeterv1 "portico.bench/grpc-go/gen/greeter/v1"
)

// fanOut publishes bursts of messages to one topic, each once all subscribers have the one before. Operations are
// deliveries.
func fanOut(s settings) outcome {
	// The publisher has a connection of its own: those of the subscribers may have all the streams that the server allows.
	s.connections++
	connections := connect(s)
	publisher := greeterv1.NewGreeterServiceClient(connections[0])
	connections = connections[1:]
	topic := "bench/" + randomHex(8)
	deliveries := newTally()
	// Subscribers ask for what is kept, so the first message shows that they are there.
	deliveries.expect(int64(s.streams))
	publish(publisher, topic, s.text)
	ctx, leave := context.WithCancel(context.Background())
	defer leave()
	for i := range s.streams {
		go subscribe(ctx, connections[i%len(connections)], topic, deliveries)
	}
	deliveries.wait()
	start := time.Now()
	operations := 0
	for time.Since(start) < s.duration {
		deliveries.expect(int64(s.streams * s.messages))
		for range s.messages {
			publish(publisher, topic, s.text)
		}
		deliveries.wait()
		operations += s.streams * s.messages
	}
	return outcome{Operations: operations, Seconds: time.Since(start).Seconds()}
}

func publish(client greeterv1.GreeterServiceClient, topic, text string) {
	_, err := client.Publish(context.Background(), &greeterv1.PublishRequest{Topic: topic, Data: text})
	must(err)
}

func subscribe(ctx context.Context, connection *grpc.ClientConn, topic string, deliveries *tally) {
	fromStart := uint64(0)
	request := &greeterv1.GetStreamRequest{Topic: topic, AfterSequence: &fromStart}
	stream, err := greeterv1.NewGreeterServiceClient(connection).GetStream(ctx, request)
	must(err)
	for sequence := uint64(1); ; sequence++ {
		message, err := stream.Recv()
		if ctx.Err() != nil {
			return
		}
		must(err)
		if message.GetSequence() != sequence || message.GetMissed() != 0 {
			log.Fatalf("message %d came in place of %d, %d missed", message.GetSequence(), sequence, message.GetMissed())
		}
		deliveries.add()
	}
}

// tally counts deliveries, and tells when all that are expected have come.
type tally struct {
	left atomic.Int64
	done chan struct{}
}

func newTally() *tally {
	return &tally{done: make(chan struct{}, 1)}
}

func (t *tally) expect(deliveries int64) {
	t.left.Store(deliveries)
}

func (t *tally) add() {
	if t.left.Add(-1) == 0 {
		t.done <- struct{}{}
	}
}

func (t *tally) wait() {
	<-t.done
}
