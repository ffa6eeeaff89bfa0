// Reads the channelz service of a server with grpc-go's own client: all servers, and the socket that this program is connected by.
// It prints one fact per line, and fails where an answer is missing or pages do not end.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"strings"
	"time"

	"google.golang.org/grpc"
	pb "google.golang.org/grpc/channelz/grpc_channelz_v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

const timeout = 20 * time.Second

func main() {
	address := flag.String("address", "", "the server")
	ca := flag.String("ca", "", "PEM of the CA; empty for cleartext")
	flag.Parse()
	if err := run(*address, *ca); err != nil {
		log.Fatal(err)
	}
}

func run(address, ca string) error {
	security := insecure.NewCredentials()
	if ca != "" {
		var err error
		if security, err = credentials.NewClientTLSFromFile(ca, "localhost"); err != nil {
			return err
		}
	}
	var local string
	dialer := func(ctx context.Context, target string) (net.Conn, error) {
		connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", target)
		if err == nil {
			local = connection.LocalAddr().String()
		}
		return connection, err
	}
	connection, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(security), grpc.WithContextDialer(dialer))
	if err != nil {
		return err
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return read(ctx, pb.NewChannelzClient(connection), func() string { return local })
}

func read(ctx context.Context, client pb.ChannelzClient, local func() string) error {
	servers, err := client.GetServers(ctx, &pb.GetServersRequest{})
	if err != nil {
		return err
	}
	for _, server := range servers.Server {
		id := server.Ref.ServerId
		fmt.Printf("server %s started=%d listening=%d\n", server.Ref.Name, server.Data.CallsStarted, len(server.ListenSocket))
		if err := readSockets(ctx, client, id, local()); err != nil {
			return err
		}
	}
	channels, err := client.GetTopChannels(ctx, &pb.GetTopChannelsRequest{})
	if err != nil {
		return err
	}
	fmt.Printf("channels end=%t\n", channels.End)
	_, err = client.GetSocket(ctx, &pb.GetSocketRequest{SocketId: 1 << 60})
	if status.Code(err) != codes.NotFound {
		return fmt.Errorf("an unknown socket gives %v", err)
	}
	fmt.Println("unknown socket NotFound")
	return nil
}

func readSockets(ctx context.Context, client pb.ChannelzClient, id int64, local string) error {
	for start, end := int64(0), false; !end; {
		page, err := client.GetServerSockets(ctx, &pb.GetServerSocketsRequest{ServerId: id, StartSocketId: start, MaxResults: 1})
		if err != nil {
			return err
		}
		for _, ref := range page.SocketRef {
			if err := readSocket(ctx, client, ref, local); err != nil {
				return err
			}
			start = ref.SocketId + 1
		}
		end = page.End
	}
	return nil
}

func readSocket(ctx context.Context, client pb.ChannelzClient, ref *pb.SocketRef, local string) error {
	answer, err := client.GetSocket(ctx, &pb.GetSocketRequest{SocketId: ref.SocketId})
	if err != nil {
		return err
	}
	remote := answer.Socket.Remote.GetTcpipAddress()
	name := net.JoinHostPort(net.IP(remote.GetIpAddress()).String(), fmt.Sprint(remote.GetPort()))
	owner := "other"
	if name == local {
		owner = "ours"
	}
	data := answer.Socket.Data
	cipher := answer.Socket.Security.GetTls().GetStandardName()
	fmt.Printf("socket %s streams=%t messages=%t windows=%t tls=%t\n", owner, data.StreamsStarted >= 3, data.MessagesReceived >= 3,
		data.LocalFlowControlWindow.GetValue() > 0 && data.RemoteFlowControlWindow.GetValue() > 0, strings.HasPrefix(cipher, "TLS_"))
	return nil
}
