// Keepalive by a client on grpc-go, which pings every 10 s, the least that it allows, while its call is silent. A server with the default
// policy must end the connection with too_many_pings; one that allows such pings must not, for as long. It fails where that differs.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
)

const limit = 90 * time.Second

// call opens a stream, receives one message, and returns a function that waits for what follows.
func call(address string) (func() error, context.CancelFunc) {
	ping := keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 5 * time.Second}
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithKeepaliveParams(ping))
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	stream, err := pb.NewTestServiceClient(conn).FullDuplexCall(ctx)
	if err != nil {
		log.Fatal(err)
	}
	request := &pb.StreamingOutputCallRequest{ResponseParameters: []*pb.ResponseParameters{{Size: 1}}}
	if err := stream.Send(request); err != nil {
		log.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		log.Fatal(err)
	}
	wait := func() error {
		_, err := stream.Recv()
		return err
	}
	return wait, func() {
		cancel()
		conn.Close()
	}
}

func main() {
	strict := flag.String("strict", "", "host:port of a server with the default policy")
	lenient := flag.String("lenient", "", "host:port of a server that allows a PING every 5 s")
	flag.Parse()
	waitStrict, closeStrict := call(*strict)
	defer closeStrict()
	waitLenient, closeLenient := call(*lenient)
	ended := make(chan error, 1)
	go func() { ended <- waitLenient() }()

	start := time.Now()
	err := waitStrict()
	took := time.Since(start).Round(time.Second)
	if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "too_many_pings") {
		log.Fatalf("the strict server ended the call after %s with %v", took, err)
	}
	select {
	case err := <-ended:
		log.Fatalf("the lenient server ended the call too, with %v", err)
	case <-time.After(12 * time.Second):
	}
	closeLenient()
	fmt.Printf("too_many_pings after %s\n", took)
}
