/** The server that h2spec tests: the port, with a call and an ordinary route, which respond at once or late. */
import type { AddressInfo } from 'node:net'
import { finished } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { type App, createApp, type TlsOptions } from '../../server/public.ts'

/** The delay of a late response, in which many frames of h2spec arrive. */
const LATE_MS = 20

/** An ordinary route, GET and POST, which reads its body before it responds. */
export const PLAIN_PATH = '/plain'

/** A Connect call by GET, whose response has a body. */
export const CALL_PATH =
  '/greeter.v1.GreeterService/SayHello?connect=v1&encoding=json&message=%7B%22name%22%3A%22h2spec%22%7D'

/** A server that listens. Disposing of it drains it, and fails if connections had to be cut. */
export interface Target extends AsyncDisposable {
  readonly port: number
}

/** The differences between targets. */
export interface TargetOptions {
  readonly isLate: boolean
  readonly tls?: TlsOptions
}

/** Listens on a free port of this machine before it returns. */
export async function startTarget({ isLate, tls }: TargetOptions): Promise<Target> {
  const pause = async () => {
    if (isLate) await sleep(LATE_MS)
  }
  const app = await createApp({
    ...(tls !== undefined && { listen: { tls } }),
    routes: (router) =>
      router.service(GreeterService, {
        async sayHello({ name }) {
          await pause()
          return { message: `Hello ${name}` }
        },
      }),
  })
  addPlainRoute(app, pause)
  await app.fastify.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.fastify.server.address() as AddressInfo
  return { port, [Symbol.asyncDispose]: () => end(app) }
}

function addPlainRoute({ fastify }: App, pause: () => Promise<void>): void {
  fastify.addContentTypeParser('*', { parseAs: 'string' }, async (_request: unknown, body: string) => body)
  fastify.route({
    method: ['GET', 'POST'],
    url: PLAIN_PATH,
    async handler({ raw }) {
      // Fastify reads no body of a GET.
      if (!raw.readableEnded) await finished(raw.resume())
      await pause()
      return 'an answer of some length'
    },
  })
}

async function end(app: App): Promise<void> {
  if (!(await app.drain())) throw new Error('connections of h2spec were still open when the server had to end')
}
