// Servers on grpc-go, one per authorization policy, to compare the decisions of other implementations with.
// It reads a JSON array of policies, writes a JSON array with the address of each server, or null for a policy that is
// not valid, and serves until it is stopped.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"log"
	"net"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/authz"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/interop"
	pb "google.golang.org/grpc/interop/grpc_testing"
)

func main() {
	certFile := flag.String("cert", "", "certificate of the servers, PEM")
	keyFile := flag.String("key", "", "its key, PEM")
	caFile := flag.String("ca", "", "authority of clients, PEM")
	policiesFile := flag.String("policies", "", "a JSON array")
	flag.Parse()

	creds := mutualTLS(*certFile, *keyFile, *caFile)
	var policies []json.RawMessage
	must(json.Unmarshal(must1(os.ReadFile(*policiesFile)), &policies))
	addresses := make([]*string, len(policies))
	for index, policy := range policies {
		addresses[index] = serve(string(policy), creds)
	}
	must(json.NewEncoder(os.Stdout).Encode(addresses))
	select {}
}

// serve starts a server with a policy, and returns its address; nil if the policy is not valid.
func serve(policy string, creds credentials.TransportCredentials) *string {
	interceptor, err := authz.NewStatic(policy)
	if err != nil {
		return nil
	}
	server := grpc.NewServer(
		grpc.Creds(creds),
		grpc.UnaryInterceptor(interceptor.UnaryInterceptor),
		grpc.StreamInterceptor(interceptor.StreamInterceptor),
	)
	pb.RegisterTestServiceServer(server, interop.NewTestServer())
	listener := must1(net.Listen("tcp", "127.0.0.1:0"))
	go func() { must(server.Serve(listener)) }()
	address := listener.Addr().String()
	return &address
}

func mutualTLS(certFile, keyFile, caFile string) credentials.TransportCredentials {
	authorities := x509.NewCertPool()
	authorities.AppendCertsFromPEM(must1(os.ReadFile(caFile)))
	return credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{must1(tls.LoadX509KeyPair(certFile, keyFile))},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    authorities,
	})
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func must1[T any](value T, err error) T {
	must(err)
	return value
}
