/** What the spans of both ends say of a call, in the semantic conventions for RPC. */
import type { Code, ConnectError } from '@connectrpc/connect'
import { type OtelAttributes, type OtelSpan, SPAN_STATUS_ERROR } from './open-telemetry-api.ts'
import {
  ATTR_ERROR_TYPE,
  ATTR_NETWORK_PEER_ADDRESS,
  ATTR_NETWORK_PEER_PORT,
  ATTR_RPC_STATUS_CODE,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  isRpcError,
  rpcStatus,
} from './rpc-names.ts'

/** `host` or `host:port`, IPv6 in brackets, after a scheme with a single address. */
const SINGLE_PLACE = /^(?:(?:dns|ipv4|ipv6|passthrough):(?:\/\/[^/]*\/)?)?(?:\[([^\]]+)\]|([^:/,[\]]+))(?::(\d+))?$/

/** `1.2.3.4:80`, `[::1]:80`; anything else is the path of a socket. */
const PEER = /^\[?(.*?)\]?:(\d+)$/

/** Returns `server.*` for the target of a channel or the authority of a request. */
export function serverAttributes(target: string): OtelAttributes {
  const [, bracketed, name, port] = SINGLE_PLACE.exec(target) ?? []
  return {
    [ATTR_SERVER_ADDRESS]: bracketed ?? name ?? target,
    ...(port !== undefined && { [ATTR_SERVER_PORT]: Number(port) }),
  }
}

/** Returns the other end of a connection without its port: an IP address, or the path of a socket. */
export function peerAddress(peer: string): string {
  return PEER.exec(peer)?.[1] ?? peer
}

/** Returns `network.peer.*` for the other end of a connection. */
export function peerAttributes(peer: string): OtelAttributes {
  const [, address = peer, port] = PEER.exec(peer) ?? []
  return {
    [ATTR_NETWORK_PEER_ADDRESS]: address,
    ...(port !== undefined && { [ATTR_NETWORK_PEER_PORT]: Number(port) }),
  }
}

/** Returns the attributes of a message event (gRFC A72). Messages are numbered from 0 in each direction. */
export function messageAttributes(number: number, compressedBytes: number, bytes: number): OtelAttributes {
  return { 'sequence-number': number, 'message-size': bytes, 'message-size-compressed': compressedBytes }
}

/** How a call or an attempt ended. */
export interface SpanEnd {
  readonly side: 'server' | 'client'
  readonly protocol: string
  readonly code: Code | undefined
  /** The error that the caller got, which holds nothing that it may not know. */
  readonly error: ConnectError | null
}

/** Ends a span with the status of its call. Only what counts as an error at this end makes the span one. */
export function endSpan(span: OtelSpan, { side, protocol, code, error }: SpanEnd): void {
  const status = rpcStatus(protocol, code)
  if (status !== undefined) {
    if (isRpcError(side, code)) {
      span.setAttributes({ [ATTR_RPC_STATUS_CODE]: status, [ATTR_ERROR_TYPE]: status })
      span.setStatus({ code: SPAN_STATUS_ERROR, message: error === null ? status : `${status}, ${error.rawMessage}` })
    } else span.setAttributes({ [ATTR_RPC_STATUS_CODE]: status })
  }
  span.end()
}
