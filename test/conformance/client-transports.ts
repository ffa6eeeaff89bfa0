/** Transports for the servers and protocols of the test cases. Cases with the same settings share one. */
import { createRegistry } from '@bufbuild/protobuf'
import { type ClientTransport, createTransport } from '../../client/node/transport.ts'
import type { Protocol as ProtocolName } from '../../client/node/transport-options.ts'
import type { CodecKind } from '../../wire/codec/codec-settings.ts'
import type { CompressionName } from '../../wire/compression/compression-choice.ts'
import type { ClientCompatRequest } from '../gen/connectrpc/conformance/v1/client_compat_pb.js'
import { Codec, Compression, HTTPVersion, Protocol } from '../gen/connectrpc/conformance/v1/config_pb.js'
import { file_connectrpc_conformance_v1_service } from '../gen/connectrpc/conformance/v1/service_pb.js'

const PROTOCOLS: Readonly<Partial<Record<Protocol, ProtocolName>>> = {
  [Protocol.CONNECT]: 'connect',
  [Protocol.GRPC]: 'grpc',
  [Protocol.GRPC_WEB]: 'grpc-web',
}

const HTTP_VERSIONS: Readonly<Partial<Record<HTTPVersion, '1.1' | '2'>>> = {
  [HTTPVersion.HTTP_VERSION_1]: '1.1',
  [HTTPVersion.HTTP_VERSION_2]: '2',
}

const COMPRESSIONS: Readonly<Partial<Record<Compression, CompressionName>>> = {
  [Compression.GZIP]: 'gzip',
  [Compression.BR]: 'br',
  [Compression.ZSTD]: 'zstd',
}

/** Transports that are created on first use, and kept until disposal. */
export class ClientTransports implements AsyncDisposable {
  readonly #transports = new Map<string, ClientTransport>()
  readonly #codec: CodecKind

  constructor(codec: CodecKind) {
    this.#codec = codec
  }

  /**
   * @param timeoutMs the timeout of calls that do not set their own
   * @throws Error when the test case names a protocol or an HTTP version that the product's client does not speak
   */
  for(request: ClientCompatRequest, timeoutMs?: number): ClientTransport {
    const { port, protocol, httpVersion, codec, compression, useGetHttpMethod, messageReceiveLimit } = request
    const settings = [port, protocol, httpVersion, codec, compression, useGetHttpMethod, messageReceiveLimit, timeoutMs]
    const key = JSON.stringify(settings)
    const transport = this.#transports.get(key) ?? createTransportFor(request, { timeoutMs, codec: this.#codec })
    this.#transports.set(key, transport)
    return transport
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#transports.values()].map((transport) => transport.close()))
  }
}

function createTransportFor(
  request: ClientCompatRequest,
  { timeoutMs, codec }: { timeoutMs: number | undefined; codec: CodecKind },
): ClientTransport {
  const protocol = PROTOCOLS[request.protocol]
  const httpVersion = HTTP_VERSIONS[request.httpVersion]
  const sendCompression = COMPRESSIONS[request.compression]
  if (protocol === undefined || httpVersion === undefined) {
    throw new Error(`protocol ${request.protocol} over HTTP version ${request.httpVersion} is not supported`)
  }
  return createTransport({
    baseUrl: `${request.serverTlsCert.length > 0 ? 'https' : 'http'}://${request.host}:${request.port}`,
    protocol,
    httpVersion,
    codec,
    useBinaryFormat: request.codec !== Codec.JSON,
    registry: createRegistry(file_connectrpc_conformance_v1_service),
    useHttpGet: request.useGetHttpMethod,
    ...(timeoutMs !== undefined && { defaultTimeoutMs: timeoutMs }),
    // However short a message is: the suite looks whether it is compressed.
    ...(sendCompression !== undefined && { sendCompression, compressMinBytes: 0 }),
    ...(request.messageReceiveLimit > 0 && { readMaxBytes: request.messageReceiveLimit }),
    ...(request.serverTlsCert.length > 0 && { tls: tlsOptions(request) }),
  })
}

function tlsOptions({ serverTlsCert, clientTlsCreds }: ClientCompatRequest) {
  return {
    ca: Buffer.from(serverTlsCert),
    ...(clientTlsCreds && { cert: Buffer.from(clientTlsCreds.cert), key: Buffer.from(clientTlsCreds.key) }),
  }
}
