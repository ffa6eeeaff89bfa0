/** The two modes that fetch carries by fetch, and the other two by WebSocket. */
import type { Transport } from '@connectrpc/connect'
import { createWebSocketTransportFor, type WebSocketTransportOptions } from './websocket-transport.ts'

/**
 * Adds client streams and bidirectional streams to a transport over fetch, which keeps unary calls and server streams. What the two have
 * in common, such as `baseUrl` and interceptors, goes to both:
 *
 *     const options = { baseUrl: 'https://example.com', interceptors: [addToken] }
 *     const transport = withStreaming(createConnectTransport(options), options)
 *
 * @throws RangeError for an unknown option, or a value of the wrong kind or out of range
 */
export function withStreaming(transport: Transport, options: WebSocketTransportOptions = {}): Transport {
  const sockets = createWebSocketTransportFor('withStreaming', options)
  return {
    unary: (...args) => transport.unary(...args),
    stream: (method, ...rest) =>
      (method.methodKind === 'server_streaming' ? transport : sockets).stream(method, ...rest),
  }
}
