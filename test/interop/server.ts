/** The server of the official interoperation tests: grpc.testing.TestService on our port. */
import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { createApp, type OnePortOptions } from '../../server/public.ts'
import { TestService } from '../gen/grpc/testing/test_pb.js'
import { testServiceOf } from './test-service.ts'

/** A server that listens. Disposing of it drains it, and fails if calls of the tests are still open. */
export interface InteropServer extends AsyncDisposable {
  readonly host: string
  readonly port: number
}

const HOST = '127.0.0.1'

/** Listens on a free port of this machine before it returns. */
export async function startInteropServer(listen: OnePortOptions = {}): Promise<InteropServer> {
  const app = await createApp({
    listen,
    routes: (router) => router.service(TestService, testServiceOf(randomUUID())),
  })
  await app.fastify.listen({ host: HOST, port: 0 })
  const { port } = app.fastify.server.address() as AddressInfo
  return {
    host: HOST,
    port,
    async [Symbol.asyncDispose]() {
      if (!(await app.drain())) throw new Error('calls of the interoperation tests were still open')
    },
  }
}
