/** Watches the bytes of one request and its response go by, without touching them. */
import { EnvelopeCursor } from '../../wire/envelope-cursor.ts'
import type { CallerProtocol } from '../rpc/exchange/caller-protocol.ts'
import type { NodeRequest, NodeResponse } from '../rpc/exchange/node-request.ts'
import type { RequestFault } from '../rpc/exchange/refusal.ts'
import type { BodyProgress } from './port-lane.ts'

/** What passed on one exchange so far. Bodies only: headers are not counted. */
export class Traffic implements BodyProgress {
  receivedBytes = 0
  sentBytes = 0
  /** The last chunk of the answer's body, until the exchange is forgotten. */
  lastSent: Uint8Array | undefined = undefined
  /** The `grpc-status` that went out as a trailer. */
  grpcStatus: string | undefined = undefined
  /** Where in a body of enveloped messages the last byte received stands; null for other bodies. */
  readonly cursor: EnvelopeCursor | null
  /** Who answers the request learns here that it is ended for a stall. */
  onStall: ((fault: RequestFault, isAnswered?: boolean) => void) | undefined = undefined
  /** Undefined for ordinary HTTP. */
  readonly protocol: CallerProtocol | undefined
  readonly #takesOne: boolean

  /** @param takesOne the call is of a method that takes exactly one message */
  constructor(protocol: CallerProtocol | undefined, takesOne: boolean) {
    this.protocol = protocol
    this.#takesOne = takesOne
    this.cursor = protocol?.isEnveloped === true ? new EnvelopeCursor() : null
  }

  /** A body without envelopes is owed as a whole, and so is a call's only message. */
  get isOwed(): boolean {
    return this.cursor === null || this.#takesOne || this.cursor.isInsideMessage
  }

  /** A piece of the request's body has come. */
  noteReceived(chunk: Uint8Array): void {
    this.receivedBytes += chunk.byteLength
    this.cursor?.advance(chunk)
  }

  /** A piece of the response's body goes out. */
  noteSent(chunk: Uint8Array): void {
    this.sentBytes += chunk.byteLength
    this.lastSent = chunk
  }
}

const traffics = new WeakMap<NodeRequest, Traffic>()

/** The traffic of a request that is counted. */
export function trafficOf(request: NodeRequest): Traffic | undefined {
  return traffics.get(request)
}

/** Notes the traffic of a request whose carrier counts it. */
export function setTraffic(request: NodeRequest, traffic: Traffic): void {
  traffics.set(request, traffic)
}

/**
 * Starts to count. The methods that every byte passes through are wrapped on these two objects alone: a `data`
 * listener would make the body flow before its reader is there.
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
  // node:http2's end() calls write(), node:http's does not: what end() is given counts once.
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
