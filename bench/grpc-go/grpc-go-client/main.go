// The client of grpc-go as a contestant: `grpc-go-client ADDRESS WORKLOAD CALLS-AT-ONCE SECONDS WARM-UP-SECONDS` does what the
// programs in bench/clients/programs do, and prints the same line of JSON. A wrong answer or a failed call ends it.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	benchv1 "portico.bench/grpc-go/gen/bench/v1"
	greeterv1 "portico.bench/grpc-go/gen/greeter/v1"
)

const messages = 1000

var text = strings.Repeat("x", 11)

// outcome is what was done: operations are calls or messages, depending on the workload.
type outcome struct {
	Operations  int     `json:"operations"`
	Seconds     float64 `json:"seconds"`
	CPUSeconds  float64 `json:"cpuSeconds"`
	P50Ms       float64 `json:"p50Ms"`
	P99Ms       float64 `json:"p99Ms"`
	BeforeBytes int     `json:"beforeBytes"`
	HeldBytes   int     `json:"heldBytes"`
}

func main() {
	if len(os.Args) != 6 {
		log.Fatal("usage: grpc-go-client ADDRESS WORKLOAD CALLS-AT-ONCE SECONDS WARM-UP-SECONDS")
	}
	connection, err := grpc.NewClient(os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials()))
	must(err)
	atOnce, seconds, warmUp := int(number(3)), duration(4), duration(5)
	var result outcome
	if os.Args[2] == "hold" {
		result = hold(connection, atOnce)
	} else {
		operate := greet
		if os.Args[2] == "download" {
			operate = download
		}
		result = load(connection, operate, atOnce, seconds, warmUp)
	}
	must(json.NewEncoder(os.Stdout).Encode(result))
}

type operation = func(connection *grpc.ClientConn) int

func load(connection *grpc.ClientConn, operate operation, atOnce int, seconds, warmUp time.Duration) outcome {
	loop(connection, operate, atOnce, warmUp)
	cpu, start := cpuSeconds(), time.Now()
	operations, latencies := loop(connection, operate, atOnce, seconds)
	result := outcome{Operations: operations, Seconds: time.Since(start).Seconds(), CPUSeconds: cpuSeconds() - cpu}
	slices.Sort(latencies)
	at := func(share float64) float64 {
		return latencies[int(share*float64(len(latencies)-1))].Seconds() * 1000
	}
	result.P50Ms, result.P99Ms = at(0.5), at(0.99)
	return result
}

// loop has so many at once, each again as soon as it is done.
func loop(connection *grpc.ClientConn, operate operation, atOnce int, seconds time.Duration) (int, []time.Duration) {
	until := time.Now().Add(seconds)
	var workers sync.WaitGroup
	var lock sync.Mutex
	operations, latencies := 0, []time.Duration{}
	for range atOnce {
		workers.Add(1)
		go func() {
			defer workers.Done()
			done, own := 0, []time.Duration{}
			for start := time.Now(); start.Before(until); start = time.Now() {
				done += operate(connection)
				own = append(own, time.Since(start))
			}
			lock.Lock()
			defer lock.Unlock()
			operations, latencies = operations+done, append(latencies, own...)
		}()
	}
	workers.Wait()
	return operations, latencies
}

func greet(connection *grpc.ClientConn) int {
	request := &greeterv1.SayHelloRequest{Name: text}
	answer, err := greeterv1.NewGreeterServiceClient(connection).SayHello(context.Background(), request)
	must(err)
	if answer.GetMessage() != "Hello "+text {
		log.Fatalf("a wrong answer: %q", answer.GetMessage())
	}
	return 1
}

func download(connection *grpc.ClientConn) int {
	request := &benchv1.DownloadRequest{Count: messages, Text: text}
	stream, err := benchv1.NewBenchServiceClient(connection).Download(context.Background(), request)
	must(err)
	for received := 0; ; received++ {
		_, err := stream.Recv()
		if err == io.EOF && received == messages {
			return received
		}
		must(err)
	}
}

func hold(connection *grpc.ClientConn, calls int) outcome {
	loop(connection, greet, 50, time.Second)
	before := residentBytes()
	client := benchv1.NewBenchServiceClient(connection)
	streams := make([]grpc.BidiStreamingClient[benchv1.EchoRequest, benchv1.EchoResponse], calls)
	for i := range streams {
		stream, err := client.Echo(context.Background())
		must(err)
		must(stream.Send(&benchv1.EchoRequest{Text: text}))
		_, err = stream.Recv()
		must(err)
		streams[i] = stream
	}
	time.Sleep(500 * time.Millisecond)
	result := outcome{Operations: calls, BeforeBytes: before, HeldBytes: residentBytes()}
	for _, stream := range streams {
		must(stream.CloseSend())
	}
	return result
}

func cpuSeconds() float64 {
	var usage syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}

func residentBytes() int {
	file, err := os.Open("/proc/self/status")
	must(err)
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var kibibytes int
		if _, err := fmt.Sscanf(lines.Text(), "VmRSS: %d kB", &kibibytes); err == nil {
			return kibibytes * 1024
		}
	}
	log.Fatal("/proc/self/status has no VmRSS")
	return 0
}

func number(at int) float64 {
	value, err := strconv.ParseFloat(os.Args[at], 64)
	must(err)
	return value
}

func duration(at int) time.Duration {
	return time.Duration(number(at) * float64(time.Second))
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
