import { type FastifyInstance, fastify, type onRequestHookHandler } from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import { createApp } from '../../../server/app.ts'
import { onePort } from '../../../server/listen/one-port.ts'
import { portico } from '../../../server/plugin.ts'
import type { PorticoOptions } from '../../../server/plugin-options.ts'

const routes: PorticoOptions['routes'] = (router) => router.service(GreeterService, {})

function create(): FastifyInstance {
  const app = fastify(onePort())
  onTestFinished(() => app.close())
  return app
}

/** What `ready` says; undefined where the app is. */
async function faultOf(app: FastifyInstance): Promise<string | undefined> {
  try {
    await app.ready()
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

/** Hooks of every kind that could refuse a request. */
const GUARDS: readonly (readonly [name: string, add: (app: FastifyInstance) => unknown])[] = [
  ['onRequest', (app) => app.addHook('onRequest', async function authorize() {})],
  [
    'preParsing',
    (app) =>
      app.addHook('preParsing', async function authorize(_request, _reply, payload) {
        return payload
      }),
  ],
  ['preValidation', (app) => app.addHook('preValidation', async function authorize() {})],
  ['preHandler', (app) => app.addHook('preHandler', async function authorize() {})],
]

describe('a hook that could refuse calls, and would never see them, is an error at start', () => {
  test.each(GUARDS)('%s', async (hook, add) => {
    const app = create()
    await app.register(portico, { routes })
    add(app)
    const fault = await faultOf(app)
    expect(fault).toContain(`\n  ${hook}: authorize\n`)
    for (const wayOut of ['interceptors', 'requestGate', 'lane: "reference"', 'bypassHooks'])
      expect(fault).toContain(wayOut)
  })

  test.each(GUARDS)('%s, added before the plugin', async (hook, add) => {
    const app = create()
    add(app)
    await app.register(portico, { routes })
    expect(await faultOf(app)).toContain(`${hook}: authorize`)
  })

  test('all of them are named at once, with the scope that they stand in', async () => {
    const app = create()
    for (const [, add] of GUARDS) add(app)
    await app.register(portico, { routes })
    const fault = await faultOf(app)
    expect(fault?.match(/: authorize\n/g)).toHaveLength(GUARDS.length)
    expect(fault).toContain('"fastify -> portico"')
  })

  test('of a parent of the scope', async () => {
    const app = create()
    app.addHook('onRequest', async function authorize() {})
    app.register(async (scope) => scope.register(portico, { routes }))
    expect(await faultOf(app)).toContain('onRequest: authorize')
  })

  test('of an app that createApp made', async () => {
    const { fastify: app } = await createApp({ routes })
    onTestFinished(() => app.close())
    app.addHook('onRequest', async function authorize() {})
    const fault = await faultOf(app)
    expect(fault).toContain('onRequest: authorize')
    expect(fault).not.toContain('onRequestAccessLog')
  })

  test('without a name, by what it is called in the error', async () => {
    const anonymous: onRequestHookHandler[] = [(_request, _reply, done) => done()]
    const register = async (bypassHooks: readonly string[]) => {
      const app = create()
      app.addHook('onRequest', anonymous[0] as onRequestHookHandler)
      await app.register(portico, { routes, bypassHooks })
      return faultOf(app)
    }
    const fault = await register([])
    const [, name = ''] =
      /onRequest: (onRequest#[0-9a-f]{8}), which has no name of its own: \(_request/.exec(fault ?? '') ?? []
    expect(await register([name])).toBeUndefined()
  })
})

describe('no error for', () => {
  test('a hook that is named in bypassHooks', async () => {
    const app = create()
    app.addHook('onRequest', async function readCookies() {})
    await app.register(portico, { routes, bypassHooks: ['readCookies'] })
    expect(await faultOf(app)).toBeUndefined()
  })

  test('the reference lane, where hooks run for calls', async () => {
    const app = create()
    app.addHook('onRequest', async function authorize() {})
    await app.register(portico, { routes, lane: 'reference' })
    expect(await faultOf(app)).toBeUndefined()
  })

  test('a Fastify without onePort(), which has the reference lane', async () => {
    const app = fastify()
    onTestFinished(() => app.close())
    app.addHook('onRequest', async function authorize() {})
    await app.register(portico, { routes })
    expect(await faultOf(app)).toBeUndefined()
  })

  test('hooks of a scope beside, and hooks that run behind the answer', async () => {
    const app = create()
    app.register(async (scope) => {
      scope.addHook('onRequest', async function authorize() {})
    })
    app.addHook('onResponse', async function count() {})
    await app.register(portico, { routes })
    expect(await faultOf(app)).toBeUndefined()
  })

  test('an app that createApp made, with all that it brings', async () => {
    const { fastify: app } = await createApp({ routes, cors: { origins: ['https://a.example'] } })
    onTestFinished(() => app.close())
    expect(await faultOf(app)).toBeUndefined()
  })
})

test('Fastify keeps the hooks of a scope behind a symbol that is found by its description', async () => {
  const app = create()
  const [symbol, ...others] = Object.getOwnPropertySymbols(app).filter(
    ({ description }) => description === 'fastify.hooks',
  )
  expect(others).toEqual([])
  const run = async () => {}
  app.addHook('preHandler', run)
  await app.ready()
  const hooks = (app as unknown as Record<symbol, Record<string, unknown[]>>)[symbol as symbol]
  expect(hooks?.preHandler).toEqual([run])
})
