/** Calls of the console's own views, by the page's transports. They send the credentials that hold at the time of each call. */
import type { Interceptor, Transport } from '@connectrpc/connect'
import { createWebTransport } from '../../../../client/web/transport/web-transport.ts'
import { createWebSocketTransport } from '../../../../client/web/websocket/websocket-transport.ts'
import { withStreaming } from '../../../../client/web/websocket/with-streaming.ts'
import type { ConsoleFacts } from '../../../../wire/console/console-facts.ts'
import { credentialHeaders } from '../../session/credentials.ts'

/** Returns a transport over fetch, for unary calls and server streams. */
export function liveTransport(facts: ConsoleFacts): Transport {
  return createWebTransport({
    protocol: facts.protocols.includes('connect') ? 'connect' : 'grpc-web',
    useBinaryFormat: true,
    ...commonOptions(facts),
  })
}

/** Returns a transport whose streams are WebSockets, of which browsers can have more than of other connections. */
export function socketTransport(facts: ConsoleFacts): Transport {
  const calls = liveTransport(facts)
  const sockets = createWebSocketTransport(commonOptions(facts))
  return { unary: (...args) => calls.unary(...args), stream: (...args) => sockets.stream(...args) }
}

/** Returns a transport for all modes: over fetch what fetch can carry, and streams of the page over WebSockets. */
export function streamingTransport(facts: ConsoleFacts): Transport {
  return withStreaming(liveTransport(facts), commonOptions(facts))
}

function commonOptions({ prefix }: ConsoleFacts) {
  return { baseUrl: prefix === '' ? '/' : prefix, interceptors: [withCredentials] }
}

const withCredentials: Interceptor = (next) => (request) => {
  for (const [name, value] of credentialHeaders.value) request.header.set(name, value)
  return next(request)
}
