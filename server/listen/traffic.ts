/** Counts the bytes of a request and its response as they pass. */
import { EnvelopeCursor } from '../../wire/envelope-cursor.ts'
import type { CallerProtocol } from '../rpc/exchange/caller-protocol.ts'
import type { NodeRequest, NodeResponse } from '../rpc/exchange/node-request.ts'
import type { RequestFault } from '../rpc/exchange/refusal.ts'
import type { BodyProgress } from './port-lane.ts'

/** What has passed so far. Bodies only, without headers. */
export class Traffic implements BodyProgress {
  receivedBytes = 0
  sentBytes = 0
  /** The last chunk of the response body. */
  lastSent: Uint8Array | undefined = undefined
  /** The `grpc-status` trailer that was sent. */
  grpcStatus: string | undefined = undefined
  /** The position of the last received byte among the messages of the body; null if messages are not in envelopes. */
  readonly cursor: EnvelopeCursor | null
  /** Tells what answers the request that it is ended for a stall. */
  onStall: ((fault: RequestFault, isAnswered?: boolean) => void) | undefined = undefined
  /** Undefined for ordinary HTTP. */
  readonly protocol: CallerProtocol | undefined
  readonly #takesOne: boolean

  /** @param takesOne whether the request is a call with exactly one request message */
  constructor(protocol: CallerProtocol | undefined, takesOne: boolean) {
    this.protocol = protocol
    this.#takesOne = takesOne
    this.cursor = protocol?.isEnveloped === true ? new EnvelopeCursor() : null
  }

  /** A body without envelopes is owed as a whole, as is the only message of a call. */
  get isOwed(): boolean {
    return this.cursor === null || this.#takesOne || this.cursor.isInsideMessage
  }

  /** Counts part of the request body. */
  noteReceived(chunk: Uint8Array): void {
    this.receivedBytes += chunk.byteLength
    this.cursor?.advance(chunk)
  }

  /** Counts part of the response body. */
  noteSent(chunk: Uint8Array): void {
    this.sentBytes += chunk.byteLength
    this.lastSent = chunk
  }
}

const traffics = new WeakMap<NodeRequest, Traffic>()

/** Returns the traffic of a request, if it is counted. */
export function trafficOf(request: NodeRequest): Traffic | undefined {
  return traffics.get(request)
}

/** Sets the traffic of a request whose transport counts it. */
export function setTraffic(request: NodeRequest, traffic: Traffic): void {
  traffics.set(request, traffic)
}

/**
 * Starts counting. Wraps the methods that all bytes pass through, on these two objects only. A `data` listener would
 * not do, as it starts the flow before the reader is there.
 */
export function watchTraffic(request: NodeRequest, response: NodeResponse, traffic: Traffic): Traffic {
  setTraffic(request, traffic)
  const push = request.push
  request.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (chunk instanceof Uint8Array) traffic.noteReceived(chunk)
    return push.call(request, chunk, encoding)
  }
  countSent(response, traffic)
  noteTrailers(response, traffic)
  return traffic
}

/** gRPC over HTTP/2 reports its status in trailers, which `addTrailers` alone sees. */
function noteTrailers(response: NodeResponse, traffic: Traffic): void {
  const target = response as { addTrailers(trailers: Record<string, string>): void }
  const { addTrailers } = target
  target.addTrailers = (trailers) => {
    traffic.grpcStatus = trailers['grpc-status']
    addTrailers.call(response, trailers)
  }
}

type Write = (...args: unknown[]) => unknown

function countSent(response: NodeResponse, traffic: Traffic): void {
  const target = response as unknown as { write: Write; end: Write }
  const { write, end } = target
  let isInsideEnd = false
  target.write = (...args) => {
    if (!isInsideEnd) noteSent(traffic, args[0])
    return write.apply(response, args)
  }
  // `end()` of node:http2 calls `write()`, that of node:http does not. The data must be counted once.
  target.end = (...args) => {
    if (!isInsideEnd) noteSent(traffic, args[0])
    isInsideEnd = true
    try {
      return end.apply(response, args)
    } finally {
      isInsideEnd = false
    }
  }
}

function noteSent(traffic: Traffic, chunk: unknown): void {
  if (typeof chunk === 'string') traffic.sentBytes += Buffer.byteLength(chunk)
  if (chunk instanceof Uint8Array) traffic.noteSent(chunk)
}
