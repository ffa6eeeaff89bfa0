//! The greeter and the bench service on tonic, on one thread. It listens on a free port of 127.0.0.1, prints the address
//! to standard error, and serves until it is killed.
use std::pin::Pin;

use bench::bench_service_server::{BenchService, BenchServiceServer};
use bench::{
    DownloadRequest, DownloadResponse, EchoRequest, EchoResponse, UploadRequest, UploadResponse,
};
use greeter::greeter_service_server::{GreeterService, GreeterServiceServer};
use greeter::{SayHelloRequest, SayHelloResponse};
use tokio::net::TcpListener;
use tokio_stream::{Stream, StreamExt};
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

mod bench {
    tonic::include_proto!("bench.v1");
}

mod greeter {
    tonic::include_proto!("greeter.v1");
}

/// The most short messages that may wait in a connection grow with it; the default ends connections that stream many.
const CONNECTION_WINDOW_BYTES: u32 = 16 * 1024 * 1024;

type Messages<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

struct Greeter;

#[tonic::async_trait]
impl GreeterService for Greeter {
    type GetStreamStream = Messages<greeter::GetStreamResponse>;
    type AllStreamStream = Messages<greeter::AllStreamResponse>;

    async fn say_hello(
        &self,
        request: Request<SayHelloRequest>,
    ) -> Result<Response<SayHelloResponse>, Status> {
        let message = format!("Hello {}", request.into_inner().name);
        Ok(Response::new(SayHelloResponse { message }))
    }

    async fn publish(
        &self,
        _: Request<greeter::PublishRequest>,
    ) -> Result<Response<greeter::PublishResponse>, Status> {
        Err(not_measured())
    }

    async fn get_stream(
        &self,
        _: Request<greeter::GetStreamRequest>,
    ) -> Result<Response<Self::GetStreamStream>, Status> {
        Err(not_measured())
    }

    async fn put_stream(
        &self,
        _: Request<Streaming<greeter::PutStreamRequest>>,
    ) -> Result<Response<greeter::PutStreamResponse>, Status> {
        Err(not_measured())
    }

    async fn all_stream(
        &self,
        _: Request<Streaming<greeter::AllStreamRequest>>,
    ) -> Result<Response<Self::AllStreamStream>, Status> {
        Err(not_measured())
    }
}

struct Bench;

#[tonic::async_trait]
impl BenchService for Bench {
    type DownloadStream = Messages<DownloadResponse>;
    type EchoStream = Messages<EchoResponse>;

    async fn download(
        &self,
        request: Request<DownloadRequest>,
    ) -> Result<Response<Self::DownloadStream>, Status> {
        let DownloadRequest { count, text } = request.into_inner();
        let messages = (0..count).map(move |_| Ok(DownloadResponse { text: text.clone() }));
        Ok(Response::new(Box::pin(tokio_stream::iter(messages))))
    }

    async fn upload(
        &self,
        request: Request<Streaming<UploadRequest>>,
    ) -> Result<Response<UploadResponse>, Status> {
        let mut messages = request.into_inner();
        let mut count = 0;
        while messages.message().await?.is_some() {
            count += 1;
        }
        Ok(Response::new(UploadResponse { count }))
    }

    async fn echo(
        &self,
        request: Request<Streaming<EchoRequest>>,
    ) -> Result<Response<Self::EchoStream>, Status> {
        let answers = request
            .into_inner()
            .map(|message| message.map(|EchoRequest { text }| EchoResponse { text }));
        Ok(Response::new(Box::pin(answers)))
    }
}

fn not_measured() -> Status {
    Status::unimplemented("the benchmarks do not call it")
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    eprintln!("listening on {}", listener.local_addr()?);
    tonic::transport::Server::builder()
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .add_service(GreeterServiceServer::new(Greeter))
        .add_service(BenchServiceServer::new(Bench))
        .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)))
        .await?;
    Ok(())
}
