/** Services that fail in every possible way, with a secret word that must not reach the client. */
import { Code, ConnectError, type ConnectRouter } from '@connectrpc/connect'
import { GreeterService, type SayHelloResponse } from '../../gen/greeter/v1/greeter_pb.js'

/** Part of every error that the services throw. */
export const SECRET = 'hunter2'

/** The kinds of failure, by the name in the request. */
const FAILURES: Readonly<Record<string, () => unknown>> = {
  error: () => {
    throw new Error(SECRET)
  },
  string: () => {
    throw SECRET
  },
  null: () => {
    throw null
  },
  cause: () => {
    throw new Error('outer', { cause: new Error(SECRET) })
  },
  late: async () => {
    await new Promise((resolve) => setImmediate(resolve))
    throw new TypeError(SECRET)
  },
  'getter of the message': () => ({
    get message(): string {
      throw new Error(SECRET)
    },
  }),
  'proxy that throws': () => {
    throw new Proxy(new Error('x'), {
      get() {
        throw new Error(SECRET)
      },
    })
  },
}

/** The names of the kinds of failure of SayHello. */
export const FAILURE_NAMES = Object.keys(FAILURES)

/** Registers a greeter that fails. */
export function brokenRoutes(router: ConnectRouter): void {
  router.service(GreeterService, {
    async sayHello({ name }) {
      if (name === 'not found') throw new ConnectError('no such name', Code.NotFound)
      return (await FAILURES[name]?.()) as SayHelloResponse
    },
    async *getStream({ topic }) {
      yield { topic, data: 'before it fails' }
      throw new Error(SECRET)
    },
    async putStream(messages) {
      for await (const _message of messages) throw new Error(SECRET)
      return {}
    },
  })
}
