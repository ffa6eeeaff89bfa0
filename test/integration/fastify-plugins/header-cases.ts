/** Plugins and middleware that add fields to responses, and middleware that responds itself. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import caching from '@fastify/caching'
import cors from '@fastify/cors'
import express from '@fastify/express'
import helmet from '@fastify/helmet'
import middie from '@fastify/middie'
import type { PluginCase, Visit } from './plugin-case.ts'

const ORIGIN = 'https://a.example'

/** As middleware of Express and Connect is written: it needs the fields and methods of node:http's own objects. */
function middleware(request: IncomingMessage & { who?: unknown }, response: ServerResponse, next: () => void): void {
  request.who = request.headers['x-who']
  response.setHeader('x-middleware', `ran for ${request.method}`)
  next()
}

/** Responds directly on request, bypassing Fastify's reply. */
function refusing(request: IncomingMessage, response: ServerResponse, next: () => void): void {
  const status = Number(request.headers['x-status'])
  if (!(status > 0)) {
    next()
    return
  }
  response.statusCode = status
  response.setHeader('retry-after', '5')
  response.setHeader('content-type', 'text/plain')
  response.write('told of ')
  response.end(String(status))
}

const REFUSAL_VISITS: readonly Visit[] = [
  { sends: { 'x-status': '401' }, code: 'Unauthenticated', has: { 'retry-after': '5' }, text: 'told of 401' },
  { sends: { 'x-status': '429' }, code: 'ResourceExhausted', has: { 'retry-after': '5' }, retryAfterSeconds: [5, 5] },
  { sends: { 'x-status': '503' }, code: 'Unavailable', has: { 'retry-after': '5' }, text: /^(?!.*told of)/ },
  {},
]

const MIDDLEWARE_VISITS: readonly Visit[] = [
  { sends: { 'x-who': 'Ada' }, has: { 'x-middleware': /^ran for (GET|POST)$/ }, saw: 'Ada' },
  { sends: { 'x-who': 'Grace' }, has: { 'x-middleware': /^ran for (GET|POST)$/ }, saw: 'Grace' },
]

/** Headers on the response of a route are also on that of a call. */
export const HEADER_CASES: readonly PluginCase[] = [
  {
    name: '@fastify/helmet',
    plugins: (app) => app.register(helmet),
    visits: [
      { has: { 'x-content-type-options': 'nosniff', 'strict-transport-security': /max-age/, 'x-frame-options': /./ } },
    ],
  },
  {
    name: '@fastify/caching',
    plugins: (app) => app.register(caching, { privacy: 'private', expiresIn: 60 }),
    visits: [{ has: { 'cache-control': 'private, max-age=60' } }],
  },
  {
    name: '@fastify/cors of one origin',
    plugins: (app) => app.register(cors, { origin: ORIGIN, credentials: true, exposedHeaders: 'grpc-status' }),
    visits: [
      {
        sends: { origin: ORIGIN },
        has: {
          'access-control-allow-origin': ORIGIN,
          'access-control-allow-credentials': 'true',
          'access-control-expose-headers': 'grpc-status',
        },
      },
    ],
  },
  {
    name: '@fastify/cors of any origin beside the cors option',
    plugins: (app) => app.register(cors, { origin: true }),
    options: { cors: { origins: [ORIGIN] } },
    visits: [
      { sends: { origin: ORIGIN }, has: { 'access-control-allow-origin': ORIGIN } },
      { sends: { origin: 'https://b.example' }, has: { 'access-control-allow-origin': 'https://b.example' } },
    ],
  },
  {
    name: '@fastify/express',
    async plugins(app) {
      await app.register(express)
      app.use(middleware)
    },
    sees: ({ raw }) => (raw as { who?: unknown }).who,
    visits: MIDDLEWARE_VISITS,
  },
  {
    name: '@fastify/middie',
    async plugins(app) {
      await app.register(middie)
      app.use(middleware)
    },
    sees: ({ raw }) => (raw as { who?: unknown }).who,
    visits: MIDDLEWARE_VISITS,
  },
  {
    name: '@fastify/express, whose middleware answers',
    async plugins(app) {
      await app.register(express)
      app.use(refusing)
    },
    visits: REFUSAL_VISITS,
  },
  {
    name: '@fastify/middie, whose middleware answers',
    async plugins(app) {
      await app.register(middie)
      app.use(refusing)
    },
    visits: REFUSAL_VISITS,
  },
]
