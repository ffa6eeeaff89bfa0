// The greeter and the bench service on grpc-go. It listens on a free port of 127.0.0.1, prints the address to standard
// error, and serves until it is killed. GOMAXPROCS says how many cores it uses.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"os"

	"google.golang.org/grpc"

	benchv1 "portico.bench/grpc-go/gen/bench/v1"
	greeterv1 "portico.bench/grpc-go/gen/greeter/v1"
)

type greeter struct {
	greeterv1.UnimplementedGreeterServiceServer
	hub *hub
}

func (greeter) SayHello(_ context.Context, in *greeterv1.SayHelloRequest) (*greeterv1.SayHelloResponse, error) {
	return &greeterv1.SayHelloResponse{Message: "Hello " + in.GetName()}, nil
}

type bench struct {
	benchv1.UnimplementedBenchServiceServer
}

func (bench) Download(in *benchv1.DownloadRequest, stream grpc.ServerStreamingServer[benchv1.DownloadResponse]) error {
	for range in.GetCount() {
		if err := stream.Send(&benchv1.DownloadResponse{Text: in.GetText()}); err != nil {
			return err
		}
	}
	return nil
}

func (bench) Upload(stream grpc.ClientStreamingServer[benchv1.UploadRequest, benchv1.UploadResponse]) error {
	var count uint32
	for {
		_, err := stream.Recv()
		if err == io.EOF {
			return stream.SendAndClose(&benchv1.UploadResponse{Count: count})
		}
		if err != nil {
			return err
		}
		count++
	}
}

func (bench) Echo(stream grpc.BidiStreamingServer[benchv1.EchoRequest, benchv1.EchoResponse]) error {
	for {
		in, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(&benchv1.EchoResponse{Text: in.GetText()}); err != nil {
			return err
		}
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	greeterv1.RegisterGreeterServiceServer(server, greeter{hub: &hub{topics: map[string]*topic{}}})
	benchv1.RegisterBenchServiceServer(server, bench{})
	fmt.Fprintf(os.Stderr, "listening on %s\n", listener.Addr())
	log.Fatal(server.Serve(listener))
}
