/** The Portico server behind the proxies. */
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import { type AppOptions, createApp } from '../../../server/public.ts'

/** As long as a call that reads a database. */
const ANSWER_MS = 20

/** A server on a free port. Disposing of it stops it. */
export interface Backend extends AsyncDisposable {
  readonly port: number
}

/** Greets after 20 ms. @param listen options of the port. Default: none */
export async function startBackend(listen: AppOptions['listen'] = {}): Promise<Backend> {
  const app = await createApp({
    listen,
    routes: (router) =>
      router.service(GreeterService, {
        async sayHello({ name }) {
          await sleep(ANSWER_MS)
          return { message: `Hello ${name}` }
        },
      }),
  })
  await app.fastify.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.fastify.server.address() as AddressInfo
  return {
    port,
    async [Symbol.asyncDispose]() {
      await app.drain()
    },
  }
}
