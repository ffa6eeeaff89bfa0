/** A greeter for peers that send and read a lot. */
import type { ConnectRouter } from '@connectrpc/connect'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import { untilAborted } from '../until-aborted.ts'

/** The paths of its methods. */
export const HEAVY_PATHS = {
  sayHello: '/greeter.v1.GreeterService/SayHello',
  getStream: '/greeter.v1.GreeterService/GetStream',
  putStream: '/greeter.v1.GreeterService/PutStream',
  allStream: '/greeter.v1.GreeterService/AllStream',
} as const

/** Handlers that sleep continue at `wake`; those that wait, at the end of their calls. */
export class HeavyService {
  #wake = Promise.withResolvers<void>()

  /** The routes of the server. */
  readonly routes = (router: ConnectRouter): void => {
    router.service(GreeterService, {
      sayHello: async ({ name }, { signal, requestHeader }) => {
        const isLast = requestHeader.get('grpc-previous-rpc-attempts') === '4'
        if (name === 'wait' || (name === 'fifth' && !isLast)) await untilAborted(signal)
        return { message: name.startsWith('large:') ? 'x'.repeat(Number(name.slice(6))) : String(name.length) }
      },
      async *getStream({ topic, limit }) {
        const data = topic === 'large' ? 'x'.repeat(65_536) : ''
        for (let i = 0; i < limit; i++) yield { data }
      },
      putStream: async (messages) => {
        let accepted = 0n
        for await (const { data } of messages) {
          if (data === 'sleep') await this.#wake.promise
          accepted++
        }
        return { accepted }
      },
      async *allStream(messages) {
        for await (const { data } of messages) yield { data }
      },
    })
  }

  /** Wakes the sleeping handlers; later ones sleep until the next time. */
  wake(): void {
    this.#wake.resolve()
    this.#wake = Promise.withResolvers()
  }
}
