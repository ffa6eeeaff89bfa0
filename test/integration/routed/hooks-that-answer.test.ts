/** A hook that responds ends the call in the protocol of the caller, however it responds. */
import { Readable } from 'node:stream'
import { Code, ConnectError } from '@connectrpc/connect'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { describe, expect, test } from 'vitest'
import { endOf } from '../../support/calls.ts'
import type { Exchanged } from '../../support/exchange.ts'
import { CALLS, CALLS_BY_FRONT, type CallCase, FRONTS, type Front, startRoutedApp } from '../../support/routed-app.ts'

const H2C = FRONTS[1] as Front

/** The code of a failure, as `endOf` has it in each protocol. */
function codeIn({ protocol }: CallCase, code: Code, word: string): string {
  return protocol.startsWith('grpc') ? `grpc-status ${code}` : word
}

function isUnaryConnect({ protocol }: CallCase): boolean {
  return protocol === 'connect' || protocol === 'connect-json'
}

/** Common to all failures, apart from the code. */
function expectShape(call: CallCase, answer: Exchanged, httpStatus: number): void {
  expect(answer.status).toBe(isUnaryConnect(call) ? httpStatus : 200)
  const type = isUnaryConnect(call) ? 'application/json' : call.init.headers['content-type']
  expect(answer.headers['content-type']).toBe(type)
  expect(answer.headers['content-encoding']).toBeUndefined()
  if (call.protocol !== 'grpc') return
  // Trailers-Only: one block of fields.
  expect(answer.headers['grpc-status']).toBeDefined()
  expect(answer.body.byteLength).toBe(0)
}

describe('401 with a body and headers', () => {
  test.each(CALLS_BY_FRONT)('%s', async (_name, call, front) => {
    const { call: send, seen } = await startRoutedApp({
      before: (app) =>
        app.addHook('onRequest', async (_request, reply) => {
          reply.header('www-authenticate', 'Bearer realm="a"').header('set-cookie', ['a=1', 'b=2'])
          return reply.code(401).send({ error: 'Unauthorized', message: 'no token' })
        }),
    })
    const answer = await send(front, call.init)
    expectShape(call, answer, 401)
    expect(endOf(call.protocol, answer)).toEqual({
      code: codeIn(call, Code.Unauthenticated, 'unauthenticated'),
      message: 'no token',
    })
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="a"')
    expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2'])
    expect(seen).toEqual([])
  })
})

/** A way to respond: what a hook does, and what the caller receives. */
interface Way {
  readonly name: string
  readonly add: (app: FastifyInstance) => unknown
  readonly code: readonly [Code, string]
  readonly message: string
  readonly status: number
}

type Answer = (reply: FastifyReply) => unknown

const onRequest = (answer: Answer) => (app: FastifyInstance) =>
  app.addHook('onRequest', async (_request, reply) => answer(reply))

const UNAUTHENTICATED = [Code.Unauthenticated, 'unauthenticated'] as const
const DENIED = [Code.PermissionDenied, 'permission_denied'] as const
const INTERNAL = [Code.Internal, 'internal'] as const

function httpError(statusCode: number, message: string): Error {
  return Object.assign(new Error(message), { statusCode })
}

const WAYS: readonly Way[] = [
  {
    name: 'it sends a text',
    add: onRequest((reply) => reply.code(403).send('not here')),
    code: DENIED,
    message: 'not here',
    status: 403,
  },
  {
    name: 'it sends octets',
    add: onRequest((reply) => reply.code(403).send(Buffer.from('not here'))),
    code: DENIED,
    message: 'not here',
    status: 403,
  },
  {
    name: 'it sends a stream',
    add: onRequest((reply) =>
      reply
        .code(403)
        .type('text/plain')
        .send(Readable.from(['not ', 'here'])),
    ),
    code: DENIED,
    message: 'not here',
    status: 403,
  },
  {
    name: 'it sends a web stream',
    add: onRequest((reply) => reply.code(403).send(new Response('not here').body)),
    code: DENIED,
    message: 'not here',
    status: 403,
  },
  {
    name: 'it sends a stream without end',
    add: onRequest((reply) => {
      const endless = new Readable({
        read() {
          this.push(Buffer.alloc(16_384, ' '))
        },
      })
      return reply.code(403).send(endless)
    }),
    code: DENIED,
    message: 'call refused with HTTP status 403',
    status: 403,
  },
  {
    name: 'it sends a page',
    add: onRequest((reply) => reply.code(403).type('text/html').send('<h1>Forbidden</h1>')),
    code: DENIED,
    message: 'call refused with HTTP status 403',
    status: 403,
  },
  {
    name: 'it sends nothing',
    add: onRequest((reply) => reply.code(401).send()),
    code: UNAUTHENTICATED,
    message: 'call refused with HTTP status 401',
    status: 401,
  },
  {
    name: 'it answers with a callback',
    add: (app) => app.addHook('onRequest', (_request, reply) => void reply.code(401).send({ message: 'no token' })),
    code: UNAUTHENTICATED,
    message: 'no token',
    status: 401,
  },
  {
    name: 'it gives an error to its callback',
    add: (app) => app.addHook('onRequest', (_request, _reply, done) => done(httpError(401, 'no token'))),
    code: UNAUTHENTICATED,
    message: 'no token',
    status: 401,
  },
  {
    name: 'it throws an error with a status',
    add: onRequest(() => {
      throw httpError(403, 'not you')
    }),
    code: DENIED,
    message: 'not you',
    status: 403,
  },
  {
    name: 'it throws an error without a status, whose text is not for the client',
    add: onRequest(() => {
      throw new Error('password of the database')
    }),
    code: INTERNAL,
    message: 'call refused with HTTP status 500',
    status: 500,
  },
  {
    name: 'it throws what is no error',
    add: onRequest(() => {
      throw 'password of the database'
    }),
    code: INTERNAL,
    message: 'call refused with HTTP status 500',
    status: 500,
  },
  {
    name: 'it redirects',
    add: onRequest((reply) => reply.redirect('https://login.example/')),
    code: INTERNAL,
    message: 'call answered by a hook or middleware with HTTP status 302',
    status: 500,
  },
  {
    name: 'it answers 200 with a page of its own',
    add: onRequest((reply) => reply.send('cached')),
    code: INTERNAL,
    message: 'call answered by a hook or middleware with HTTP status 200',
    status: 500,
  },
  {
    name: 'it answers 204',
    add: onRequest((reply) => reply.code(204).send()),
    code: INTERNAL,
    message: 'call answered by a hook or middleware with HTTP status 204',
    status: 500,
  },
  {
    name: 'it writes to the response itself, as middleware of Express does',
    add: (app) =>
      app.addHook('onRequest', (_request, { raw }) => {
        raw.statusCode = 403
        raw.setHeader('x-middleware', 'yes')
        raw.end('not here')
      }),
    code: DENIED,
    message: 'not here',
    status: 403,
  },
  {
    name: 'it writes a head and a body of its own to the response',
    add: (app) =>
      app.addHook('onRequest', (_request, { raw }) => {
        raw.writeHead(403, 'No', { 'X-Middleware': 'yes', 'content-length': 8 })
        raw.write('not ')
        raw.end('here', 'latin1')
      }),
    code: DENIED,
    message: 'not here',
    status: 403,
  },
  {
    name: 'a preParsing hook throws',
    add: (app) =>
      app.addHook('preParsing', async () => {
        throw httpError(400, 'no signature')
      }),
    code: [Code.InvalidArgument, 'invalid_argument'],
    message: 'no signature',
    status: 400,
  },
  {
    name: 'a preValidation hook answers',
    add: (app) => app.addHook('preValidation', async (_request, reply) => reply.code(404).send({ message: 'gone' })),
    code: [Code.Unimplemented, 'unimplemented'],
    message: 'gone',
    status: 404,
  },
  {
    name: 'a preHandler hook answers 429',
    add: (app) => app.addHook('preHandler', async (_request, reply) => reply.code(429).send({ message: 'slow down' })),
    code: [Code.ResourceExhausted, 'resource_exhausted'],
    message: 'slow down',
    status: 429,
  },
  {
    name: 'a hook of the route, which a plugin adds, throws 503',
    add: (app) =>
      app.addHook('onRoute', (route) => {
        route.preHandler = [
          async () => {
            throw httpError(503, 'too busy')
          },
        ]
      }),
    code: [Code.Unavailable, 'unavailable'],
    message: 'call refused with HTTP status 503',
    status: 503,
  },
  {
    name: 'the error handler of the app answers',
    add: (app) => {
      app.setErrorHandler((_error, _request, reply) => void reply.code(403).send({ message: 'handled' }))
      onRequest(() => {
        throw new Error('password of the database')
      })(app)
    },
    code: DENIED,
    message: 'handled',
    status: 403,
  },
  {
    name: 'the error handler of the app answers later, with what it returns',
    add: (app) => {
      app.setErrorHandler(async (_error, _request, reply) => {
        reply.code(401)
        return { message: 'handled' }
      })
      onRequest(() => {
        throw new Error('password of the database')
      })(app)
    },
    code: UNAUTHENTICATED,
    message: 'handled',
    status: 401,
  },
  {
    name: 'the error handler of the app throws',
    add: (app) => {
      app.setErrorHandler(() => {
        throw new Error('password of the database')
      })
      onRequest(() => {
        throw httpError(403, 'not you')
      })(app)
    },
    code: INTERNAL,
    message: 'call refused with HTTP status 500',
    status: 500,
  },
  {
    name: 'the error handler of the app throws a ConnectError',
    add: (app) => {
      app.setErrorHandler(() => {
        throw new ConnectError('not you', Code.PermissionDenied)
      })
      onRequest(() => {
        throw new Error('password of the database')
      })(app)
    },
    code: DENIED,
    message: 'not you',
    status: 403,
  },
  {
    name: 'the error handler of the app sends a ConnectError',
    add: (app) => {
      app.setErrorHandler(
        (_error, _request, reply) => void reply.send(new ConnectError('not you', Code.PermissionDenied)),
      )
      onRequest(() => {
        throw new Error('password of the database')
      })(app)
    },
    code: DENIED,
    message: 'not you',
    status: 403,
  },
  {
    name: 'a ConnectError is thrown, and the error handler of the app makes something else of it',
    add: (app) => {
      app.setErrorHandler((_error, _request, reply) => void reply.code(500).send({ oops: true }))
      onRequest(() => {
        throw new ConnectError('not you', Code.PermissionDenied)
      })(app)
    },
    code: DENIED,
    message: 'not you',
    status: 403,
  },
  {
    name: "it sends Connect's own error",
    add: onRequest((reply) => reply.code(400).send({ code: 'failed_precondition', message: 'not yet' })),
    code: [Code.FailedPrecondition, 'failed_precondition'],
    message: 'not yet',
    status: 400,
  },
  {
    name: 'an onSend hook throws at the answer of a hook',
    add: (app) => {
      app.addHook('onSend', async () => {
        throw new Error('no session')
      })
      onRequest((reply) => reply.code(403).send('not here'))(app)
    },
    code: DENIED,
    message: 'no session',
    status: 403,
  },
  {
    name: 'an onSend hook throws at the answer to an error',
    add: (app) => {
      app.addHook('onSend', async () => {
        throw new Error('password of the database')
      })
      onRequest(() => {
        throw new Error('password of the database')
      })(app)
    },
    code: INTERNAL,
    message: 'call refused with HTTP status 500',
    status: 500,
  },
  {
    name: 'a thrown value that is not an error reaches the error handler of the app',
    add: (app) => {
      app.setErrorHandler((error, _request, reply) => void reply.code(403).send(`refused: ${error}`))
      onRequest(() => {
        throw 'a word'
      })(app)
    },
    code: DENIED,
    message: 'refused: a word',
    status: 403,
  },
]

describe.each(WAYS)('$name', ({ add, code, message, status }) => {
  test.each(CALLS.map((call) => [call.name, call] as const))('%s', async (_name, call) => {
    const { call: send, seen } = await startRoutedApp({ before: add })
    const answer = await send(H2C, call.init)
    expectShape(call, answer, status)
    expect(endOf(call.protocol, answer)).toEqual({ code: codeIn(call, ...code), message })
    expect(seen).toEqual([])
    expect(JSON.stringify(answer.headers) + answer.body.toString()).not.toContain('password')
  })
})
