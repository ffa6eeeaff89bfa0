/** Makes the transport that a client calls through, and that lets go of its connections when it is closed. */
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Transport } from '@connectrpc/connect'
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node'
import { Http2Sessions } from './http2-sessions.ts'
import {
  type NormalTransportOptions,
  normalizeTransportOptions,
  type TlsOptions,
  type TransportOptions,
} from './transport-options.ts'

/** A transport that owns its connections. */
export interface ClosableTransport extends Transport, AsyncDisposable {
  /** Cancels what is under way and closes every connection, so that nothing keeps the process alive. */
  close(): Promise<void>
}

type Http1Options = Extract<Parameters<typeof createConnectTransport>[0], { httpVersion: '1.1' }>
type Http2Options = Extract<Parameters<typeof createConnectTransport>[0], { httpVersion: '2' }>

/**
 * Makes a transport. It connects with the first call.
 *
 *     const transport = createTransport({ baseUrl: 'http://127.0.0.1:8080' })
 *     const greeter = createClient(GreeterService, transport)
 *     ...
 *     await transport.close()
 *
 * @throws RangeError naming the option, its value and what it may be
 */
export function createTransport(options: TransportOptions): ClosableTransport {
  const normal = normalizeTransportOptions(options)
  return normal.httpVersion === '2' ? overHttp2(normal) : overHttp1(normal)
}

function overHttp2(options: NormalTransportOptions): ClosableTransport {
  const { baseUrl, authority, tls } = options
  const sessionManager = new Http2Sessions({ baseUrl, authority, session: toNodeTls(tls) })
  const transport = ofProtocol(options, { httpVersion: '2', sessionManager })
  return closable(transport, () => sessionManager.close())
}

function overHttp1(options: NormalTransportOptions): ClosableTransport {
  const { baseUrl, authority, tls } = options
  const isTls = new URL(baseUrl).protocol === 'https:'
  const agent = isTls ? new HttpsAgent({ keepAlive: true, ...toNodeTls(tls) }) : new HttpAgent({ keepAlive: true })
  const nodeOptions = { agent, ...(authority !== undefined && { headers: { host: authority } }) }
  const transport = ofProtocol(options, { httpVersion: '1.1', nodeOptions })
  return closable(transport, async () => agent.destroy())
}

function ofProtocol(
  options: NormalTransportOptions,
  http: Pick<Http1Options, 'httpVersion' | 'nodeOptions'> | Pick<Http2Options, 'httpVersion' | 'sessionManager'>,
): Transport {
  const common = {
    baseUrl: options.baseUrl,
    useBinaryFormat: options.format === 'binary',
    interceptors: [...options.interceptors],
    readMaxBytes: options.maxReceiveBytes,
    ...(options.registry && { jsonOptions: { registry: options.registry } }),
    ...(options.timeoutMs !== undefined && { defaultTimeoutMs: options.timeoutMs }),
  }
  if (options.protocol === 'connect') {
    return createConnectTransport({ ...common, ...http, useHttpGet: options.useHttpGet })
  }
  // The options are checked: gRPC never comes with HTTP/1.1.
  const isGrpc = options.protocol === 'grpc' && http.httpVersion === '2'
  return isGrpc ? createGrpcTransport({ ...common, ...http }) : createGrpcWebTransport({ ...common, ...http })
}

function toNodeTls({ insecure = false, ...tls }: TlsOptions): TlsOptions & { rejectUnauthorized: boolean } {
  return { ...tls, rejectUnauthorized: !insecure }
}

function closable(transport: Transport, close: () => Promise<void>): ClosableTransport {
  return {
    unary: transport.unary.bind(transport),
    stream: transport.stream.bind(transport),
    close,
    [Symbol.asyncDispose]: close,
  }
}
