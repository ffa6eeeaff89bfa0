// Measures the codec of grpc-go, protobuf-go, without a transport: grpc-go-codec MESSAGE SECONDS prints the nanoseconds of
// CPU time that one message takes, as JSON.
package main

import (
	"encoding/json"
	"log"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	greeterv1 "portico.bench/grpc-go/gen/greeter/v1"
)

// batch is how many messages are handled between two looks at the clock.
const batch = 64

func messageOf(name string) proto.Message {
	switch name {
	case "short":
		return &greeterv1.SayHelloRequest{Name: strings.Repeat("x", 16)}
	case "topic":
		return &greeterv1.GetStreamResponse{
			Topic:    "stocks/ACME",
			Sequence: 123_456,
			Time:     &timestamppb.Timestamp{Seconds: 1_790_000_000, Nanos: 123_000_000},
			Data:     "price 101.25 USD",
		}
	case "long":
		return &greeterv1.SayHelloRequest{Name: strings.Repeat("x", 16_384)}
	}
	log.Fatalf("no message is called %q", name)
	return nil
}

func main() {
	message := messageOf(os.Args[1])
	seconds, err := strconv.ParseFloat(os.Args[2], 64)
	must(err)
	octets, err := proto.Marshal(message)
	must(err)
	text, err := protojson.Marshal(message)
	must(err)
	empty := message.ProtoReflect().Type()
	each := time.Duration(seconds / 4 * float64(time.Second))
	must(json.NewEncoder(os.Stdout).Encode(map[string]float64{
		"encode":   measure(each, func() error { _, err := proto.Marshal(message); return err }),
		"decode":   measure(each, func() error { return proto.Unmarshal(octets, empty.New().Interface()) }),
		"toJson":   measure(each, func() error { _, err := protojson.Marshal(message); return err }),
		"fromJson": measure(each, func() error { return protojson.Unmarshal(text, empty.New().Interface()) }),
	}))
}

// measure warms up for a third of the time, and measures for the rest.
func measure(duration time.Duration, run func() error) float64 {
	repeat(duration/3, run)
	count, spent := repeat(duration*2/3, run)
	return float64(spent.Nanoseconds()) / float64(count)
}

func repeat(duration time.Duration, run func() error) (count int, spent time.Duration) {
	start := cpuTime()
	for spent < duration {
		for range batch {
			must(run())
		}
		count += batch
		spent = cpuTime() - start
	}
	return count, spent
}

// cpuTime is the user and system time of the process, garbage collection included.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
