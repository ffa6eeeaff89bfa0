/** Rate limits in a real Redis: several servers share buckets, and a server survives without it. */
import { once } from 'node:events'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Code, ConnectError, createClient } from '@connectrpc/connect'
import { Redis } from 'ioredis'
import { RateLimiterRedis } from 'rate-limiter-flexible'
import { createTransport } from '../../client/node/transport.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { createApp } from '../../server/app.ts'
import { type RateLimitOptions, rateLimit } from '../../server/limits/rate-limit.ts'
import { redisStore } from '../../server/limits/redis-store.ts'
import type { Check } from '../support/run-checks.ts'
import { startDaemon } from './proxies/start-daemon.ts'

const ADDRESS = { 'x-forwarded-for': '2001:db8::1' }

/** Starts Redis on a Unix socket in a folder, for each check anew. */
export function redisChecks(folder: string): readonly Check[] {
  const socket = path.join(folder, 'redis.sock')
  const command = {
    program: 'redis-server',
    args: ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no', '--dir', folder],
  }
  const startRedis = () => startDaemon(command, [socket])

  return [
    check('two servers share one bucket, one command per call', sharesBuckets),
    check('a bucket refills by the clock of Redis, and is forgotten once full', refills),
    check('the script is sent again after Redis has forgotten it', survivesFlush),
    check('a limiter of rate-limiter-flexible counts for two servers', countsFlexibly),
    {
      name: 'redis: calls are admitted while Redis is away, and limited once it is back',
      run: () => outlivesRedis('admit'),
    },
    {
      name: 'redis: calls are refused while Redis is away, and answered once it is back',
      run: () => outlivesRedis('refuse'),
    },
  ]

  function check(name: string, run: (client: Redis) => Promise<void>): Check {
    return {
      name: `redis: ${name}`,
      async run() {
        await using _redis = await startRedis()
        await using cleanup = new AsyncDisposableStack()
        await run(await connect(cleanup))
      },
    }
  }

  async function connect(cleanup: AsyncDisposableStack): Promise<Redis> {
    const client = new Redis(socket, { enableOfflineQueue: false, retryStrategy: () => 50 })
    // Reconnects by itself; the limit reports failures of commands.
    client.on('error', () => {})
    cleanup.defer(() => client.disconnect())
    await once(client, 'ready')
    return client
  }

  async function sharesBuckets(client: Redis): Promise<void> {
    await using servers = await startServers(2, { capacity: 5, refillPerSecond: 0.01, store: redisStore({ client }) })
    await servers.callAll(1)
    const before = await commandsOf(client)
    const codes = await servers.callAll(5)
    expectCodes(codes, { ok: 3, refused: 7 })
    const commands = (await commandsOf(client)) - before
    // The other one reads the statistics.
    if (commands > codes.length + 1) throw new Error(`${commands} commands for ${codes.length} calls`)
  }

  async function refills(client: Redis): Promise<void> {
    await using servers = await startServers(1, { capacity: 1, refillPerSecond: 0.5, store: redisStore({ client }) })
    expectCodes(await servers.callAll(2), { ok: 1, refused: 1 })
    await sleep(2_050)
    expectCodes(await servers.callAll(2), { ok: 1, refused: 1 })
    await untilForgotten(client)
  }

  async function survivesFlush(client: Redis): Promise<void> {
    await using servers = await startServers(1, { capacity: 2, refillPerSecond: 0.01, store: redisStore({ client }) })
    await servers.callAll(1)
    await client.script('FLUSH')
    expectCodes(await servers.callAll(2), { ok: 1, refused: 1 })
  }

  async function countsFlexibly(client: Redis): Promise<void> {
    const limiter = new RateLimiterRedis({ storeClient: client, points: 3, duration: 600 })
    await using servers = await startServers(2, { limiter })
    expectCodes(await servers.callAll(4), { ok: 3, refused: 5 })
  }

  async function outlivesRedis(whenStoreFails: 'admit' | 'refuse'): Promise<void> {
    await using cleanup = new AsyncDisposableStack()
    const first = await startRedis()
    const client = await connect(cleanup)
    const options = { capacity: 1, refillPerSecond: 0.01, store: redisStore({ client }), whenStoreFails }
    await using servers = await startServers(1, options)
    expectCodes(await servers.callAll(2), { ok: 1, refused: 1 })
    await first[Symbol.asyncDispose]()
    const away = await servers.callAll(3)
    const code = whenStoreFails === 'admit' ? 'ok' : Code.Unavailable
    if (away.some((each) => each !== code)) throw new Error(`answered ${away.join(', ')} without Redis`)
    cleanup.use(await startRedis())
    // It may have reconnected meanwhile.
    if (client.status !== 'ready') await once(client, 'ready')
    await sleep(1_100)
    // The first call finds that Redis is back.
    const trial = await servers.callAll(1)
    expectCodes(trial.concat(await servers.callAll(2)), { ok: 1, refused: 2 })
  }
}

/** Starts servers that share the options of a limit by peer. */
async function startServers(count: number, options: Partial<RateLimitOptions>) {
  const cleanup = new AsyncDisposableStack()
  const clients = await Promise.all(
    Array.from({ length: count }, async () => {
      const app = await createApp({
        logger: false,
        fastifyOptions: { trustProxy: true },
        listen: { drainTimeoutMs: 0 },
        middleware: [rateLimit({ by: 'peer', ...options })],
        routes: (router) => router.service(GreeterService, { sayHello: () => ({}) }),
      })
      const baseUrl = await app.fastify.listen({ port: 0, host: '127.0.0.1' })
      const transport = createTransport({ baseUrl })
      cleanup.defer(async () => {
        await transport.close()
        await app.drain()
      })
      return createClient(GreeterService, transport)
    }),
  )
  /** Calls each server so many times, and returns the codes; `ok` for success. */
  async function callAll(times: number): Promise<(Code | 'ok')[]> {
    const calls = clients.flatMap((client) =>
      Array.from({ length: times }, () =>
        client.sayHello({}, { headers: ADDRESS }).then(
          () => 'ok' as const,
          (error: unknown) => ConnectError.from(error).code,
        ),
      ),
    )
    return Promise.all(calls)
  }
  return { callAll, [Symbol.asyncDispose]: () => cleanup.disposeAsync() }
}

function expectCodes(
  codes: readonly (Code | 'ok')[],
  expected: { readonly ok: number; readonly refused: number },
): void {
  const ok = codes.filter((code) => code === 'ok').length
  const refused = codes.filter((code) => code === Code.ResourceExhausted).length
  if (ok !== expected.ok || refused !== expected.refused)
    throw new Error(`expected ${expected.ok} answers and ${expected.refused} refusals, got codes ${codes.join(', ')}`)
}

/** Waits until Redis has no key, for ten seconds at most. */
async function untilForgotten(client: Redis): Promise<void> {
  const limit = AbortSignal.timeout(10_000)
  for (;;) {
    const keys = await client.keys('*')
    if (keys.length === 0) return
    if (limit.aborted) throw new Error(`keys are left: ${keys.join(', ')}`)
    await sleep(50)
  }
}

/** The commands of clients that Redis has run; those inside of scripts count separately. */
async function commandsOf(client: Redis): Promise<number> {
  const stats = await client.info('commandstats')
  const calls = [...stats.matchAll(/^cmdstat_(evalsha|eval|info):calls=(\d+)/gm)]
  return calls.reduce((sum, [, , count]) => sum + Number(count), 0)
}
