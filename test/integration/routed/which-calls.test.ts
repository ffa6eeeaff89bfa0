/** Calls go by Fastify if, and only if, something of Fastify's runs for them; one line at start says what. */
import { type FastifyInstance, fastify } from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import { createApp } from '../../../server/app.ts'
import { createDemo } from '../../../server/demo.ts'
import { onePort } from '../../../server/listen/one-port.ts'
import { OnePortServer } from '../../../server/listen/one-port-server.ts'
import { portico } from '../../../server/plugin.ts'
import type { PorticoOptions } from '../../../server/plugin-options.ts'
import { hooksOf, REQUEST_HOOKS, type RequestHook } from '../../../server/routed/scope-hooks.ts'
import { SAY_HELLO, sayHello } from '../../support/calls.ts'
import { LogCapture, type LogLine } from '../../support/log-capture.ts'
import { FRONTS, type Front, startRoutedApp } from '../../support/routed-app.ts'

const METHODS = 5
const H2C = FRONTS[1] as Front
const routes: PorticoOptions['routes'] = (router) => router.service(GreeterService, {})

/** Adds a hook that does nothing, under a recognisable name. */
function addHook(app: FastifyInstance, hook: RequestHook, name = 'look'): void {
  const run = { [name]: async (_request: unknown) => {} }[name] as () => Promise<void>
  app.addHook(hook as 'onRequest', run)
}

interface Readied {
  /** The line about routed calls, if there is one. */
  readonly line: LogLine | undefined
  readonly isRouted: (path?: string) => boolean
}

/** Registers the plugin between what a test adds, and makes the app ready. */
async function ready(
  add: (app: FastifyInstance, register: () => Promise<void>) => unknown,
  options: Partial<PorticoOptions> = {},
): Promise<Readied> {
  const log = new LogCapture()
  const app = fastify({ ...onePort(), loggerInstance: log.logger }) as unknown as FastifyInstance
  onTestFinished(() => app.close())
  await add(app, async () => void (await app.register(portico, { routes, ...options })))
  await app.ready()
  return { line: linesOf(log)[0], isRouted: (path = SAY_HELLO) => portOf(app).calls.isHooked(path) }
}

function portOf(app: FastifyInstance): OnePortServer {
  const server: unknown = app.server
  if (!(server instanceof OnePortServer)) throw new Error('the app has no port of ours')
  return server
}

function linesOf(log: LogCapture): LogLine[] {
  return log.lines.filter(({ msg }) => String(msg).includes('calls run through Fastify'))
}

describe('a hook routes calls, whenever it was added', () => {
  test.each(REQUEST_HOOKS)('%s', async (hook) => {
    for (const order of ['before', 'after'] as const) {
      const { line, isRouted } = await ready(async (app, register) => {
        if (order === 'before') addHook(app, hook)
        await register()
        if (order === 'after') addHook(app, hook)
      })
      expect(isRouted()).toBe(true)
      expect(line).toMatchObject({ level: 30, hooks: { [`${hook}:look`]: 'all calls' }, routedMethods: METHODS })
    }
  })

  test.each(REQUEST_HOOKS)('%s of the route, as a plugin adds it', async (hook) => {
    const { line, isRouted } = await ready(async (app, register) => {
      app.addHook('onRoute', (route) => {
        if (route.url === SAY_HELLO) Object.assign(route, { [hook]: async function guard() {} })
      })
      await register()
    })
    expect(isRouted()).toBe(true)
    expect(isRouted('/greeter.v1.GreeterService/Publish')).toBe(false)
    expect(line).toMatchObject({ hooks: { [`${hook}:guard`]: SAY_HELLO }, routedMethods: 1, methods: METHODS })
  })

  test('to a list of the route, after the route was defined', async () => {
    const lists: unknown[][] = []
    const { isRouted } = await ready(async (app, register) => {
      app.addHook('onRoute', (route) => {
        const list: unknown[] = []
        lists.push(list)
        Object.assign(route, { preHandler: list })
      })
      await register()
      lists[0]?.push(async () => {})
    })
    expect(isRouted()).toBe(true)
  })

  test('to a parent of the scope, after the scope was defined', async () => {
    const log = new LogCapture()
    const app = fastify({ ...onePort(), loggerInstance: log.logger }) as unknown as FastifyInstance
    onTestFinished(() => app.close())
    await app.register(async (scope) => scope.register(portico, { routes }))
    addHook(app, 'onRequest')
    await app.ready()
    expect(portOf(app).calls.isHooked(SAY_HELLO)).toBe(true)
  })
})

describe('calls are also routed because of', () => {
  test('a function around the handler', async () => {
    const { line, isRouted } = await ready(async (app, register) => {
      app.addHook('onRoute', (route) => {
        const { handler } = route
        route.handler = function guarded(request, reply) {
          return handler.call(this, request, reply)
        }
      })
      await register()
    })
    expect(isRouted()).toBe(true)
    expect(line).toMatchObject({ hooks: { 'handler:guarded': 'all calls' } })
  })

  test('constraints', async () => {
    const { line, isRouted } = await ready(async (app, register) => {
      app.addHook('onRoute', (route) => {
        route.constraints = { host: 'here.example' }
      })
      await register()
    })
    expect(isRouted()).toBe(true)
    expect(line).toMatchObject({ hooks: { 'constraints on host': 'all calls' } })
  })

  test('a schema', async () => {
    const { line, isRouted } = await ready(async (app, register) => {
      app.addHook('onRoute', (route) => {
        route.schema = { ...route.schema, headers: { type: 'object', required: ['x-tenant'] } }
      })
      await register()
    })
    expect(isRouted()).toBe(true)
    expect(line).toMatchObject({ hooks: { 'a schema for headers': 'all calls' } })
  })

  test('another path', async () => {
    const { isRouted } = await ready(async (app, register) => {
      app.addHook('onRoute', (route) => {
        route.url = `/moved${route.url}`
      })
      await register()
    })
    expect(isRouted()).toBe(true)
  })
})

describe('calls are not routed', () => {
  test('for an app without hooks', async () => {
    const { line, isRouted } = await ready((_app, register) => register())
    expect(isRouted()).toBe(false)
    expect(line).toBeUndefined()
  })

  test('for hooks of a sibling scope', async () => {
    const { line } = await ready(async (app, register) => {
      await register()
      await app.register(async (scope) => {
        for (const hook of REQUEST_HOOKS) addHook(scope, hook)
      })
    })
    expect(line).toBeUndefined()
  })

  test('for a preSerialization hook, which no call would run', async () => {
    const { line } = await ready(async (app, register) => {
      app.addHook('preSerialization', async (_request, _reply, payload) => payload)
      await register()
    })
    expect(line).toBeUndefined()
  })

  test.each([
    ['createApp', () => createApp({ routes, cors: { origins: ['https://a.example'] } })],
    ['createApp with a log', () => createApp({ routes, logger: new LogCapture().logger })],
    ['the server of this product', () => createDemo({ logger: new LogCapture().logger })],
  ])('by %s', async (_name, create) => {
    const { fastify: app } = await create()
    onTestFinished(() => app.close())
    await app.ready()
    const { calls } = portOf(app)
    expect([...calls.lanePaths].filter((path) => calls.isHooked(path))).toEqual([])
  })
})

describe('several registrations', () => {
  test('each have the hooks of their scopes', async () => {
    const app = fastify(onePort())
    onTestFinished(() => app.close())
    await app.register(async (open) => open.register(portico, { routes, prefix: '/open' }))
    await app.register(async (guarded) => {
      addHook(guarded, 'onRequest')
      await guarded.register(portico, { routes, prefix: '/guarded' })
    })
    await app.ready()
    expect(portOf(app).calls.isHooked(`/open${SAY_HELLO}`)).toBe(false)
    expect(portOf(app).calls.isHooked(`/guarded${SAY_HELLO}`)).toBe(true)
  })
})

describe('bypassHooks', () => {
  /** Two functions with the same name. */
  function addTwins(app: FastifyInstance): void {
    app.addHook('onRequest', async function onRequest() {})
    app.addHook('onRequest', async function onRequest() {
      await Promise.resolve()
    })
  }

  const register = (add: (app: FastifyInstance) => unknown, bypassHooks: NonNullable<PorticoOptions['bypassHooks']>) =>
    ready(
      async (app, plugin) => {
        await add(app)
        await plugin()
      },
      { bypassHooks },
    )

  test.each([['look'], ['onRequest:look']])('accepts %s for the hook', async (name) => {
    const { line, isRouted } = await register((app) => addHook(app, 'onRequest'), [name])
    expect(isRouted()).toBe(false)
    expect(line).toBeUndefined()
  })

  test('accepts the function', async () => {
    const run = async () => {}
    const { isRouted } = await register((app) => app.addHook('onRequest', run), [run])
    expect(isRouted()).toBe(false)
  })

  test('keeps the other hooks, and calls routed through them', async () => {
    const { line, isRouted } = await register(
      (app) => {
        addHook(app, 'onRequest', 'look')
        addHook(app, 'onRequest', 'guard')
      },
      ['look'],
    )
    expect(isRouted()).toBe(true)
    expect(line?.hooks).toEqual({ 'onRequest:guard': 'all calls' })
  })

  test('accepts an anonymous hook by the label that the log shows', async () => {
    const anonymous = [async () => {}]
    const { line } = await register((app) => app.addHook('onRequest', anonymous[0] as () => Promise<void>), [])
    const [name = ''] = Object.keys(line?.hooks as object)
    expect(name).toMatch(/^onRequest#[0-9a-f]{8}$/)
    const { isRouted } = await register((app) => app.addHook('onRequest', anonymous[0] as () => Promise<void>), [name])
    expect(isRouted()).toBe(false)
  })

  test('accepts hooks that a plugin creates per route by their shared source', async () => {
    const perRoute = (app: FastifyInstance) =>
      app.addHook('onRoute', (route) => {
        Object.assign(route, { onRequest: async function limit() {} })
      })
    expect((await register(perRoute, ['limit'])).isRouted()).toBe(false)
  })

  test('rejects a name shared by two functions, and says how to name each', async () => {
    const fault = await register(addTwins, ['onRequest']).catch(({ message }) => String(message))
    const names = String(fault).match(/onRequest:onRequest#[0-9a-f]{8}/g) ?? []
    expect(names).toHaveLength(2)
    expect((await register(addTwins, names)).isRouted()).toBe(false)
    expect((await register(addTwins, [names[0] as string])).isRouted()).toBe(true)
  })

  test('rejects a name shared by functions of two hooks', async () => {
    const both = (app: FastifyInstance) => {
      addHook(app, 'onRequest')
      addHook(app, 'preHandler')
    }
    await expect(register(both, ['look'])).rejects.toThrow('onRequest:look#')
    expect((await register(both, ['onRequest:look', 'preHandler:look'])).isRouted()).toBe(false)
    expect((await register(both, ['onRequest:look'])).isRouted()).toBe(true)
  })

  test('rejects a name shared by two functions with one source, which only the functions distinguish', async () => {
    const guardFor = (role: string) =>
      async function guard() {
        await Promise.resolve(role)
      }
    const [user, admin] = [guardFor('user'), guardFor('admin')]
    const both = (app: FastifyInstance) => app.addHook('onRequest', user).addHook('onRequest', admin)
    await expect(register(both, ['guard'])).rejects.toThrow('pass the function')
    expect((await register(both, [user])).isRouted()).toBe(true)
    expect((await register(both, [user, admin])).isRouted()).toBe(false)
  })

  test('rejects an unknown name, and lists the known ones', async () => {
    await expect(register((app) => addHook(app, 'onRequest'), ['loook'])).rejects.toThrow(
      'bypassHooks has "loook", which is not a hook of any call: the hooks are onRequest:look',
    )
  })

  test('does not skip a hook for calls that other hooks route', async () => {
    const ran: string[] = []
    const { call } = await startRoutedApp({
      before: (app) => {
        app.addHook('onRequest', async function look() {
          ran.push('look')
        })
        app.addHook('onRequest', async function guard() {
          ran.push('guard')
        })
      },
      options: { bypassHooks: ['look'] },
    })
    await call(H2C, sayHello('grpc'))
    expect(ran).toEqual(['look', 'guard'])
  })
})

describe("Fastify's internal hook lists", () => {
  test('are found, and contain the added hooks', async () => {
    const app = fastify()
    onTestFinished(() => app.close())
    const run = async (_request: unknown) => {}
    for (const hook of REQUEST_HOOKS) app.addHook(hook as 'onRequest', run)
    await app.ready()
    for (const hook of REQUEST_HOOKS) expect(hooksOf(app)?.[hook]).toEqual([run])
  })
})
