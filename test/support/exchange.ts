/** One request and its complete response, over either HTTP version. */
import { type IncomingMessage, request as requestHttp1 } from 'node:http'
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders } from 'node:http2'
import { request as requestHttps } from 'node:https'
import { scanForSecrets } from './planted-secrets.ts'

/** A complete request. */
export interface ExchangeInit {
  readonly path: string
  /** Default: POST. */
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | string[]>>
  /** Default: none. */
  readonly body?: Uint8Array | string
}

/** A complete response. */
export interface Exchanged {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly trailers: IncomingHttpHeaders
  readonly body: Buffer
}

/** How tests send a request: both HTTP versions have the same interface. `ca` is the CA of an https origin. */
export type Exchange = (origin: string, init: ExchangeInit, ca?: string) => Promise<Exchanged>

/** Both HTTP versions, for test tables. */
export const exchanges: readonly (readonly [name: 'HTTP/1.1' | 'HTTP/2', exchange: Exchange])[] = [
  ['HTTP/1.1', exchangeHttp1],
  ['HTTP/2', exchangeHttp2],
]

/** Over a new HTTP/1.1 connection. Rejects if the connection breaks. */
export function exchangeHttp1(origin: string, init: ExchangeInit, ca?: string): Promise<Exchanged> {
  const { path, method = 'POST', headers = {}, body } = init
  return new Promise((resolve, reject) => {
    const { protocol, hostname, port } = new URL(origin)
    const send = protocol === 'https:' ? requestHttps : requestHttp1
    // Otherwise the certificate is verified against the Host field.
    const tls = ca === undefined ? {} : { ca, servername: 'localhost' }
    const request = send({ hostname, port, path, method, headers, agent: false, ...tls }, (response) => {
      readHttp1(response).then(resolve, reject)
    })
    request.on('error', reject)
    request.end(body)
  })
}

/** Over a new HTTP/2 connection, by prior knowledge or TLS. Rejects if the stream is reset or the connection breaks. */
export async function exchangeHttp2(origin: string, init: ExchangeInit, ca?: string): Promise<Exchanged> {
  const session = connect(origin, ca === undefined ? {} : { ca })
  session.on('error', () => {})
  try {
    return await exchangeOn(session, init)
  } finally {
    session.destroy()
  }
}

/** Over an existing session. */
export function exchangeOn(session: ClientHttp2Session, init: ExchangeInit): Promise<Exchanged> {
  const { path, method = 'POST', headers = {}, body } = init
  const stream = session.request({ ':path': path, ':method': method, ...headers }, { endStream: body === undefined })
  if (body !== undefined) stream.end(body)
  return readHttp2(stream)
}

/** Collects the response of a stream. Rejects if it is reset before it ends. */
export function readHttp2(stream: ClientHttp2Stream): Promise<Exchanged> {
  return new Promise((resolve, reject) => {
    let headers: IncomingHttpHeaders = {}
    let trailers: IncomingHttpHeaders = {}
    const chunks: Buffer[] = []
    stream.on('response', (fields) => {
      headers = fields
    })
    stream.on('trailers', (fields) => {
      trailers = fields
    })
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('error', reject)
    stream.on('close', () => {
      const status = Number(headers[':status'])
      if (Number.isNaN(status)) reject(new Error(`the stream closed without a response, code ${stream.rstCode}`))
      else resolve(scanned({ status, headers, trailers, body: Buffer.concat(chunks) }))
    })
  })
}

async function readHttp1(response: IncomingMessage): Promise<Exchanged> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const { statusCode = 0, headers, trailers } = response
  return scanned({
    status: statusCode,
    headers,
    trailers: trailers as IncomingHttpHeaders,
    body: Buffer.concat(chunks),
  })
}

function scanned(response: Exchanged): Exchanged {
  scanForSecrets('fields of a response', JSON.stringify([response.headers, response.trailers]))
  scanForSecrets('body of a response', response.body)
  return response
}
