/** Requests with their expected replies, as bytes: servers are checked with them, and then loaded with them. */
import { connect, type IncomingHttpHeaders } from 'node:http2'
import { buffer } from 'node:stream/consumers'
import { create, type DescMessage, type MessageInitShape, toBinary } from '@bufbuild/protobuf'

/** One request and its reply. */
export interface Exchange {
  /** The path, with its slash. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** The body; null for a GET. */
  readonly request: Buffer | null
  /** The complete body of a correct reply. */
  readonly reply: Buffer
  readonly http1: boolean
}

const TIMEOUT_MS = 10_000

/** A message in the five-byte envelope of gRPC. */
export function enveloped<Desc extends DescMessage>(schema: Desc, init: MessageInitShape<Desc>): Buffer {
  const message = toBinary(schema, create(schema, init))
  const envelope = Buffer.alloc(5)
  envelope.writeUInt32BE(message.length, 1)
  return Buffer.concat([envelope, message])
}

/** Makes the call once. Rejects unless the response matches to the byte. */
export async function checkExchange(address: string, exchange: Exchange): Promise<void> {
  const reply = await (exchange.http1 ? callByHttp1 : callByGrpc)(address, exchange)
  if (!reply.equals(exchange.reply)) {
    throw new Error(`${exchange.path} at ${address} answers ${show(reply)} instead of ${show(exchange.reply)}`)
  }
}

/** Makes the call once over HTTP/1.1, and returns the body. Rejects unless the status is 200. */
export async function callByHttp1(
  address: string,
  { path, headers, request }: Pick<Exchange, 'path' | 'headers' | 'request'>,
): Promise<Buffer> {
  const response = await fetch(`http://${address}${path}`, {
    method: request === null ? 'GET' : 'POST',
    headers,
    body: request === null ? null : new Uint8Array(request),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  if (response.status !== 200) throw new Error(`${path} at ${address} answers with status ${response.status}`)
  return Buffer.from(await response.arrayBuffer())
}

async function callByGrpc(address: string, { path, headers, request }: Exchange): Promise<Buffer> {
  const session = connect(`http://${address}`)
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const stream = session.request({ ':method': 'POST', ':path': path, ...headers }, { signal })
    session.on('error', (error) => stream.destroy(error))
    let status: unknown
    const note = (headers: IncomingHttpHeaders) => {
      status = headers['grpc-status'] ?? status
    }
    stream.on('response', note).on('trailers', note)
    stream.end(request ?? undefined)
    const reply = await buffer(stream)
    if (status !== '0') throw new Error(`${path} at ${address} answers with grpc-status ${status}`)
    return reply
  } finally {
    session.close()
  }
}

function show(bytes: Buffer): string {
  return `${bytes.length} bytes ${JSON.stringify(bytes.subarray(0, 80).toString('latin1'))}`
}
