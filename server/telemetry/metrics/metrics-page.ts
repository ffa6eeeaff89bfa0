/** Answers requests for the page of metrics, on the port of the server or on one of its own. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { MetricsPage } from './exposition.ts'
import type { Access, MetricsReader } from './metrics-access.ts'

/** Renders the page for a value of the header field `Accept`. */
export type RenderPage = (accept: string | undefined) => Promise<MetricsPage>

/** The page, and who may read it. */
export interface PageParts {
  readonly path: string
  readonly access: Access
  readonly render: RenderPage
  /** Receives the error of a page that failed. Must not throw. */
  readonly onFault: (error: unknown) => void
}

/** What is sent for a request. */
interface PageResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const TEXT = 'text/plain; charset=utf-8'
const NOT_CACHED = { 'cache-control': 'no-store' }

const REFUSALS: Readonly<Record<'token' | 'forbidden', PageResponse>> = {
  token: {
    status: 401,
    headers: { ...NOT_CACHED, 'content-type': TEXT, 'www-authenticate': 'Bearer' },
    body: 'metrics need the token of this server\n',
  },
  forbidden: {
    status: 403,
    headers: { ...NOT_CACHED, 'content-type': TEXT },
    body: 'metrics are not for this caller\n',
  },
}

const FAILED: PageResponse = {
  status: 500,
  headers: { ...NOT_CACHED, 'content-type': TEXT },
  body: 'metrics could not be collected\n',
}

/** Adds the page to the routes of a server. Its hooks run for the page too. */
export function addMetricsRoute(app: FastifyInstance, parts: PageParts): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: parts.path,
    async handler(request, reply) {
      const { status, headers, body } = await answer(parts, { address: request.ip ?? '', headers: request.headers })
      return reply.code(status).headers(headers).send(body)
    },
  })
}

/** Where a port of its own listens. */
export interface OwnPort {
  readonly port: number
  readonly host: string
}

/**
 * Opens a port that answers nothing but the page, over HTTP/1.1 without TLS.
 *
 * @returns the server, which listens
 * @throws as `listen` of node:net
 */
export async function openMetricsPort(parts: PageParts, { port, host }: OwnPort): Promise<Server> {
  const server = createServer({ requestTimeout: 10_000 }, async (request, response) => {
    const isPage = request.url?.split('?', 1)[0] === parts.path
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    if (!isPage || !isRead) {
      response.writeHead(isPage ? 405 : 404, isPage ? { allow: 'GET, HEAD' } : {}).end()
      return
    }
    const { remoteAddress = '' } = request.socket
    const { status, headers, body } = await answer(parts, { address: remoteAddress, headers: request.headers })
    response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return server
}

/** The address of a port for log lines: `http://127.0.0.1:9464/metrics`. */
export function pageAddress(server: Server, path: string): string {
  const { address, port } = server.address() as AddressInfo
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}${path}`
}

/** Never throws: what `authorize` throws refuses the request. */
async function answer({ access, render, onFault }: PageParts, reader: MetricsReader): Promise<PageResponse> {
  try {
    const refusal = await access(reader)
    if (refusal !== null) return REFUSALS[refusal]
    const { contentType, body } = await render(reader.headers.accept)
    return { status: 200, headers: { ...NOT_CACHED, 'content-type': contentType }, body }
  } catch (error) {
    onFault(error)
    return FAILED
  }
}
