/** Passes a request of our own HTTP/2, or of a WebSocket, to Fastify. */
import { type Forwardable, ForwardedRequest, type ServeRequest } from './forwarded/forwarded-request.ts'
import type { PortCalls } from './port-calls.ts'
import { setTraffic, Traffic } from './traffic.ts'

/** Serves it as if node:http had parsed it, and counts its bytes. */
export function forwardRequest(
  calls: PortCalls,
  serve: ServeRequest,
  { stream, head, carrier }: Pick<Forwardable, 'stream' | 'head' | 'carrier'>,
): void {
  const counter = new Traffic(calls.protocolOf(head), calls.takesOne(head))
  const onFault = (error: unknown) => calls.firstLane?.onFault(error)
  const forwarded = new ForwardedRequest({ stream, head, counter, carrier, onFault })
  setTraffic(forwarded.request, counter)
  forwarded.start(serve)
}
