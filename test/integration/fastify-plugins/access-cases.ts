/** Plugins that reject callers. */
import auth from '@fastify/auth'
import basicAuth from '@fastify/basic-auth'
import bearerAuth from '@fastify/bearer-auth'
import cookie from '@fastify/cookie'
import csrfProtection from '@fastify/csrf-protection'
import jwt from '@fastify/jwt'
import rateLimit from '@fastify/rate-limit'
import sensible from '@fastify/sensible'
import underPressure from '@fastify/under-pressure'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { CALLER } from '../../support/plugin-callers.ts'
import type { Fields, PluginCase, Visit } from './plugin-case.ts'

async function checkKey(request: FastifyRequest): Promise<void> {
  if (request.headers['x-key'] !== 'right') throw new Error('wrong key')
}

const KEY_VISITS: readonly Visit[] = [
  { code: 'Unauthenticated', text: 'wrong key' },
  { sends: { 'x-key': 'wrong' }, code: 'Unauthenticated', text: 'wrong key' },
  { sends: { 'x-key': 'right' } },
]

const BASIC = 'Basic realm="here", charset="UTF-8"'

async function jwtOf(app: FastifyInstance): Promise<Fields> {
  return { authorization: `Bearer ${app.jwt.sign({ name: 'Ada' })}` }
}

async function csrfOf(app: FastifyInstance): Promise<Fields> {
  const answer = await app.inject(`${app.prefix}/token`)
  return { cookie: `_csrf=${answer.cookies[0]?.value}`, 'csrf-token': answer.body }
}

/** Each of them twice where hooks can be hung on routes as well. */
export const ACCESS_CASES: readonly PluginCase[] = [
  {
    name: '@fastify/auth in a hook',
    async plugins(app) {
      await app.register(auth)
      app.addHook('preHandler', app.auth([checkKey]))
    },
    visits: KEY_VISITS,
  },
  {
    name: '@fastify/auth on every route',
    async plugins(app) {
      await app.register(auth)
      app.addHook('onRoute', (route) => {
        route.preHandler = app.auth([checkKey])
      })
    },
    visits: KEY_VISITS,
  },
  {
    name: '@fastify/bearer-auth',
    plugins: (app) => app.register(bearerAuth, { keys: new Set(['key']) }),
    visits: [
      { code: 'Unauthenticated' },
      { sends: { authorization: 'Bearer other' }, code: 'Unauthenticated' },
      { sends: { authorization: 'Bearer key' } },
    ],
  },
  {
    name: '@fastify/bearer-auth in preParsing',
    plugins: (app) => app.register(bearerAuth, { keys: new Set(['key']), addHook: 'preParsing' }),
    visits: [{ code: 'Unauthenticated' }, { sends: { authorization: 'Bearer key' } }],
  },
  {
    name: '@fastify/basic-auth',
    async plugins(app) {
      const validate = async (name: string, password: string) => {
        if (name !== 'Ada' || password !== 'right') return new Error('unknown')
      }
      await app.register(basicAuth, { authenticate: { realm: 'here' }, validate })
      app.addHook('onRequest', app.basicAuth)
    },
    visits: [
      { code: 'Unauthenticated', has: { 'www-authenticate': BASIC }, text: /authorization header/ },
      { sends: { authorization: basicOf('wrong') }, code: 'Unauthenticated', has: { 'www-authenticate': BASIC } },
      { sends: { authorization: basicOf('right') } },
    ],
  },
  {
    name: '@fastify/jwt',
    async plugins(app) {
      await app.register(jwt, { secret: 'a secret of the test' })
      app.addHook('onRequest', (request) => request.jwtVerify())
    },
    sees: ({ user }) => (user as { name: string }).name,
    visits: [
      { code: 'Unauthenticated', text: /authorization/i },
      { sends: { authorization: 'Bearer a.b.c' }, code: 'Unauthenticated' },
      { sends: jwtOf, saw: 'Ada' },
    ],
  },
  {
    name: '@fastify/csrf-protection',
    async plugins(app) {
      await app.register(cookie)
      await app.register(csrfProtection)
      app.get('/token', async (_request, reply) => reply.generateCsrf())
      app.addHook('preHandler', (request, reply, done) => {
        if (request.url.endsWith('/token')) done()
        else app.csrfProtection(request, reply, done)
      })
    },
    visits: [
      { code: 'PermissionDenied', text: /csrf secret/ },
      { sends: { cookie: '_csrf=secret', 'csrf-token': 'forged' }, code: 'PermissionDenied', text: /csrf token/ },
      { sends: csrfOf },
    ],
  },
  {
    name: '@fastify/rate-limit',
    plugins: (app) =>
      app.register(rateLimit, { max: 2, timeWindow: 60_000, keyGenerator: ({ headers }) => String(headers[CALLER]) }),
    visits: limitVisits(),
  },
  {
    name: '@fastify/rate-limit in preHandler',
    plugins: (app) =>
      app.register(rateLimit, {
        max: 2,
        timeWindow: 60_000,
        hook: 'preHandler',
        keyGenerator: ({ headers }) => String(headers[CALLER]),
      }),
    visits: limitVisits(),
  },
  {
    name: '@fastify/under-pressure',
    async plugins(app) {
      const healthCheck = async () => false
      await app.register(underPressure, { healthCheck, healthCheckInterval: 60_000, retryAfter: 7 })
    },
    visits: [{ code: 'Unavailable', has: { 'retry-after': '7' }, retryAfterSeconds: [7, 7] }],
  },
  {
    name: '@fastify/sensible',
    async plugins(app) {
      await app.register(sensible)
      app.addHook('onRequest', async ({ headers }) => {
        const status = Number(headers['x-status'])
        if (status > 0) throw app.httpErrors.createError(status, `told of ${status}`)
      })
    },
    visits: [
      { sends: { 'x-status': '400' }, code: 'InvalidArgument', text: 'told of 400' },
      { sends: { 'x-status': '401' }, code: 'Unauthenticated', text: 'told of 401' },
      { sends: { 'x-status': '403' }, code: 'PermissionDenied', text: 'told of 403' },
      { sends: { 'x-status': '404' }, code: 'Unimplemented', text: 'told of 404' },
      { sends: { 'x-status': '418' }, code: 'Internal' },
      { sends: { 'x-status': '429' }, code: 'ResourceExhausted', text: 'told of 429' },
      { sends: { 'x-status': '500' }, code: 'Internal', text: /^(?!.*told of)/ },
      { sends: { 'x-status': '502' }, code: 'Internal', text: /^(?!.*told of)/ },
      { sends: { 'x-status': '503' }, code: 'Unavailable', text: /^(?!.*told of)/ },
      {},
    ],
  },
]

function basicOf(password: string): string {
  return `Basic ${Buffer.from(`Ada:${password}`).toString('base64')}`
}

/** Lets two pass. */
function limitVisits(): readonly Visit[] {
  return [
    { has: { 'x-ratelimit-limit': '2', 'x-ratelimit-remaining': '1' } },
    { has: { 'x-ratelimit-limit': '2', 'x-ratelimit-remaining': '0' } },
    {
      code: 'ResourceExhausted',
      has: { 'x-ratelimit-limit': '2', 'x-ratelimit-remaining': '0', 'retry-after': /^\d+$/ },
      text: /Rate limit exceeded/,
      retryAfterSeconds: [1, 60],
    },
  ]
}
