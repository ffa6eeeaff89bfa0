// grpc-go with etcd's own resolver and endpoints manager: a foreign peer for the checks of our registrar and resolver of etcd.
//
//	grpc-go-etcd -etcd URL -service NAME client    calls the servers of the service in turn, and prints the set of those that answer
//	grpc-go-etcd -etcd URL -service NAME server    registers itself, and does what lines on standard input say: leave, join
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/naming/endpoints"
	"go.etcd.io/etcd/client/v3/naming/resolver"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/peer"
)

const (
	// Calls that tell which servers are in use: several turns of round robin.
	window      = 12
	pause       = 10 * time.Millisecond
	callTimeout = 5 * time.Second
	leaseSecond = 5
)

func main() {
	url := flag.String("etcd", "", "the address of etcd")
	service := flag.String("service", "", "the name of the service")
	metadata := flag.String("metadata", "null", "with server: the metadata to register, as JSON")
	flag.Parse()
	etcd, err := clientv3.New(clientv3.Config{Endpoints: []string{*url}, DialTimeout: callTimeout})
	if err != nil {
		log.Fatal(err)
	}
	switch flag.Arg(0) {
	case "client":
		err = call(etcd, *service)
	case "server":
		err = serve(etcd, *service, *metadata)
	default:
		err = fmt.Errorf("unknown mode %q", flag.Arg(0))
	}
	log.Fatal(err)
}

// call prints a line whenever the set of servers that answer changes, and one for each call that fails.
func call(etcd *clientv3.Client, service string) error {
	builder, err := resolver.NewBuilder(etcd)
	if err != nil {
		return err
	}
	connection, err := grpc.NewClient("etcd:///"+service,
		grpc.WithResolvers(builder),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"round_robin": {}}]}`))
	if err != nil {
		return err
	}
	client := healthpb.NewHealthClient(connection)
	shown := ""
	recent := []string{}
	for {
		var from peer.Peer
		ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
		_, err := client.Check(ctx, &healthpb.HealthCheckRequest{}, grpc.Peer(&from), grpc.WaitForReady(true))
		cancel()
		if err != nil {
			fmt.Printf("failed: %v\n", err)
			continue
		}
		recent = append(recent, from.Addr.String())
		if len(recent) > window {
			recent = recent[1:]
			if now := setOf(recent); now != shown {
				shown = now
				fmt.Printf("servers: %s\n", now)
			}
		}
		time.Sleep(pause)
	}
}

func setOf(addresses []string) string {
	sorted := slices.Clone(addresses)
	slices.Sort(sorted)
	return strings.Join(slices.Compact(sorted), " ")
}

// serve answers health checks at a free port, and is registered under a lease of its own.
func serve(etcd *clientv3.Client, service, metadata string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	healthpb.RegisterHealthServer(server, health.NewServer())
	go func() { log.Fatal(server.Serve(listener)) }()
	var facts any
	if err := json.Unmarshal([]byte(metadata), &facts); err != nil {
		return err
	}
	manager, err := endpoints.NewManager(etcd, service)
	if err != nil {
		return err
	}
	address := listener.Addr().String()
	key := service + "/" + address
	join := func() error {
		lease, err := etcd.Grant(context.Background(), leaseSecond)
		if err != nil {
			return err
		}
		kept, err := etcd.KeepAlive(context.Background(), lease.ID)
		if err != nil {
			return err
		}
		go func() {
			for range kept {
			}
		}()
		endpoint := endpoints.Endpoint{Addr: address, Metadata: facts}
		return manager.AddEndpoint(context.Background(), key, endpoint, clientv3.WithLease(lease.ID))
	}
	if err := join(); err != nil {
		return err
	}
	fmt.Printf("listening on %s\n", address)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		switch lines.Text() {
		case "leave":
			err = manager.DeleteEndpoint(context.Background(), key)
		case "join":
			err = join()
		}
		if err != nil {
			return err
		}
		fmt.Printf("done: %s\n", lines.Text())
	}
	select {}
}
