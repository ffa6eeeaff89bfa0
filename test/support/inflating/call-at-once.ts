/** Connections that make many concurrent calls, and return the outcome of each. */
import { once } from 'node:events'
import * as http from 'node:http'
import * as http2 from 'node:http2'
import { buffer } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import type { Bomb } from './bombs.ts'

/** The outcome of a call, as far as relevant here; `reset`: no response. */
export type Outcome = 'ok' | 'exhausted' | 'reset' | string

/** Makes a call this many times concurrently, on one HTTP/2 connection. */
export async function callOverHttp2(port: number, call: Bomb, count: number): Promise<Outcome[]> {
  const session = http2.connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: 65_535 } })
  session.on('error', () => {})
  onTestFinished(() => session.destroy())
  await once(session, 'remoteSettings')
  return Promise.all(Array.from({ length: count }, () => callOnStream(session, call)))
}

/** Makes calls on one HTTP/2 connection and reads no responses; settles when the server has seen them all. */
export async function callWithoutReading(port: number, { path, headers, body }: Bomb, count: number): Promise<void> {
  const session = http2.connect(`http://127.0.0.1:${port}`)
  session.on('error', () => {})
  onTestFinished(() => session.destroy())
  await once(session, 'remoteSettings')
  for (let n = 0; n < count; n++) {
    const stream = session.request({ ':method': 'POST', ':path': path, te: 'trailers', ...headers })
    stream.on('error', () => {})
    stream.end(body)
  }
  await new Promise<void>((resolve) => session.ping(() => resolve()))
}

/** Makes a call this many times concurrently, each on its own HTTP/1.1 connection. */
export function callOverHttp1(port: number, call: Bomb, count: number): Promise<Outcome[]> {
  return Promise.all(Array.from({ length: count }, () => callOnSocket(port, call)))
}

async function callOnStream(session: http2.ClientHttp2Session, { path, headers, body }: Bomb): Promise<Outcome> {
  const stream = session.request({ ':method': 'POST', ':path': path, te: 'trailers', ...headers })
  let trailers: http2.IncomingHttpHeaders = {}
  stream.on('trailers', (fields) => {
    trailers = fields
  })
  stream.end(body)
  try {
    const [[head], data] = await Promise.all([
      once(stream, 'response') as Promise<[http2.IncomingHttpHeaders]>,
      buffer(stream),
    ])
    return outcomeOf({ ...head, ...trailers }, Number(head[':status']), data)
  } catch {
    return 'reset'
  }
}

async function callOnSocket(port: number, { path, headers, body }: Bomb): Promise<Outcome> {
  const request = http.request({ port, host: '127.0.0.1', method: 'POST', path, headers, agent: false })
  onTestFinished(() => {
    request.destroy()
  })
  request.on('error', () => {})
  request.end(body)
  try {
    const [answer] = (await once(request, 'response')) as [http.IncomingMessage]
    const data = await buffer(answer)
    return outcomeOf({ ...answer.headers, ...answer.trailers }, answer.statusCode ?? 0, data)
  } catch {
    return 'reset'
  }
}

type Fields = Readonly<Record<string, unknown>>

/** From trailers, from the last envelope of the body, or from the HTTP status. */
function outcomeOf(fields: Fields, httpStatus: number, body: Buffer): Outcome {
  const isText = String(fields['content-type']).includes('web-text')
  const text = isText ? Buffer.from(body.toString(), 'base64').toString('latin1') : body.toString('latin1')
  const status = fields['grpc-status'] ?? /grpc-status: (\d+)/.exec(text)?.[1]
  if (status === '8' || httpStatus === 429 || text.includes('"code":"resource_exhausted"')) return 'exhausted'
  return status === '0' || (status === undefined && httpStatus === 200)
    ? 'ok'
    : `${httpStatus} ${status} ${text.slice(0, 200)}`
}
