/** The pair of request and response that node:http and node:http2 give, and what is the same in both. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { HeadSource } from '../rpc/exchange/call-head.ts'
import { fieldsOf } from '../rpc/exchange/node-head.ts'

/** A request of either HTTP version. */
export type NodeRequest = IncomingMessage | Http2ServerRequest

/** A response of either HTTP version. */
export type NodeResponse = ServerResponse | Http2ServerResponse

/** What a server of node:http calls for each request. */
export type NodeHandler = (request: NodeRequest, response: NodeResponse) => void

/** Whether the request came over HTTP/2. */
export function isHttp2(request: NodeRequest): request is Http2ServerRequest {
  return 'stream' in request
}

/** Reads a header that can only stand once; a list counts as its first value. */
export function headerOf(request: NodeRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}

/** The head of a request, as protocols look at it. */
export function headOf({ method = '', url = '', rawHeaders }: NodeRequest): HeadSource {
  return { method, path: url, fields: fieldsOf(rawHeaders) }
}
