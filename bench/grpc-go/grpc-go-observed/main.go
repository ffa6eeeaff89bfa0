// The greeter on grpc-go with what a service in production has: `grpc-go-observed NAME`, of which NAME is one of none, jwt, log, metrics,
// traces, all. It listens on a free port of 127.0.0.1, prints the address to standard error, and serves until it is killed.
package main

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/exporters/prometheus"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	greeterv1 "portico.bench/grpc-go/gen/greeter/v1"
)

const secret = "a secret of 32 bytes for the bench"

type greeter struct {
	greeterv1.UnimplementedGreeterServiceServer
}

func (greeter) SayHello(_ context.Context, in *greeterv1.SayHelloRequest) (*greeterv1.SayHelloResponse, error) {
	return &greeterv1.SayHelloResponse{Message: "Hello " + in.GetName()}, nil
}

// verify checks the token of each call. Nothing is remembered between calls.
func verify(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	fields, _ := metadata.FromIncomingContext(ctx)
	values := fields.Get("authorization")
	if len(values) == 0 {
		return nil, status.Error(codes.Unauthenticated, "no token")
	}
	token := strings.TrimPrefix(values[0], "Bearer ")
	_, err := jwt.ParseWithClaims(token, &jwt.RegisteredClaims{}, func(*jwt.Token) (any, error) {
		return []byte(secret), nil
	}, jwt.WithValidMethods([]string{"HS256"}), jwt.WithIssuer("bench"), jwt.WithAudience("bench"), jwt.WithExpirationRequired())
	if err != nil {
		return nil, status.Error(codes.Unauthenticated, "invalid token")
	}
	return handler(ctx, req)
}

// logTo writes a line per call.
func logTo(logger *slog.Logger) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		start := time.Now()
		reply, err := handler(ctx, req)
		caller := ""
		if p, ok := peer.FromContext(ctx); ok {
			caller = p.Addr.String()
		}
		logger.Info("call", "method", info.FullMethod, "code", status.Code(err).String(),
			"durationMs", float64(time.Since(start).Microseconds())/1000, "peer", caller)
		return reply, err
	}
}

// dropped receives sampled spans in batches, as an exporter would.
type dropped struct{}

func (dropped) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error { return nil }
func (dropped) Shutdown(context.Context) error                             { return nil }

func options(name string) ([]grpc.ServerOption, error) {
	has := func(part string) bool { return name == part || name == "all" }
	var interceptors []grpc.UnaryServerInterceptor
	if has("log") {
		file, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
		if err != nil {
			return nil, err
		}
		interceptors = append(interceptors, logTo(slog.New(slog.NewJSONHandler(file, nil))))
	}
	if has("jwt") {
		interceptors = append(interceptors, verify)
	}
	made := []grpc.ServerOption{grpc.ChainUnaryInterceptor(interceptors...)}
	if !has("traces") && !has("metrics") {
		return made, nil
	}
	observed := []otelgrpc.Option{otelgrpc.WithPropagators(propagation.TraceContext{})}
	if has("traces") {
		sampler := sdktrace.ParentBased(sdktrace.TraceIDRatioBased(0.01))
		provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(sampler), sdktrace.WithBatcher(dropped{}))
		observed = append(observed, otelgrpc.WithTracerProvider(provider))
	} else {
		observed = append(observed, otelgrpc.WithTracerProvider(tracenoop.NewTracerProvider()))
	}
	if has("metrics") {
		exporter, err := prometheus.New()
		if err != nil {
			return nil, err
		}
		observed = append(observed, otelgrpc.WithMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(exporter))))
	} else {
		observed = append(observed, otelgrpc.WithMeterProvider(metricnoop.NewMeterProvider()))
	}
	return append(made, grpc.StatsHandler(otelgrpc.NewServerHandler(observed...))), nil
}

func main() {
	made, err := options(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer(made...)
	greeterv1.RegisterGreeterServiceServer(server, greeter{})
	fmt.Fprintf(os.Stderr, "listening on %s\n", listener.Addr())
	log.Fatal(server.Serve(listener))
}
