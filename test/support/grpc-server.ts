/** A server that responds to gRPC requests as the test decides, frame by frame, over our own HTTP/2. */
import { createServer } from 'node:net'
import { onTestFinished } from 'vitest'
import {
  createServerSession,
  type Http2Session,
  type Http2Stream,
  normalizeHttp2Options,
  type RequestHead,
} from '../../wire/http2/http2.ts'
import { startListening } from './start-listening.ts'

/** Answers one request. `attempt` counts the server's requests from 0. */
export type Answer = (
  stream: Http2Stream,
  request: { head: RequestHead; attempt: number; session: Http2Session },
) => void

/** A listening server. */
export interface GrpcServer {
  readonly port: number
  readonly heads: readonly RequestHead[]
  /** Cuts the connections, and settles once the port is free. */
  close(): Promise<void>
}

/** Listens before it returns, and is closed when the running test ends. */
export async function startGrpcServer(answer: Answer): Promise<GrpcServer> {
  const heads: RequestHead[] = []
  const options = normalizeHttp2Options('server')
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const session = createServerSession(socket, options, {
      onRequest(stream, head) {
        heads.push(head)
        answer(stream, { head, attempt: heads.length - 1, session })
        stream.release()
      },
      onClose() {},
    })
    session.start()
  })
  const { port, close } = await startListening(server)
  onTestFinished(close)
  return { port, heads, close }
}

/** A Trailers-Only response. */
export function refuse(stream: Http2Stream, status: number, fields: Readonly<Record<string, string>> = {}): void {
  const added = Object.entries(fields).map(([name, value]) => ({ name, value }))
  stream.respond([...GRPC_HEAD, { name: 'grpc-status', value: String(status) }, ...added], true)
}

/** The first fields of a response. */
export const GRPC_HEAD = [
  { name: ':status', value: '200' },
  { name: 'content-type', value: 'application/grpc+proto' },
] as const
