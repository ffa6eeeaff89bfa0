/** The frontend of the tour: it knows its callers, and asks the backends. */
import { createReadStream } from 'node:fs'
import { Code, ConnectError } from '@connectrpc/connect'
import { createClient, createTransport } from '../../client/node/public.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { authenticate, jwt } from '../../server/auth/public.ts'
import { type Middleware, principalKey, select, serve } from '../../server/public.ts'

const refuseNobody: Middleware = {
  name: 'refuseNobody',
  interceptor: (next) => async (request) => {
    if (!request.stream && (request.message as { name?: string }).name === 'nobody') {
      throw new ConnectError('nobody is not greeted', Code.InvalidArgument)
    }
    return next(request)
  },
}

await serve({
  name: 'frontend',
  options: {
    backends: { kind: 'string', help: 'the target of the backends', required: true },
    secret: { kind: 'string', help: 'signs the tokens of callers', required: true, secret: true },
    page: { kind: 'string', help: 'the file with the script of the page', required: true },
  },
  propagation: { metadata: ['x-md-global-'] },
  middleware: ({ options: { secret } }) => [
    // First who calls: nothing further is done for strangers.
    authenticate({ schemes: [jwt({ secret, algorithms: ['HS256'], issuer: 'tour', audience: 'tour' })] }),
    // Innermost, as it looks at decoded messages.
    select({ service: 'greeter.v1.*', kind: 'unary' }, refuseNobody),
  ],
  routes(router, { options, log, onClose }) {
    const transport = createTransport({
      target: options.backends,
      serviceConfig: {
        loadBalancingConfig: [{ round_robin: {} }],
        healthCheckConfig: { serviceName: '' },
        methodConfig: [
          {
            name: [{}],
            retryPolicy: {
              maxAttempts: 3,
              initialBackoff: '0.01s',
              maxBackoff: '0.1s',
              backoffMultiplier: 2,
              retryableStatusCodes: ['UNAVAILABLE'],
            },
          },
        ],
      },
    })
    onClose(() => transport.close())
    const backends = createClient(GreeterService, transport)
    router.service(GreeterService, {
      sayHello(request, { values, responseHeader, responseTrailer }) {
        log.info({ caller: values.get(principalKey)?.name }, 'asking a backend')
        return backends.sayHello(request, {
          onHeader: (headers) => responseHeader.set('x-backend', headers.get('x-backend') ?? ''),
          onTrailer: (trailers) =>
            responseTrailer.set('x-backend-greetings-bin', trailers.get('x-backend-greetings-bin') ?? ''),
        })
      },
      allStream: (messages) => backends.allStream(messages),
    })
  },
  setup(fastify, { options: { page } }) {
    const markup =
      '<!doctype html><title>Tour</title><link rel="icon" href="data:,"><body><script type="module" src="/page.js"></script>'
    fastify.get('/', (_request, reply) => reply.type('text/html').send(markup))
    fastify.get('/page.js', (_request, reply) => reply.type('text/javascript').send(createReadStream(page)))
  },
})
