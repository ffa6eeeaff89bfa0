package main

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"log"
	"math/rand/v2"
	"runtime"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	greeterv1 "portico.bench/grpc-go/gen/greeter/v1"
)

const (
	// A server that keeps up never has so many calls open; one that does not is told apart from a slow one.
	maxOpenCalls = 20_000
	// How finely callAtRate spreads its calls.
	tick = 50 * time.Microsecond
)

func greet(connection *grpc.ClientConn, name string) {
	greetWith(context.Background(), greeterv1.NewGreeterServiceClient(connection), name)
}

func greetWith(ctx context.Context, client greeterv1.GreeterServiceClient, name string) {
	answer, err := client.SayHello(ctx, &greeterv1.SayHelloRequest{Name: name})
	must(err)
	if answer.GetMessage() != "Hello "+name {
		log.Fatalf("a wrong answer: %q", answer.GetMessage())
	}
}

// unary greets by the same name again and again.
func unary(s settings) outcome {
	return inParallel(s, func(connection *grpc.ClientConn, until time.Time) int {
		client := greeterv1.NewGreeterServiceClient(connection)
		calls := 0
		for time.Now().Before(until) {
			greetWith(context.Background(), client, s.text)
			calls++
		}
		return calls
	})
}

// varyHeaders sends another traceparent, x-request-id and grpc-timeout with every call, as traced services do.
func varyHeaders(s settings) outcome {
	return inParallel(s, func(connection *grpc.ClientConn, until time.Time) int {
		client := greeterv1.NewGreeterServiceClient(connection)
		calls := 0
		for time.Now().Before(until) {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second+rand.N(time.Minute))
			greetWith(metadata.AppendToOutgoingContext(ctx,
				"traceparent", "00-"+randomHex(16)+"-"+randomHex(8)+"-01",
				"x-request-id", randomHex(16),
			), client, s.text)
			cancel()
			calls++
		}
		return calls
	})
}

func randomHex(size int) string {
	random := make([]byte, 0, 16)
	for len(random) < size {
		random = binary.NativeEndian.AppendUint64(random, rand.Uint64())
	}
	return hex.EncodeToString(random)
}

// callAtRate is an open loop: a slow answer does not hold back the calls after it.
func callAtRate(s settings) outcome {
	// The pacer sleeps in the kernel, whose timers are finer than Go's, and must not wait for the calls when it wakes up.
	runtime.GOMAXPROCS(2)
	runtime.LockOSThread()
	connections := connect(s)
	total := int(float64(s.rate) * s.duration.Seconds())
	answered := make(chan time.Duration, maxOpenCalls)
	latencies := make([]time.Duration, 0, total)
	start := time.Now()
	for sent := 0; sent < total; {
		due := min(total, int(time.Since(start).Seconds()*float64(s.rate))+1)
		for ; sent < due; sent++ {
			go func(client greeterv1.GreeterServiceClient) {
				begin := time.Now()
				greetWith(context.Background(), client, s.text)
				answered <- time.Since(begin)
			}(greeterv1.NewGreeterServiceClient(connections[sent%len(connections)]))
		}
		for range len(answered) {
			latencies = append(latencies, <-answered)
		}
		if sent-len(latencies) > maxOpenCalls {
			log.Fatalf("the server does not keep up with %d calls a second", s.rate)
		}
		pause := syscall.NsecToTimespec(int64(tick))
		_ = syscall.Nanosleep(&pause, nil) // One that a signal cuts short does no harm.
	}
	for len(latencies) < total {
		latencies = append(latencies, <-answered)
	}
	return outcome{Operations: total, Seconds: time.Since(start).Seconds()}.withLatencies(latencies)
}
