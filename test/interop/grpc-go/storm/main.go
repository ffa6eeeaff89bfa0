// Calls that end before their time, by a client on grpc-go with its defaults: many deadlines that pass, and many calls that are
// cancelled soon. It fails where a call ends otherwise, or where the server ends the one connection.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
)

const (
	inFlight = 500
	lifetime = 20 * time.Millisecond
)

// connections counts how many were made.
type connections struct{ made atomic.Int32 }

func (c *connections) HandleConn(_ context.Context, event stats.ConnStats) {
	if _, ok := event.(*stats.ConnBegin); ok {
		c.made.Add(1)
	}
}
func (*connections) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (*connections) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (*connections) HandleRPC(context.Context, stats.RPCStats)                         {}

// waitFor begins a call that the server answers when the client has said all, which this client never does.
func waitFor(ctx context.Context, client pb.TestServiceClient) codes.Code {
	stream, err := client.FullDuplexCall(ctx)
	if err == nil {
		_, err = stream.Recv()
	}
	return status.Code(err)
}

func outlive(client pb.TestServiceClient) error {
	ctx, cancel := context.WithTimeout(context.Background(), lifetime)
	defer cancel()
	return expect(waitFor(ctx, client), codes.DeadlineExceeded)
}

func abandon(client pb.TestServiceClient) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer time.AfterFunc(lifetime/2, cancel).Stop()
	defer cancel()
	return expect(waitFor(ctx, client), codes.Canceled)
}

func expect(code, want codes.Code) error {
	if code == want {
		return nil
	}
	return fmt.Errorf("a call ended with %s instead of %s", code, want)
}

// storm makes so many calls, some of them at the same time.
func storm(count int32, call func() error) {
	var next atomic.Int32
	var workers sync.WaitGroup
	for range inFlight {
		workers.Go(func() {
			for next.Add(1) <= count {
				if err := call(); err != nil {
					log.Fatal(err)
				}
			}
		})
	}
	workers.Wait()
}

func main() {
	address := flag.String("address", "", "host:port of the server")
	count := flag.Int("count", 20_000, "calls of each kind")
	flag.Parse()
	var seen connections
	conn, err := grpc.NewClient(*address, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithStatsHandler(&seen))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	client := pb.NewTestServiceClient(conn)
	storm(int32(*count), func() error { return outlive(client) })
	storm(int32(*count), func() error { return abandon(client) })
	if _, err := client.EmptyCall(context.Background(), &pb.Empty{}); err != nil {
		log.Fatal(err)
	}
	if made := seen.made.Load(); made != 1 {
		log.Fatalf("%d connections were needed", made)
	}
}
