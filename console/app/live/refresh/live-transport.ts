/** Calls of the console's own views, by the page's transports. */
import type { Interceptor, Transport } from '@connectrpc/connect'
import type { ConsoleFacts } from '../../../../wire/console/console-facts.ts'
import { credentialHeaders } from '../../session/credentials.ts'

/** Loads a transport for unary calls and server streams, which sends the credentials that hold at the time of each call. */
export async function liveTransport({ prefix, protocols }: ConsoleFacts): Promise<Transport> {
  const { createWebTransport } = await import('../../../../client/web/transport/web-transport.ts')
  return createWebTransport({
    protocol: protocols.includes('connect') ? 'connect' : 'grpc-web',
    baseUrl: prefix === '' ? '/' : prefix,
    useBinaryFormat: true,
    interceptors: [withCredentials],
  })
}

const withCredentials: Interceptor = (next) => (request) => {
  for (const [name, value] of credentialHeaders.value) request.header.set(name, value)
  return next(request)
}
