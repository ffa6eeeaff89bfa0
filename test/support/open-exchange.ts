/** One request and its response while both are under way, over either HTTP version. */
import { type IncomingMessage, request as requestHttp1 } from 'node:http'
import { connect, type IncomingHttpHeaders } from 'node:http2'
import { request as requestHttps } from 'node:https'
import type { Duplex, Readable, Writable } from 'node:stream'
import { onTestFinished } from 'vitest'
import type { ExchangeInit } from './exchange.ts'

/** The head of a response. */
export interface ResponseHead {
  readonly status: number
  readonly headers: IncomingHttpHeaders
}

/** A request that is under way. It is cut when the running test ends. */
export interface OpenExchange {
  /** Rejects if the request breaks before it. */
  readonly head: Promise<ResponseHead>
  /** What to send the request body to. */
  readonly body: Writable
  /** Yields what ends with a separator, and the rest if the response ends. Throws if the response breaks. */
  parts(separator: string): AsyncGenerator<string, void>
  /** Disconnects. */
  cut(): void
}

/** Where to send the request. */
export interface OpenTarget {
  readonly origin: string
  readonly isHttp2: boolean
  /** The CA of an https origin. */
  readonly ca?: string | undefined
}

/** Sends the head of a request. The caller ends the body. */
export function openExchange({ origin, isHttp2, ca }: OpenTarget, init: Omit<ExchangeInit, 'body'>): OpenExchange {
  const tls = ca === undefined ? {} : { ca, servername: 'localhost' }
  const opened = isHttp2 ? openHttp2(origin, init, tls) : openHttp1(origin, init, tls)
  onTestFinished(() => opened.cut())
  // A test that does not wait for the response does not care whether it breaks.
  for (const promise of [opened.head, opened.response]) promise.catch(() => {})
  return { ...opened, parts: (separator) => partsOf(opened.response, separator) }
}

interface Opened extends Omit<OpenExchange, 'parts'> {
  readonly response: Promise<Readable>
}

function openHttp1(origin: string, { path, method = 'POST', headers = {} }: ExchangeInit, tls: object): Opened {
  const { protocol, hostname, port } = new URL(origin)
  const send = protocol === 'https:' ? requestHttps : requestHttp1
  const request = send({ hostname, port, path, method, headers, agent: false, ...tls })
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    request.on('response', resolve).on('error', reject)
  })
  request.flushHeaders()
  const head = response.then(({ statusCode = 0, headers }) => ({ status: statusCode, headers }))
  return { head, response, body: request, cut: () => request.destroy() }
}

function openHttp2(origin: string, { path, method = 'POST', headers = {} }: ExchangeInit, tls: object): Opened {
  const session = connect(origin, tls)
  session.on('error', () => {})
  const stream = session.request({ ':path': path, ':method': method, ...headers }, { endStream: false })
  const head = new Promise<ResponseHead>((resolve, reject) => {
    stream
      .on('response', (fields) => resolve({ status: Number(fields[':status']), headers: fields }))
      .on('error', reject)
      .on('close', () => reject(new Error(`the stream closed with code ${stream.rstCode}`)))
  })
  const response: Promise<Duplex> = head.then(() => stream)
  return { head, response, body: stream, cut: () => session.destroy() }
}

async function* partsOf(response: Promise<Readable>, separator: string): AsyncGenerator<string, void> {
  let rest = ''
  for await (const chunk of await response) {
    const parts = (rest + String(chunk)).split(separator)
    rest = parts.pop() ?? ''
    for (const part of parts) yield part + separator
  }
  if (rest !== '') yield rest
}
