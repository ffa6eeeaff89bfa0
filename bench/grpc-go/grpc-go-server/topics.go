package main

import (
	"context"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	greeterv1 "portico.bench/grpc-go/gen/greeter/v1"
)

const (
	maxKept   = 1_024
	maxQueued = 1_024
)

type subscriber = chan *greeterv1.GetStreamResponse

// hub has topics with a history. Publishers do not wait: what a slow subscriber has no room for is dropped.
type hub struct {
	mutex  sync.Mutex
	topics map[string]*topic
}

type topic struct {
	sequence    uint64
	kept        []*greeterv1.GetStreamResponse
	subscribers map[subscriber]struct{}
}

// of returns a topic; the caller holds the mutex.
func (h *hub) of(name string) *topic {
	found := h.topics[name]
	if found == nil {
		found = &topic{subscribers: map[subscriber]struct{}{}}
		h.topics[name] = found
	}
	return found
}

func (g greeter) Publish(_ context.Context, in *greeterv1.PublishRequest) (*greeterv1.PublishResponse, error) {
	g.hub.mutex.Lock()
	defer g.hub.mutex.Unlock()
	t := g.hub.of(in.GetTopic())
	t.sequence++
	message := &greeterv1.GetStreamResponse{
		Topic:    in.GetTopic(),
		Sequence: t.sequence,
		Time:     timestamppb.Now(),
		Data:     in.GetData(),
	}
	t.kept = append(t.kept, message)
	if len(t.kept) > maxKept {
		t.kept = t.kept[1:]
	}
	for queue := range t.subscribers {
		select {
		case queue <- message:
		default:
		}
	}
	return &greeterv1.PublishResponse{Sequence: t.sequence}, nil
}

func (g greeter) GetStream(in *greeterv1.GetStreamRequest, stream grpc.ServerStreamingServer[greeterv1.GetStreamResponse]) error {
	queue := make(subscriber, maxQueued)
	kept := g.hub.join(in, queue)
	defer g.hub.leave(in.GetTopic(), queue)
	for _, message := range kept {
		if err := stream.Send(message); err != nil {
			return err
		}
	}
	for {
		select {
		case message := <-queue:
			if err := stream.Send(message); err != nil {
				return err
			}
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
	}
}

// join returns the kept messages that the subscriber asks for; the next ones go to its queue.
func (h *hub) join(in *greeterv1.GetStreamRequest, queue subscriber) []*greeterv1.GetStreamResponse {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	t := h.of(in.GetTopic())
	t.subscribers[queue] = struct{}{}
	if in.AfterSequence == nil {
		return nil
	}
	var kept []*greeterv1.GetStreamResponse
	for _, message := range t.kept {
		if message.GetSequence() > in.GetAfterSequence() {
			kept = append(kept, message)
		}
	}
	return kept
}

func (h *hub) leave(name string, queue subscriber) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	delete(h.of(name).subscribers, queue)
}
