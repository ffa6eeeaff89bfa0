/** Calls of all four kinds through a faulty network, and their outcomes. */
import type { AddressInfo } from 'node:net'
import {
  type Client,
  Code,
  ConnectError,
  type ConnectRouter,
  createClient,
  type Interceptor,
} from '@connectrpc/connect'
import { onTestFinished } from 'vitest'
import { type ClientTransport, createTransport } from '../../client/node/transport.ts'
import type { TransportOptions } from '../../client/node/transport-options.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { createApp } from '../../server/app.ts'
import { type Direction, type FaultyProxy, type LinkQuality, startFaultyProxy } from './faulty-proxy.ts'
import { startNativeServer } from './native-server.ts'
import { untilAborted } from './until-aborted.ts'

/** The setup of a test. */
export interface FaultBenchInit {
  readonly quality?: Partial<Record<Direction, LinkQuality>>
  readonly transport?: Omit<TransportOptions, 'target' | 'baseUrl'>
}

/** A server, a proxy, and a client. All are closed when the running test ends. */
export interface FaultBench {
  /** Open calls at the server, over all connections. */
  readonly openCalls: () => number
  readonly proxy: FaultyProxy
  readonly transport: ClientTransport
  readonly client: Client<typeof GreeterService>
}

/** The shape of a call. */
export interface FaultCallOptions {
  readonly timeoutMs?: number
  /** Messages of a stream in each direction. Default 3. */
  readonly messages?: number
  /** Characters in a message. Default 5. */
  readonly size?: number
  /** The server leaves call and stream open after its messages. Default false. */
  readonly isEndless?: boolean
}

/** Makes a call, and returns `OK` or the name of its code. Throws if it received wrong data, even if the call failed later. */
export type FaultCall = (client: Client<typeof GreeterService>, options?: FaultCallOptions) => Promise<string>

const ENDLESS = 'endless'

/** One for each mode. */
export const FAULT_CALLS: Readonly<Record<string, FaultCall>> = {
  unary: (client, { timeoutMs, size = 5, isEndless = false } = {}) =>
    outcomeOf(async () => {
      const name = isEndless ? ENDLESS : 'x'.repeat(size)
      const { message } = await client.sayHello({ name }, withTimeout(timeoutMs))
      expectSame(message, `Hello ${name}`)
    }),

  'server stream': (client, { timeoutMs, messages = 3, size = 5, isEndless = false } = {}) =>
    outcomeOf(async () => {
      const topic = isEndless ? ENDLESS : 'x'.repeat(size)
      let expected = 0n
      for await (const { sequence, data } of client.getStream({ topic, limit: messages }, withTimeout(timeoutMs))) {
        expectSame(sequence, expected++)
        expectSame(data, topic)
      }
      expectSame(expected, BigInt(messages))
    }),

  'client stream': (client, { timeoutMs, messages = 3, ...options } = {}) =>
    outcomeOf(async () => {
      const { accepted } = await client.putStream(requests(messages, options), withTimeout(timeoutMs))
      expectSame(accepted, BigInt(messages))
    }),

  'bidirectional stream': (client, { timeoutMs, messages = 3, ...options } = {}) =>
    outcomeOf(async () => {
      let expected = 0n
      for await (const { sequence } of client.allStream(requests(messages, options), withTimeout(timeoutMs))) {
        expectSame(sequence, expected++)
      }
      expectSame(expected, BigInt(messages))
    }),
}

/** Puts it together. */
export async function openFaultBench({ quality = {}, transport: options }: FaultBenchInit = {}): Promise<FaultBench> {
  const server = options?.httpVersion === '1.1' ? await startHttp1Server() : await startHttp2Server()
  const proxy = await startFaultyProxy(server.port, quality)
  const transport = createTransport({ target: `ipv4:127.0.0.1:${proxy.port}`, ...options })
  onTestFinished(async () => {
    // First, so that nothing waits for a silenced peer.
    await proxy.close()
    await transport.close()
    await server.close()
  })
  return { openCalls: server.openCalls, proxy, transport, client: createClient(GreeterService, transport) }
}

interface FaultServer {
  readonly port: number
  readonly openCalls: () => number
  readonly close: () => Promise<unknown>
}

async function startHttp2Server(): Promise<FaultServer> {
  const { port, sessions, close } = await startNativeServer(routes)
  return { port, close, openCalls: () => [...sessions].reduce((sum, { openStreams }) => sum + openStreams, 0) }
}

async function startHttp1Server(): Promise<FaultServer> {
  let openCalls = 0
  const countCalls: Interceptor = (next) => async (request) => {
    openCalls++
    request.signal.addEventListener('abort', () => openCalls--)
    return next(request)
  }
  const app = await createApp({
    routes,
    interceptors: [countCalls],
    servesHealth: false,
    listen: { drainTimeoutMs: 0 },
  })
  await app.fastify.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.fastify.server.address() as AddressInfo
  return { port, close: () => app.drain(), openCalls: () => openCalls }
}

function routes(router: ConnectRouter): void {
  router.service(GreeterService, {
    async sayHello({ name }, { signal }) {
      if (name === ENDLESS) await untilAborted(signal)
      return { message: `Hello ${name}` }
    },
    async *getStream({ topic, limit }, { signal }) {
      for (let sequence = 0n; sequence < limit; sequence++) yield { topic, sequence, data: topic }
      if (topic === ENDLESS) await untilAborted(signal)
    },
    async putStream(messages) {
      let accepted = 0n
      for await (const _ of messages) accepted++
      return { accepted }
    },
    async *allStream(messages) {
      let sequence = 0n
      for await (const { topic, data } of messages) yield { topic, data, sequence: sequence++ }
    },
  })
}

async function* requests(count: number, { size = 5, isEndless = false }: FaultCallOptions) {
  for (let i = 0; i < count; i++) yield { topic: 't', data: 'x'.repeat(size) }
  if (isEndless) await new Promise<never>(() => {})
}

function withTimeout(timeoutMs: number | undefined) {
  return timeoutMs === undefined ? {} : { timeoutMs }
}

async function outcomeOf(call: () => Promise<void>): Promise<string> {
  try {
    await call()
    return 'OK'
  } catch (error) {
    if (error instanceof ConnectError) return Code[error.code] ?? String(error.code)
    throw error
  }
}

function expectSame(seen: unknown, expected: unknown): void {
  if (seen !== expected) throw new Error(`received ${String(seen)} instead of ${String(expected)}`)
}
