package main

import (
	"context"
	"io"
	"log"
	"time"

	"google.golang.org/grpc"

	benchv1 "portico.bench/grpc-go/gen/bench/v1"
)

type echoStream = grpc.BidiStreamingClient[benchv1.EchoRequest, benchv1.EchoResponse]

// download reads streams of messages.
func download(s settings) outcome {
	return inParallel(s, func(connection *grpc.ClientConn, until time.Time) int {
		client := benchv1.NewBenchServiceClient(connection)
		request := &benchv1.DownloadRequest{Count: uint32(s.messages), Text: s.text}
		received := 0
		for time.Now().Before(until) {
			stream, err := client.Download(context.Background(), request)
			must(err)
			for range s.messages {
				receive(stream, s.text)
			}
			expectEnd(stream)
			received += s.messages
		}
		return received
	})
}

// upload sends streams of messages, each answered with their count.
func upload(s settings) outcome {
	return inParallel(s, func(connection *grpc.ClientConn, until time.Time) int {
		client := benchv1.NewBenchServiceClient(connection)
		message := &benchv1.UploadRequest{Text: s.text}
		sent := 0
		for time.Now().Before(until) {
			stream, err := client.Upload(context.Background())
			must(err)
			for range s.messages {
				must(stream.Send(message))
			}
			answer, err := stream.CloseAndRecv()
			must(err)
			if int(answer.GetCount()) != s.messages {
				log.Fatalf("%d messages came of %d", answer.GetCount(), s.messages)
			}
			sent += s.messages
		}
		return sent
	})
}

// echo sends without waiting and reads what comes back.
func echo(s settings) outcome {
	return inParallel(s, func(connection *grpc.ClientConn, until time.Time) int {
		received := 0
		for time.Now().Before(until) {
			stream := openEcho(connection)
			go sendAll(stream, s)
			for range s.messages {
				receive(stream, s.text)
			}
			expectEnd(stream)
			received += s.messages
		}
		return received
	})
}

// pingPong sends the next message once the last one is back.
func pingPong(s settings) outcome {
	return inParallel(s, func(connection *grpc.ClientConn, until time.Time) int {
		stream := openEcho(connection)
		message := &benchv1.EchoRequest{Text: s.text}
		received := 0
		for time.Now().Before(until) {
			must(stream.Send(message))
			receive(stream, s.text)
			received++
		}
		must(stream.CloseSend())
		expectEnd(stream)
		return received
	})
}

func openEcho(connection *grpc.ClientConn) echoStream {
	stream, err := benchv1.NewBenchServiceClient(connection).Echo(context.Background())
	must(err)
	return stream
}

func sendAll(stream echoStream, s settings) {
	message := &benchv1.EchoRequest{Text: s.text}
	for range s.messages {
		must(stream.Send(message))
	}
	must(stream.CloseSend())
}

// receiving is a stream of texts that come back.
type receiving[Message interface{ GetText() string }] interface {
	Recv() (Message, error)
}

func receive[Message interface{ GetText() string }](stream receiving[Message], text string) {
	message, err := stream.Recv()
	must(err)
	if message.GetText() != text {
		log.Fatalf("a wrong text of %d bytes came instead of %d", len(message.GetText()), len(text))
	}
}

func expectEnd[Message interface{ GetText() string }](stream receiving[Message]) {
	if _, err := stream.Recv(); err != io.EOF {
		log.Fatalf("the stream should have ended: %v", err)
	}
}
