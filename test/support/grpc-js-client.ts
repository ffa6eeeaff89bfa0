/** A foreign gRPC client, grpc-js, for services that are known only by their descriptors at run time. */
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
  /** The authority of the server's certificate, PEM. Default: none, cleartext. */
  readonly ca?: string
  /** Options of grpc-js itself. Default: none. */
  readonly channel?: ChannelOptions
}

/** Options of one call: those of grpc-js, and what to send with it. */
export interface GrpcJsCallOptions extends CallOptions {
  readonly metadata?: Metadata
}

/** Options of a unary call. */
export interface GrpcJsUnaryOptions extends GrpcJsCallOptions {
  /** Called with the call once it is made, to listen to it or to cancel it. */
  readonly onCall?: (call: ClientUnaryCall) => void
}

/** A client stream that is open for writing, and its answer, which rejects with the ServiceError of grpc-js. */
export interface OpenClientStream {
  readonly stream: ClientWritableStream<object>
  readonly answer: Promise<object>
}

type Settle = (error: unknown, response?: object) => void

/** Connects when it is first used. `close` lets go of the connection. */
export class GrpcJsClient {
  readonly #client: Client
  readonly #definitions: PackageDefinition

  /** @param target a port of 127.0.0.1, or a target as grpc-js takes it */
  constructor(target: number | string, definitions: PackageDefinition, { ca, channel = {} }: GrpcJsClientOptions = {}) {
    const security = ca === undefined ? credentials.createInsecure() : credentials.createSsl(Buffer.from(ca))
    // A certificate is looked up by a name: an address may not be asked for (RFC 6066, section 3).
    const named = ca === undefined ? channel : { 'grpc.ssl_target_name_override': 'localhost', ...channel }
    this.#client = new Client(typeof target === 'number' ? `127.0.0.1:${target}` : target, security, named)
    this.#definitions = definitions
  }

  /** Rejects with the ServiceError of grpc-js. */
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
