/** Starts calls, in any protocol that a page can speak. */
import type { ConsoleFacts, ConsoleProtocol } from '../../../wire/console/console-facts.ts'
import type { Api } from '../api/api.ts'
import type { CallInit, Fields } from '../contracts/live-call.ts'
import type { Carrier } from './engine/carrier.ts'
import { RunningCall } from './engine/running-call.ts'
import { refusalOf } from './protocols/protocol-facts.ts'

/** What calls need to know about the page and its server. */
export interface CallContext {
  readonly facts: ConsoleFacts
  readonly api: Api
  /** The headers of the credentials. */
  readonly credentials: Fields
  /** Of the server, as in `https://example.com`. */
  readonly origin: string
  /** Calls `update` soon. Default: after a turn of the event loop. A page passes one that waits for the next frame. */
  readonly schedule?: (update: () => void) => void
}

/** Loads what carries calls of each protocol. A page cannot speak gRPC. */
const CARRIERS: Readonly<Partial<Record<ConsoleProtocol, () => Promise<Carrier>>>> = {
  connect: async () => (await import('./protocols/connect-calls.ts')).connectCalls,
  'grpc-web': async () => (await import('./protocols/grpc-web-calls.ts')).grpcWebCalls,
  websocket: async () => (await import('./protocols/websocket-calls.ts')).websocketCalls,
  rest: async () => (await import('./protocols/rest-calls.ts')).restCalls,
}

/**
 * Starts a call. It sends nothing until its first message, or the half-close of a stream.
 *
 * @throws RangeError if a page cannot make the call by the protocol
 */
export async function startCall(init: CallInit, context: CallContext): Promise<RunningCall> {
  const { facts, api, credentials, origin, schedule = soon } = context
  const refusal = refusalOf(init.protocol, init.method, facts)
  const load = CARRIERS[init.protocol]
  if (refusal !== null || load === undefined) throw new RangeError(refusal ?? `pages cannot speak ${init.protocol}`)
  const carrier = await load()
  return new RunningCall(
    init,
    { baseUrl: `${origin}${facts.prefix}`, registry: api.registry, credentials, schedule },
    carrier,
  )
}

function soon(update: () => void): void {
  setTimeout(update, 0)
}
