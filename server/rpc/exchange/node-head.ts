/** The head of a request of node:http or node:http2, as calls see it. */
import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import { RequestVerdict } from '../../../wire/http2/http2.ts'
import type { ExchangeHead, RequestField } from './exchange.ts'

/** Shared by requests of a connection whose heads are equal. What is wrong with a head is answered before it gets here. */
export class NodeHead implements ExchangeHead {
  readonly method: string
  readonly path: string
  readonly authority: string
  readonly fields: readonly RequestField[]
  /** Octets of the body as announced; -1 where they are not. */
  readonly contentLength: number
  readonly verdict: RequestVerdict = RequestVerdict.FINE
  plan: unknown = undefined

  constructor(request: IncomingMessage | Http2ServerRequest) {
    this.method = request.method ?? ''
    this.path = request.url ?? ''
    this.authority = authorityOf(request)
    this.fields = fieldsOf(request.rawHeaders)
    this.contentLength = Number(this.get('content-length') ?? -1)
  }

  get(name: string): string | undefined {
    for (const field of this.fields) if (field.name === name) return field.value
    return undefined
  }
}

function authorityOf({ headers }: IncomingMessage | Http2ServerRequest): string {
  const authority = headers[':authority']
  return typeof authority === 'string' ? authority : (headers.host ?? '')
}

/** The fields of a request of node:http or node:http2, where names and values alternate; without those of the request line. */
export function fieldsOf(rawHeaders: readonly string[]): RequestField[] {
  const fields: RequestField[] = []
  for (let at = 1; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at - 1] ?? '').toLowerCase()
    if (!name.startsWith(':')) fields.push({ name, value: rawHeaders[at] ?? '' })
  }
  return fields
}
