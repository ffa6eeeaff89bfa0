/** An app with all the plugins at once: calls pass every one of them, and none is in another's way. */
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import auth from '@fastify/auth'
import basicAuth from '@fastify/basic-auth'
import bearerAuth from '@fastify/bearer-auth'
import caching from '@fastify/caching'
import compress from '@fastify/compress'
import cookie from '@fastify/cookie'
import cors from '@fastify/cors'
import csrfProtection from '@fastify/csrf-protection'
import etag from '@fastify/etag'
import express from '@fastify/express'
import flash from '@fastify/flash'
import formbody from '@fastify/formbody'
import helmet from '@fastify/helmet'
import jwt from '@fastify/jwt'
import middie from '@fastify/middie'
import multipart from '@fastify/multipart'
import rateLimit from '@fastify/rate-limit'
import requestContext from '@fastify/request-context'
import secureSession from '@fastify/secure-session'
import sensible from '@fastify/sensible'
import session from '@fastify/session'
import statics from '@fastify/static'
import swagger from '@fastify/swagger'
import underPressure from '@fastify/under-pressure'
import websocket from '@fastify/websocket'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import metrics from 'fastify-metrics'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type PluginApp, STREAM_LENGTH, startPluginApp } from '../../support/plugin-app.ts'
import { CALLER, CALLERS } from '../../support/plugin-callers.ts'

const ORIGIN = 'https://a.example'

function stamp(name: string) {
  return (_request: IncomingMessage, response: ServerResponse, next: () => void) => {
    response.setHeader(name, 'ran')
    next()
  }
}

/** Exclusive plugins: middie and express both add `use`, and both session plugins add `request.session`. */
const FLAVOURS: readonly (readonly [name: string, plugins: (app: FastifyInstance) => Promise<void>])[] = [
  [
    'middie and secure-session',
    async (app) => {
      await app.register(middie)
      app.use(stamp('x-middleware'))
      await app.register(secureSession, { key: randomBytes(32) })
    },
  ],
  [
    'express and session',
    async (app) => {
      await app.register(express)
      app.use(stamp('x-middleware'))
      await app.register(session, { secret: 'a secret of the test, of 32 bytes and more', cookie: { secure: false } })
    },
  ],
]

async function everyPlugin(app: FastifyInstance, flavour: (app: FastifyInstance) => Promise<void>): Promise<void> {
  await app.register(swagger, { openapi: {} })
  await app.register(metrics.default, { clearRegisterOnInit: true, defaultMetrics: { enabled: false } })
  await app.register(requestContext, { defaultStoreValues: ({ headers }) => ({ who: headers['x-who'] }) })
  await app.register(sensible)
  await app.register(underPressure, { maxEventLoopDelay: 60_000 })
  await app.register(helmet)
  await app.register(cors, { origin: ORIGIN })
  await app.register(rateLimit, { max: 3, timeWindow: 60_000, keyGenerator: ({ headers }) => String(headers[CALLER]) })
  await app.register(cookie)
  await flavour(app)
  await app.register(csrfProtection, { sessionPlugin: '@fastify/cookie' })
  await app.register(flash)
  await app.register(formbody)
  await app.register(multipart)
  await app.register(websocket)
  await app.register(statics, { root: import.meta.dirname, prefix: '/files/' })
  await app.register(caching, { privacy: 'private' })
  await app.register(etag)
  await app.register(compress, { threshold: 0 })
  await app.register(jwt, { secret: 'a secret of the test' })
  await app.register(basicAuth, {
    async validate(_name: string, password: string) {
      if (password !== 'right') return new Error('unknown')
    },
  })
  await app.register(bearerAuth, { keys: new Set(['key']), addHook: false })
  await app.register(auth)
  app.get('/token', async (_request, reply) => reply.generateCsrf())
  app.addHook(
    'preHandler',
    app.auth([app.verifyBearerAuth, app.basicAuth, verifyJwt].filter((one) => one !== undefined)),
  )
}

async function verifyJwt(request: FastifyRequest): Promise<void> {
  await request.jwtVerify()
}

describe.each(FLAVOURS)('with %s', (_name, flavour) => {
  let started: PluginApp

  beforeAll(async () => {
    started = await startPluginApp({
      plugins: (app) => everyPlugin(app, flavour),
      sees: ({ requestContext }) => requestContext.get('who'),
    })
  })

  afterAll(() => started.app.close())

  test.each(CALLERS)('$name', async (caller) => {
    const ask = caller.open(started)
    const asks = { [CALLER]: caller.name, origin: ORIGIN, 'x-who': 'Ada' }
    const stranger = await ask(asks)
    expect(stranger.code).toBe('Unauthenticated')
    expect(Object.fromEntries(stranger.headers)).toMatchObject({
      'access-control-allow-origin': ORIGIN,
      'x-content-type-options': 'nosniff',
      'x-ratelimit-remaining': '2',
      'x-middleware': 'ran',
    })
    const basic = `Basic ${Buffer.from('Ada:right').toString('base64')}`
    for (const authorization of ['Bearer key', basic]) {
      const { code, headers, saw } = await ask({ ...asks, authorization })
      expect(code).toBe('ok')
      expect(headers.get('access-control-allow-origin')).toBe(ORIGIN)
      expect(saw).toEqual(Array.from({ length: caller.kind === 'stream' ? STREAM_LENGTH : 1 }, () => 'Ada'))
    }
    const limited = await ask({ ...asks, authorization: basic })
    expect(limited.code).toBe('ResourceExhausted')
    expect(limited.headers.get('retry-after')).toMatch(/^\d+$/)
  })
})
