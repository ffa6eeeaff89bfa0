/** Calls of the console's own views, by the page's transports. They send the credentials that hold at the time of each call. */
import type { Interceptor, Transport } from '@connectrpc/connect'
import type { ConsoleFacts } from '../../../../wire/console/console-facts.ts'
import { credentialHeaders } from '../../session/credentials.ts'

/** Loads a transport over fetch, for unary calls and server streams. */
export async function liveTransport(facts: ConsoleFacts): Promise<Transport> {
  const { createWebTransport } = await import('../../../../client/web/transport/web-transport.ts')
  return createWebTransport({
    protocol: facts.protocols.includes('connect') ? 'connect' : 'grpc-web',
    useBinaryFormat: true,
    ...commonOptions(facts),
  })
}

/** Loads a transport over WebSockets, of which browsers can have more than of other connections. */
export async function socketTransport(facts: ConsoleFacts): Promise<Transport> {
  const { createWebSocketTransport } = await import('../../../../client/web/websocket/websocket-transport.ts')
  return createWebSocketTransport(commonOptions(facts))
}

/** Loads a transport for all modes: over fetch what fetch can carry, and streams of the page over WebSockets. */
export async function streamingTransport(facts: ConsoleFacts): Promise<Transport> {
  const [{ withStreaming }, transport] = await Promise.all([
    import('../../../../client/web/websocket/with-streaming.ts'),
    liveTransport(facts),
  ])
  return withStreaming(transport, commonOptions(facts))
}

function commonOptions({ prefix }: ConsoleFacts) {
  return { baseUrl: prefix === '' ? '/' : prefix, interceptors: [withCredentials] }
}

const withCredentials: Interceptor = (next) => (request) => {
  for (const [name, value] of credentialHeaders.value) request.header.set(name, value)
  return next(request)
}
