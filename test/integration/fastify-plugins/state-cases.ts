/** Plugins that remember callers, or put something before handlers. */
import { randomBytes } from 'node:crypto'
import cookie from '@fastify/cookie'
import flash from '@fastify/flash'
import requestContext from '@fastify/request-context'
import secureSession from '@fastify/secure-session'
import session from '@fastify/session'
import type { FastifyRequest } from 'fastify'
import type { PluginCase } from './plugin-case.ts'

const SESSION_SECRET = 'a secret of the test, of 32 bytes and more'

declare module '@fastify/request-context' {
  interface RequestContextData {
    who: unknown
  }
}
declare module '@fastify/secure-session' {
  interface SessionData {
    visits: number
  }
}
declare module 'fastify' {
  interface Session {
    visits?: number
  }
}

/** What handlers read, and what comes back in `set-cookie`. */
export const STATE_CASES: readonly PluginCase[] = [
  {
    name: '@fastify/cookie',
    async plugins(app) {
      await app.register(cookie)
      app.addHook('onRequest', async (request, reply) => {
        reply.setCookie('count', String(Number(request.cookies.count ?? 0) + 1))
      })
    },
    sees: ({ cookies }) => cookies.count,
    visits: [
      { has: { 'set-cookie': 'count=1; SameSite=Lax' }, saw: 'undefined' },
      { has: { 'set-cookie': 'count=2; SameSite=Lax' }, saw: '1' },
    ],
  },
  {
    name: '@fastify/session',
    async plugins(app) {
      await app.register(cookie)
      await app.register(session, { secret: SESSION_SECRET, cookie: { secure: false } })
      app.addHook('preHandler', async ({ session }) => {
        session.visits = (session.visits ?? 0) + 1
      })
    },
    sees: ({ session }) => session.visits,
    visits: [{ has: { 'set-cookie': /^sessionId=/ }, saw: '1' }, { saw: '2' }],
  },
  {
    name: '@fastify/secure-session',
    async plugins(app) {
      await app.register(secureSession, { key: randomBytes(32) })
      app.addHook('preHandler', async ({ session }) => {
        session.set('visits', (session.get('visits') ?? 0) + 1)
      })
    },
    sees: ({ session }) => session.get('visits'),
    visits: [
      { has: { 'set-cookie': /^session=/ }, saw: '1' },
      { has: { 'set-cookie': /^session=/ }, saw: '2' },
    ],
  },
  {
    name: '@fastify/flash',
    async plugins(app) {
      await app.register(secureSession, { key: randomBytes(32) })
      await app.register(flash)
      app.addHook('preHandler', async (request, reply) => {
        request.headers['x-flashed'] = JSON.stringify(reply.flash('note'))
        request.flash('note', 'welcome')
      })
    },
    sees: ({ headers }) => headers['x-flashed'],
    visits: [{ has: { 'set-cookie': /^session=/ }, saw: '[]' }, { saw: '["welcome"]' }],
  },
  ...(['onRequest', 'preValidation', 'preHandler'] as const).map(contextCase),
]

/** The AsyncLocalStorage store of a hook stays with its request, at every message of a stream. */
function contextCase(hook: 'onRequest' | 'preValidation' | 'preHandler'): PluginCase {
  return {
    name: `@fastify/request-context in ${hook}`,
    plugins: (app) =>
      app.register(requestContext, {
        hook,
        defaultStoreValues: ({ headers }: FastifyRequest) => ({ who: headers['x-who'] }),
      }),
    sees: ({ requestContext }) => requestContext.get('who'),
    visits: [
      { sends: { 'x-who': 'Ada' }, saw: 'Ada' },
      { sends: { 'x-who': 'Grace' }, saw: 'Grace' },
    ],
  }
}
