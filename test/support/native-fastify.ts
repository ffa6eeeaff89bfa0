/** A Fastify with calls on the native lane and a test's own routes, and a node:http2 client for it. */
import { once } from 'node:events'
import {
  type ClientHttp2Session,
  type ClientSessionOptions,
  connect,
  type SecureClientSessionOptions,
} from 'node:http2'
import { type FastifyInstance, fastify } from 'fastify'
import { onTestFinished } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { onePort } from '../../server/listen/one-port.ts'
import type { OnePortOptions } from '../../server/listen/one-port-options.ts'
import { portico } from '../../server/plugin.ts'
import { type Listening, startFastify } from './demo-server.ts'

/** The address, and how to configure the app. */
export interface NativeFastify extends Listening {
  readonly app: FastifyInstance
}

/** Starts it; routes are added before it listens. It is closed when the running test ends. */
export async function startNativeFastify(
  addRoutes: (app: FastifyInstance) => unknown,
  options: OnePortOptions = {},
): Promise<NativeFastify> {
  const app = fastify(onePort({ drainTimeoutMs: 0, ...options }))
  await app.register(portico, {
    routes: (router) => router.service(GreeterService, { sayHello: ({ name }) => ({ message: `Hello ${name}` }) }),
  })
  await addRoutes(app)
  return { app, ...(await startFastify(app, options.tls === undefined ? 'http' : 'https')) }
}

/** Connects over HTTP/2. The session is destroyed when the running test ends. */
export async function openSession(
  origin: string,
  options: ClientSessionOptions | SecureClientSessionOptions = {},
): Promise<ClientHttp2Session> {
  const session = connect(origin, options)
  session.on('error', () => {})
  onTestFinished(() => session.destroy())
  await once(session, 'connect')
  return session
}
