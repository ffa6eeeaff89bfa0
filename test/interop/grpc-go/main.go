// The route guide of the grpc-go examples on grpc-go itself: a foreign server for the checks of our client.
// It listens on a free port of 127.0.0.1, prints the address, and serves until it is killed.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net"

	"google.golang.org/grpc"
	pb "google.golang.org/grpc/examples/route_guide/routeguide"
	"google.golang.org/grpc/reflection"
)

type routeGuide struct {
	pb.UnimplementedRouteGuideServer
}

func (routeGuide) GetFeature(_ context.Context, point *pb.Point) (*pb.Feature, error) {
	return &pb.Feature{Name: nameOf(point), Location: point}, nil
}

// ListFeatures names both corners.
func (routeGuide) ListFeatures(area *pb.Rectangle, stream grpc.ServerStreamingServer[pb.Feature]) error {
	for _, corner := range []*pb.Point{area.GetLo(), area.GetHi()} {
		if err := stream.Send(&pb.Feature{Name: nameOf(corner), Location: corner}); err != nil {
			return err
		}
	}
	return nil
}

func (routeGuide) RecordRoute(stream grpc.ClientStreamingServer[pb.Point, pb.RouteSummary]) error {
	var count int32
	for {
		_, err := stream.Recv()
		if err == io.EOF {
			return stream.SendAndClose(&pb.RouteSummary{PointCount: count})
		}
		if err != nil {
			return err
		}
		count++
	}
}

// RouteChat answers each note as it comes.
func (routeGuide) RouteChat(stream grpc.BidiStreamingServer[pb.RouteNote, pb.RouteNote]) error {
	for {
		note, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(&pb.RouteNote{Location: note.GetLocation(), Message: "got " + note.GetMessage()}); err != nil {
			return err
		}
	}
}

func nameOf(point *pb.Point) string {
	return fmt.Sprintf("%d/%d", point.GetLatitude(), point.GetLongitude())
}

func main() {
	hasReflection := flag.Bool("reflection", true, "serve reflection")
	flag.Parse()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	pb.RegisterRouteGuideServer(server, routeGuide{})
	if *hasReflection {
		reflection.Register(server)
	}
	fmt.Printf("listening on %s\n", listener.Addr())
	log.Fatal(server.Serve(listener))
}
