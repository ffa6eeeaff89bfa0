// REST by grpc-gateway in front of a gRPC server: the reference for the comparison of the preset that takes over from it.
// It listens on a free port of 127.0.0.1 per unescaping mode, prints the addresses, and serves until it is killed.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	_ "google.golang.org/genproto/googleapis/rpc/errdetails" // the details of errors can be JSON only if their types are known
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	pb "portico.test/interop/rest/grpc-gateway/gen/transcoding/v1"
)

// In this order, the addresses are printed.
var modes = []runtime.UnescapingMode{
	runtime.UnescapingModeLegacy,
	runtime.UnescapingModeAllExceptReserved,
	runtime.UnescapingModeAllExceptSlash,
}

func main() {
	backend := flag.String("backend", "", "host and port of the gRPC server")
	flag.Parse()
	conn, err := grpc.NewClient(*backend, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	var addresses []string
	for _, mode := range modes {
		addresses = append(addresses, serve(conn, mode))
	}
	fmt.Printf("listening on %s\n", strings.Join(addresses, " "))
	select {}
}

func serve(conn *grpc.ClientConn, mode runtime.UnescapingMode) string {
	mux := runtime.NewServeMux(runtime.WithUnescapingMode(mode), runtime.WithLegacyHeaderMatching())
	for _, register := range []func(context.Context, *runtime.ServeMux, *grpc.ClientConn) error{
		pb.RegisterPathServiceHandler,
		pb.RegisterBodyServiceHandler,
		pb.RegisterResponseServiceHandler,
		pb.RegisterStreamServiceHandler,
	} {
		if err := register(context.Background(), mux, conn); err != nil {
			log.Fatal(err)
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(http.Serve(listener, mux)) }()
	return listener.Addr().String()
}
