/** An HTTP API that a test plays: it comes and goes on one port, and every request that its documents do not allow fails the test. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished } from 'vitest'
import type { KeyedCertificate } from '../certificates.ts'
import { type ListeningServer, startListening } from '../start-listening.ts'

/** A request with its body. */
export interface StrictRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** Answers a request. Aborts the signal when the client has closed the connection. */
export type StrictHandler = (request: StrictRequest, response: ServerResponse) => Promise<void> | void

/** A server with a fixed port, from its first start on. */
export class StrictHttp {
  readonly requests: StrictRequest[] = []
  /** What clients sent that they must not send. The test fails if there is any. */
  readonly faults: string[] = []
  /** Answers a request in place of the API if it returns true. */
  intercept: (request: StrictRequest, response: ServerResponse) => boolean = () => false
  readonly #handler: StrictHandler
  readonly #certificate: KeyedCertificate | undefined
  #listening: ListeningServer | null = null
  #port = 0

  constructor(handler: StrictHandler, certificate?: KeyedCertificate) {
    this.#handler = handler
    this.#certificate = certificate
    onTestFinished(async () => {
      await this.stop()
      expect(this.faults).toEqual([])
    })
  }

  get port(): number {
    return this.#port
  }

  /** `http://127.0.0.1:PORT` */
  get origin(): string {
    return `${this.#certificate === undefined ? 'http' : 'https'}://127.0.0.1:${this.#port}`
  }

  /** The connections that are open. */
  get connections(): number {
    return this.#listening?.sockets.size ?? 0
  }

  /** Listens on the same port as before. */
  async start(): Promise<void> {
    const server = this.#create()
    this.#listening = await startListening(server, { port: this.#port, host: '127.0.0.1' })
    this.#port = this.#listening.port
  }

  /** Cuts all connections. */
  async stop(): Promise<void> {
    await this.#listening?.close()
    this.#listening = null
  }

  fault(text: string): void {
    this.faults.push(text)
  }

  /** Reports a query parameter that the API does not have. */
  checkQuery({ method, path, query }: StrictRequest, known: readonly string[]): void {
    for (const name of query.keys()) {
      if (!known.includes(name)) this.fault(`${method} ${path} has the unknown parameter ${name}`)
    }
  }

  #create(): Server {
    const onRequest = (request: IncomingMessage, response: ServerResponse) => void this.#serve(request, response)
    return this.#certificate === undefined
      ? createServer(onRequest)
      : createTlsServer({ ...this.#certificate }, onRequest)
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(incoming.url ?? '', 'http://api.test')
    const request: StrictRequest = {
      method: incoming.method ?? '',
      path: pathname,
      query: searchParams,
      headers: incoming.headers,
      body: await text(incoming).catch(() => ''),
    }
    this.requests.push(request)
    if (this.intercept(request, response)) return
    try {
      await this.#handler(request, response)
    } catch (error) {
      this.fault(`${request.method} ${request.path}: ${error}`)
      response.destroy()
    }
  }
}

/** Ends a response with JSON. */
export function sendJson(response: ServerResponse, status: number, json: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json))
}
