/** Tells by its headers alone in which RPC protocol a request is written. */

/** The RPC protocols that a request can be written in. Connect is two: its unary calls look like ordinary HTTP. */
export type RpcProtocol = 'grpc' | 'grpc-web' | 'grpc-web-text' | 'connect-stream' | 'connect-unary'

/** What decides the protocol: parts of a request's head, names in lower case. */
export interface RequestHead {
  readonly contentType: string | undefined
  /** The value of `connect-protocol-version`, which Connect's own clients always send. */
  readonly connectVersion: string | undefined
  readonly method: string
  /** The request target, with its query. */
  readonly target: string
}

const GRPC = /^application\/grpc(?:\+[a-z]+)?\s*(?:;|$)/i
const GRPC_WEB = /^application\/grpc-web(?:\+[a-z]+)?\s*(?:;|$)/i
const GRPC_WEB_TEXT = /^application\/grpc-web-text(?:\+[a-z]+)?\s*(?:;|$)/i
const CONNECT_STREAM = /^application\/connect\+[a-z]+\s*(?:;|$)/i
const CONNECT_GET = /[?&]connect=v1(?:&|$)/

/**
 * Returns the protocol of a request, or undefined for ordinary HTTP.
 *
 * A JSON POST without Connect's own header counts as ordinary HTTP here: only the path tells whether it is a call.
 */
export function rpcProtocolOf(head: RequestHead): RpcProtocol | undefined {
  const type = head.contentType
  if (type !== undefined) {
    if (GRPC.test(type)) return 'grpc'
    if (GRPC_WEB.test(type)) return 'grpc-web'
    if (GRPC_WEB_TEXT.test(type)) return 'grpc-web-text'
    if (CONNECT_STREAM.test(type)) return 'connect-stream'
  }
  if (head.connectVersion !== undefined) return 'connect-unary'
  if (head.method === 'GET' && CONNECT_GET.test(head.target)) return 'connect-unary'
  return undefined
}
