/** Requests and responses of node:http and node:http2, and their heads as calls see them. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { RequestVerdict } from '../../../wire/http2/http2.ts'
import type { HeadSource } from './call-head.ts'
import type { ExchangeHead, RequestField } from './exchange.ts'

/** A request of either HTTP version. */
export type NodeRequest = IncomingMessage | Http2ServerRequest

/** A response of either HTTP version. */
export type NodeResponse = ServerResponse | Http2ServerResponse

/** The request handler of a server of node:http. */
export type NodeHandler = (request: NodeRequest, response: NodeResponse) => void

/** Returns whether the request came over HTTP/2. */
export function isHttp2(request: NodeRequest): request is Http2ServerRequest {
  return 'stream' in request
}

/** Returns a header that may appear only once; of a list, the first value. */
export function headerOf(request: NodeRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}

/** Returns the head of a request in the form that protocols read. */
export function headOf({ method = '', url = '', rawHeaders }: NodeRequest): HeadSource {
  return { method, path: url, fields: fieldsOf(rawHeaders) }
}

/**
 * A head in the form that calls read, shared by requests of a connection with equal heads. Invalid heads are refused
 * before one is created.
 */
export class NodeHead implements ExchangeHead {
  readonly method: string
  readonly path: string
  readonly authority: string
  readonly fields: readonly RequestField[]
  /** The length of the body in bytes; -1 if it is not known in advance. */
  readonly contentLength: number
  readonly verdict: RequestVerdict = RequestVerdict.FINE
  plan: unknown = undefined

  /**
   * @param unannounced the length of a body that no field announces: 0 for a request that node:http has read from its socket (RFC 9112
   *   section 6.3). Default: -1, as it can only be told by reading
   */
  constructor(request: NodeRequest, unannounced: 0 | -1 = -1) {
    this.method = request.method ?? ''
    this.path = request.url ?? ''
    this.authority = authorityOf(request)
    this.fields = fieldsOf(request.rawHeaders)
    const length = this.get('content-length')
    const isChunked = length === undefined && this.get('transfer-encoding') !== undefined
    this.contentLength = isChunked ? -1 : Number(length ?? unannounced)
  }

  get(name: string): string | undefined {
    for (const field of this.fields) if (field.name === name) return field.value
    return undefined
  }
}

function authorityOf({ headers }: NodeRequest): string {
  const authority = headers[':authority']
  return typeof authority === 'string' ? authority : (headers.host ?? '')
}

/** Returns the fields of `rawHeaders`, in which names and values alternate, without pseudo-headers. */
export function fieldsOf(rawHeaders: readonly string[]): RequestField[] {
  const fields: RequestField[] = []
  for (let at = 1; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at - 1] ?? '').toLowerCase()
    if (!name.startsWith(':')) fields.push({ name, value: rawHeaders[at] ?? '' })
  }
  return fields
}
