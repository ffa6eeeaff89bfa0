/** Custom resolvers, policies and credentials that fail: each error ends only what it affects, and is reported once. */
import { type Client, Code, ConnectError } from '@connectrpc/connect'
import { describe, expect, onTestFinished, test } from 'vitest'
import { pickFirstPolicy } from '../../client/node/balancer/pick-first/pick-first.ts'
import type {
  ChannelControlHelper,
  LoadBalancer,
  LoadBalancerPolicy,
} from '../../client/node/contracts/load-balancer.ts'
import type { PickResult } from '../../client/node/contracts/picker.ts'
import type {
  Resolver,
  ResolverContext,
  ResolverFactory,
  ResolverListener,
} from '../../client/node/contracts/resolver.ts'
import type { CallCredentials } from '../../client/node/credentials/call-credentials.ts'
import { endpointsOf } from '../../client/node/resolver/fixed-resolver.ts'
import type { TransportOptions } from '../../client/node/transport-options.ts'
import type { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { startHttpServer } from '../support/http-server.ts'
import { openGreeter } from '../support/open-greeter.ts'

const PLACES = [
  { protocol: 'grpc', httpVersion: '2' },
  { protocol: 'grpc-web', httpVersion: '2' },
  { protocol: 'connect', httpVersion: '2' },
  { protocol: 'connect', httpVersion: '1.1' },
] as const

type Greeter = Client<typeof GreeterService>

/** The warnings of this process from now on that speak of this name. */
function collectWarnings(name: string): string[] {
  const warnings: string[] = []
  const onWarning = ({ message }: Error): void => {
    if (message.includes(name)) warnings.push(message)
  }
  process.on('warning', onWarning)
  onTestFinished(() => void process.off('warning', onWarning))
  return warnings
}

function call(client: Greeter): Promise<string> {
  return client.sayHello({}, { timeoutMs: 10_000 }).then(
    ({ message }) => message,
    (error: unknown) => ConnectError.from(error).message,
  )
}

function boom(): never {
  throw new Error('boom')
}

/** Throws the first time that it is called, and never again. */
function throwOnce(): () => void {
  let calls = 0
  return () => {
    calls += 1
    if (calls === 1) boom()
  }
}

describe.each(PLACES)('$protocol over HTTP/$httpVersion', (place) => {
  const startServer = () =>
    startHttpServer({ httpVersion: place.httpVersion, greeter: { sayHello: () => ({ message: 'A' }) } })

  /** A client of one server, with the given resolver. */
  async function openResolved(parts: (listener: ResolverListener, port: number) => Partial<Resolver>) {
    const server = await startServer()
    const factory: ResolverFactory = {
      scheme: 'own',
      defaultAuthority: () => 'greeter.test',
      create(_target, { listener }) {
        return { start() {}, resolveNow() {}, close() {}, ...parts(listener, server.port) }
      },
    }
    const warnings = collectWarnings('the resolver of own:///greeter')
    return { ...openGreeter({ ...place, target: 'own:///greeter', resolvers: [factory] }), warnings, server }
  }

  /** A client of one server, with a policy that wraps `pick_first`. */
  async function openBalanced(policy: Partial<LoadBalancerPolicy>) {
    const server = await startServer()
    const own: LoadBalancerPolicy = {
      name: 'own_policy',
      parseConfig: () => ({ shuffleAddressList: false }),
      create: (helper) => (pickFirstPolicy as LoadBalancerPolicy).create(helper),
      ...policy,
    }
    const warnings = collectWarnings('own_policy')
    const options: TransportOptions = {
      ...place,
      target: `ipv4:127.0.0.1:${server.port}`,
      loadBalancers: [own, pickFirstPolicy as LoadBalancerPolicy],
      serviceConfig: { loadBalancingConfig: [{ own_policy: {} }] },
    }
    return { ...openGreeter(options), warnings, server }
  }

  /** `pick_first`, with other methods. */
  function wrapped(change: (inner: LoadBalancer, helper: ChannelControlHelper) => Partial<LoadBalancer>) {
    return (helper: ChannelControlHelper): LoadBalancer => {
      const inner = (pickFirstPolicy as LoadBalancerPolicy).create(helper)
      return {
        update: (update) => inner.update(update),
        resolverError: (error) => inner.resolverError(error),
        exitIdle: () => inner.exitIdle(),
        resetBackoff: () => inner.resetBackoff(),
        destroy: () => inner.destroy(),
        ...change(inner, helper),
      }
    }
  }

  /** Like `pick_first`, with changed picks. */
  function picking(change: (result: PickResult) => PickResult) {
    return (helper: ChannelControlHelper): LoadBalancer =>
      (pickFirstPolicy as LoadBalancerPolicy).create({
        ...helper,
        updateState: (state, picker) =>
          helper.updateState(state, state === 'READY' ? { pick: (info) => change(picker.pick(info)) } : picker),
      })
  }

  const rejecting = async (): Promise<void> => boom()

  test.each<[string, Partial<Resolver>, string]>([
    ['throws as it starts', { start: boom }, '[unavailable] boom'],
    ['rejects as it starts', { start: rejecting as () => void }, '[unavailable] boom'],
    ['throws as it starts and as it closes', { start: boom, close: boom }, '[unavailable] boom'],
  ])('a resolver that %s fails calls at once', async (_what, parts, message) => {
    const { client, warnings, transport } = await openResolved(() => parts)
    expect([await call(client), await call(client)]).toEqual([message, message])
    await transport.close()
    await expect.poll(() => warnings).toEqual(['the resolver of own:///greeter failed: boom'])
  })

  test('a factory that throws fails calls at once', async () => {
    const { client, transport } = openGreeter({
      ...place,
      target: 'own:///greeter',
      resolvers: [{ scheme: 'own', defaultAuthority: () => 'a', create: boom }],
    })
    expect(await call(client)).toBe('[unavailable] boom')
    expect(transport.getState()).toBe('TRANSIENT_FAILURE')
  })

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['endpoints that are no list', { endpoints: 'here' }],
    ['an endpoint without addresses', { endpoints: [{ addresses: [], attributes: {} }] }],
    ['no port', { endpoints: [{ addresses: [{ host: 'a' }], attributes: {} }] }],
    ['a config that is no object', { endpoints: [], serviceConfig: 'x' }],
    ['what throws when it is looked at', Object.defineProperty({}, 'endpoints', { get: boom })],
  ])('a result that is %s fails calls at once, and the next valid one is used', async (_what, result) => {
    const found = Promise.withResolvers<[ResolverListener, number]>()
    const { client } = await openResolved((listener, port) => {
      found.resolve([listener, port])
      return { start: () => queueMicrotask(() => listener.onResult(result as never)) }
    })
    expect(await call(client)).toMatch(/^\[unavailable\] name resolution failed: /)
    const [listener, port] = await found.promise
    expect(listener.onResult({ endpoints: endpointsOf([{ host: '127.0.0.1', port }]) })).toBeNull()
    expect(await call(client)).toBe('A')
    expect(listener.onResult(result as never)).toBeInstanceOf(ConnectError)
    expect(await call(client)).toBe('A')
  })

  test('a resolver that throws on re-resolution keeps the servers it had found', async () => {
    const { client, warnings, server } = await openResolved((listener, port) => ({
      start: () => queueMicrotask(() => listener.onResult({ endpoints: endpointsOf([{ host: '127.0.0.1', port }]) })),
      resolveNow: boom,
    }))
    expect(await call(client)).toBe('A')
    for (const socket of server.sockets) socket.destroy()
    await expect.poll(() => server.sockets.size).toBe(0)
    expect(await call(client)).toBe('A')
    expect(warnings.length).toBeLessThanOrEqual(1)
  })

  test.each(['once more', 'from a timer of its context'])(
    'a resolver that reports %s after it was closed has no effect',
    async (how) => {
      const contexts: ResolverContext[] = []
      const server = await startServer()
      const endpoints = endpointsOf([{ host: '127.0.0.1', port: server.port }])
      const factory: ResolverFactory = {
        scheme: 'own',
        defaultAuthority: () => 'greeter.test',
        create(_target, context) {
          contexts.push(context)
          const tell = () => context.listener.onResult({ endpoints })
          return {
            start: () => queueMicrotask(tell),
            resolveNow: tell,
            close: () => void (how === 'once more' ? tell() : context.clock.schedule(tell, 0)),
          }
        },
      }
      const { client, transport } = openGreeter({ ...place, target: 'own:///greeter', resolvers: [factory] })
      expect(await call(client)).toBe('A')
      await transport.close()
      for (const { listener } of contexts) listener.onResult({ endpoints })
      await new Promise((resolve) => setTimeout(resolve, 20))
      expect(transport.getState(true)).toBe('SHUTDOWN')
      expect(await call(client)).toBe('[canceled] the transport was closed')
      expect(contexts).toHaveLength(1)
    },
  )

  test.each(['create', 'update'])(
    'a policy whose %s throws once fails calls at once, and recovers shortly after',
    async (method) => {
      const fail = throwOnce()
      const create = wrapped((inner) => ({
        update(update) {
          if (method === 'update') fail()
          return inner.update(update)
        },
      }))
      const { client, transport, warnings } = await openBalanced({
        create(helper) {
          if (method === 'create') fail()
          return create(helper)
        },
      })
      expect(await call(client)).toBe('[unavailable] the load balancing policy own_policy failed: boom')
      expect(transport.getState()).toBe('TRANSIENT_FAILURE')
      await expect.poll(() => call(client), { timeout: 5_000 }).toBe('A')
      expect(warnings).toEqual(['the load balancing policy own_policy failed: boom'])
    },
  )

  test.each<[string, (helper: ChannelControlHelper) => LoadBalancer]>([
    ['create throws', boom],
    ['create gives nothing', () => undefined as never],
    ['update throws', wrapped(() => ({ update: boom }))],
    ['update rejects', wrapped(() => ({ update: rejecting as never }))],
    [
      'update publishes what is not a state',
      wrapped((_inner, helper) => ({ update: () => helper.updateState('DONE' as never, null as never) as never })),
    ],
    [
      'update publishes SHUTDOWN',
      wrapped((_inner, helper) => ({ update: () => helper.updateState('SHUTDOWN', null as never) as never })),
    ],
    ['timer throws', wrapped((_inner, helper) => ({ update: () => void helper.clock.schedule(boom, 0) as never }))],
    [
      'listener throws',
      wrapped((_inner, helper) => ({
        update({ endpoints }) {
          const address = endpoints[0]?.addresses[0]
          if (address === undefined) return null
          const subchannel = helper.createSubchannel(address, {})
          subchannel.watch(boom)
          subchannel.connect()
          return null
        },
      })),
    ],
  ])('a policy whose %s fails calls, and is retried', async (_what, create) => {
    const { client, transport, warnings } = await openBalanced({ create })
    expect(await call(client)).toMatch(/^\[unavailable\] the load balancing policy own_policy failed: /)
    expect(transport.getState()).toBe('TRANSIENT_FAILURE')
    expect(warnings).toHaveLength(1)
    await transport.close()
    expect(transport.inspect().addresses.filter(({ state }) => state !== null)).toEqual([])
  })

  test('a policy that throws in destroy leaves no connection behind', async () => {
    const { client, transport, server } = await openBalanced({ create: wrapped(() => ({ destroy: boom })) })
    expect(await call(client)).toBe('A')
    await transport.close()
    expect(transport.getState()).toBe('SHUTDOWN')
    await expect.poll(() => server.sockets.size).toBe(0)
  })

  test.each<[string, (result: PickResult) => PickResult]>([
    ['throws', boom],
    ['gives nothing', () => undefined as never],
    ['gives what is no result', () => ({ kind: 'later' }) as never],
    ['gives no subchannel', () => ({ kind: 'complete' }) as never],
    ['gives a failure without an error', () => ({ kind: 'fail' }) as never],
  ])('a picker that %s fails the call, and no other', async (_what, change) => {
    let calls = 0
    const { client, warnings } = await openBalanced({
      create: picking((result) => (++calls % 2 === 1 ? change(result) : result)),
    })
    expect(await call(client)).toMatch(/^\[unavailable\] the picker failed: /)
    expect(await call(client)).toBe('A')
    expect(await call(client)).toMatch(/^\[unavailable\] the picker failed: /)
    expect(warnings).toHaveLength(1)
  })

  test.each<[string, object]>([
    ['onStart', { onStart: boom }],
    ['onEnd', { onEnd: boom }],
    ['both', { onStart: rejecting, onEnd: rejecting }],
  ])('calls continue when %s of a pick throws', async (_what, callbacks) => {
    const { client, warnings } = await openBalanced({
      create: picking((result) => Object.assign({}, result, callbacks)),
    })
    expect([await call(client), await call(client)]).toEqual(['A', 'A'])
    await expect.poll(() => warnings).toHaveLength(1)
  })

  test.each<[string, LoadBalancerPolicy['parseConfig'], string]>([
    ['an error', boom, 'boom'],
    [
      'what is no error',
      () => {
        throw 'text'
      },
      'text',
    ],
    [
      'what has no text',
      () => {
        throw Object.create(null)
      },
      'an error without text',
    ],
  ])('a policy whose config throws %s is rejected by createTransport', async (_what, parseConfig, reason) => {
    await expect(openBalanced({ parseConfig })).rejects.toThrow(reason)
  })

  test.each<[string, CallCredentials['metadata'], string]>([
    ['throw', boom, '[unauthenticated] the credentials of the call could not be obtained'],
    ['reject', rejecting as never, '[unauthenticated] the credentials of the call could not be obtained'],
    ['give nothing of use', () => 7 as never, '[unauthenticated] the credentials of the call could not be obtained'],
    [
      'give what may not be sent',
      () => ({ a: 'b\nc' }),
      '[unauthenticated] the credentials of the call could not be obtained',
    ],
    [
      'throw with a code of a service',
      () => {
        throw new ConnectError('no', Code.NotFound)
      },
      "[internal] the client's control plane failed with NotFound: no",
    ],
  ])('credentials that %s end their call only', async (_what, metadata, message) => {
    const server = await startServer()
    let calls = 0
    const credentials: CallCredentials = {
      requiresTls: false,
      metadata: (...args) => (++calls === 1 ? metadata(...args) : {}),
    }
    const { client } = openGreeter({ ...place, baseUrl: server.origin, credentials })
    expect([await call(client), await call(client)]).toEqual([message, 'A'])
  })

  test('waiting for credentials that never arrive ends with the deadline, or with the transport', async () => {
    const server = await startServer()
    const credentials: CallCredentials = { requiresTls: false, metadata: () => new Promise(() => {}) }
    const { client, transport } = openGreeter({ ...place, baseUrl: server.origin, credentials })
    await expect(client.sayHello({}, { timeoutMs: 50 })).rejects.toMatchObject({ code: Code.DeadlineExceeded })
    const waiting = call(client)
    await transport.close()
    expect(await waiting).toBe('[canceled] the transport was closed')
  })
})
