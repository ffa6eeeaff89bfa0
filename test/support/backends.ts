/** Servers that respond with their name, and a client that balances calls over them. */
import { type Client, createClient } from '@connectrpc/connect'
import { onTestFinished } from 'vitest'
import { type ClientTransport, createTransport } from '../../client/node/transport.ts'
import type { TransportOptions } from '../../client/node/transport-options.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { Health } from '../../gen/health/v1/health_pb.js'
import { createHealthService } from '../../server/services/health/health-service.ts'
import { HealthStatus } from '../../server/services/health/health-status.ts'
import { type NativeServer, type NativeServerOptions, startNativeServer } from './native-server.ts'
import { ToldResolver } from './told-resolver.ts'

/** A server whose greeting is its own name. */
export interface Backend extends NativeServer {
  readonly name: string
  readonly health: HealthStatus
  /** Greetings that can be held back: calls with the name `wait` are answered after `release`. */
  readonly waiting: number
  release(): void
}

/** What a test sets. */
export interface BackendOptions extends NativeServerOptions {
  /** Default true. */
  readonly servesHealth?: boolean
}

/** Listens before it returns. Closed when the running test ends. */
export async function startBackend(name: string, options: BackendOptions = {}): Promise<Backend> {
  const health = new HealthStatus()
  const waiting: (() => void)[] = []
  const server = await startNativeServer((router) => {
    router.service(GreeterService, {
      async sayHello(request) {
        if (request.name === 'wait') await new Promise<void>((resolve) => waiting.push(resolve))
        return { message: name }
      },
    })
    if (options.servesHealth !== false) router.service(Health, createHealthService(health))
  }, options)
  onTestFinished(() => server.close())
  return {
    ...server,
    name,
    health,
    get waiting() {
      return waiting.length
    },
    release() {
      for (const resolve of waiting.splice(0)) resolve()
    },
  }
}

/** Starts servers with these names, in order. */
export function startBackends(names: string): Promise<Backend[]> {
  return Promise.all([...names].map((name) => startBackend(name)))
}

/** A client of several servers, and the resolver that provides them. */
export interface BackendsClient {
  readonly greeter: Client<typeof GreeterService>
  readonly transport: ClientTransport
  readonly resolver: ToldResolver
  /** Makes this many concurrent calls, and returns how often each server answered. Rejects if any fails. */
  share(calls: number): Promise<Record<string, number>>
}

/** Uses the policy with this name. The transport is closed when the running test ends. */
export function connectTo(
  servers: readonly { readonly port: number }[],
  policy: string,
  options: Partial<TransportOptions> & { readonly config?: object; readonly serviceConfig?: object } = {},
): BackendsClient {
  const { config = {}, serviceConfig = {}, ...rest } = options
  const resolver = new ToldResolver({ ports: portsOf(servers) })
  const transport = createTransport({
    target: 'told:///greeter.test',
    resolvers: [resolver],
    serviceConfig: { loadBalancingConfig: [{ [policy]: config }], ...serviceConfig },
    ...rest,
  })
  onTestFinished(() => transport.close())
  const greeter = createClient(GreeterService, transport)
  return {
    greeter,
    transport,
    resolver,
    async share(calls) {
      const answers = await Promise.all(Array.from({ length: calls }, () => greeter.sayHello({})))
      return countBy(answers.map(({ message }) => message))
    },
  }
}

/** The ports of servers, for {@link ToldResolver}. */
export function portsOf(servers: readonly { readonly port: number }[]): number[] {
  return servers.map(({ port }) => port)
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

/** Makes sequential calls until `stop`, which returns how many were made and rejects if any failed. */
export function keepCalling({ greeter }: Pick<BackendsClient, 'greeter'>): { stop(): Promise<number> } {
  const loop = { isRunning: true }
  const calling = (async () => {
    let calls = 0
    for (; loop.isRunning; calls++) await greeter.sayHello({})
    return calls
  })()
  // A failure is reported by `stop`.
  calling.catch(() => {})
  return {
    stop() {
      loop.isRunning = false
      return calling
    },
  }
}
