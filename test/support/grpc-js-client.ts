/** A third-party gRPC client, grpc-js, for services loaded from descriptors at run time. */
import {
  type CallOptions,
  type ChannelOptions,
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  credentials,
  Metadata,
} from '@grpc/grpc-js'
import type { MethodDefinition, PackageDefinition } from '@grpc/proto-loader'

/** How a client connects. */
export interface GrpcJsClientOptions {
  /** The CA of the server's certificate, PEM. Default: none, cleartext. */
  readonly ca?: string
  /** Additional grpc-js options. Default: none. */
  readonly channel?: ChannelOptions
}

/** Options of one call: those of grpc-js, and metadata. */
export interface GrpcJsCallOptions extends CallOptions {
  readonly metadata?: Metadata
}

/** Options of a unary call. */
export interface GrpcJsUnaryOptions extends GrpcJsCallOptions {
  /** Receives the call object, to listen to it or to cancel it. */
  readonly onCall?: (call: ClientUnaryCall) => void
}

/** An open client stream, and its response, which rejects with a grpc-js ServiceError. */
export interface OpenClientStream {
  readonly stream: ClientWritableStream<object>
  readonly answer: Promise<object>
}

type Settle = (error: unknown, response?: object) => void

/** Connects on first use. `close` closes the connection. */
export class GrpcJsClient {
  readonly #client: Client
  readonly #definitions: PackageDefinition

  /** @param target a port of 127.0.0.1, or a grpc-js target */
  constructor(target: number | string, definitions: PackageDefinition, { ca, channel = {} }: GrpcJsClientOptions = {}) {
    const security = ca === undefined ? credentials.createInsecure() : credentials.createSsl(Buffer.from(ca))
    // Server names must be DNS names: an IP address is not allowed (RFC 6066, section 3).
    const named = ca === undefined ? channel : { 'grpc.ssl_target_name_override': 'localhost', ...channel }
    this.#client = new Client(typeof target === 'number' ? `127.0.0.1:${target}` : target, security, named)
    this.#definitions = definitions
  }

  /** Rejects with a grpc-js ServiceError. */
  callUnary(service: string, method: string, request: object, options: GrpcJsUnaryOptions = {}): Promise<object> {
    const { path, requestSerialize, responseDeserialize } = this.#find(service, method)
    const { metadata = new Metadata(), onCall, ...rest } = options
    const { promise, settle } = createAnswer()
    const call = this.#client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadata,
      rest,
      settle,
    )
    onCall?.(call)
    return promise
  }

  callServerStream(
    service: string,
    method: string,
    request: object,
    options: GrpcJsCallOptions = {},
  ): ClientReadableStream<object> {
    const { path, requestSerialize, responseDeserialize } = this.#find(service, method)
    const { metadata = new Metadata(), ...rest } = options
    return this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, metadata, rest)
  }

  callClientStream(service: string, method: string, options: GrpcJsCallOptions = {}): OpenClientStream {
    const { path, requestSerialize, responseDeserialize } = this.#find(service, method)
    const { metadata = new Metadata(), ...rest } = options
    const { promise, settle } = createAnswer()
    const stream = this.#client.makeClientStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      metadata,
      rest,
      settle,
    )
    return { stream, answer: promise }
  }

  callBidiStream(service: string, method: string, options: GrpcJsCallOptions = {}): ClientDuplexStream<object, object> {
    const { path, requestSerialize, responseDeserialize } = this.#find(service, method)
    const { metadata = new Metadata(), ...rest } = options
    return this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata, rest)
  }

  close(): void {
    this.#client.close()
  }

  #find(service: string, method: string): MethodDefinition<object, object> {
    const definition = this.#definitions[service]
    const found = definition !== undefined && !('format' in definition) ? definition[method] : undefined
    if (found === undefined) throw new Error(`no method ${method} in ${service}`)
    return found as MethodDefinition<object, object>
  }
}

function createAnswer(): { promise: Promise<object>; settle: Settle } {
  const { promise, resolve, reject } = Promise.withResolvers<object>()
  return {
    promise,
    settle(error, response) {
      if (error !== null || response === undefined) reject(error)
      else resolve(response)
    },
  }
}
