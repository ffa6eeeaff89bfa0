/**
 * The greeter that pages call: it echoes. On the topic `endless` it sends large messages for as long as the client stays, and after one on
 * `unread` it reads no more. `burst` has as many large messages as the limit.
 */
import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect'
import type { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'

/** The size of the messages of the endless stream. */
export const LARGE_BYTES = 64 * 1024

/** A greeter, and what became of its streams. */
export interface StreamingGreeter {
  readonly routes: Partial<ServiceImpl<typeof GreeterService>>
  /** How many messages of endless streams the port has taken. */
  readonly given: number
  /** How many bidirectional streams have begun, and how many of their handlers have ended. */
  readonly begun: number
  readonly ended: number
}

/** Creates one that serves no other test. */
export function streamingGreeter(): StreamingGreeter {
  const seen = { given: 0, begun: 0, ended: 0 }
  const data = 'x'.repeat(LARGE_BYTES)
  async function* endless() {
    for (; ; seen.given++) yield { data, sequence: BigInt(seen.given) }
  }
  const routes: StreamingGreeter['routes'] = {
    sayHello({ name }, { requestHeader, responseHeader, responseTrailer }) {
      responseHeader.set('x-seen', requestHeader.get('x-sent') ?? '')
      responseTrailer.set('x-last', 'z')
      return { message: `Hello ${name}` }
    },
    publish() {
      throw new ConnectError('no ä', Code.ResourceExhausted)
    },
    async *getStream({ topic, limit }) {
      if (topic === 'burst') for (let sent = 0; sent < limit; sent++) yield { data }
      else for (const letter of topic) yield { data: letter }
    },
    async putStream(requests) {
      let accepted = 0n
      for await (const { topic } of requests) {
        if (topic === 'unread') await new Promise<never>(() => {})
        accepted += 1n
      }
      return { accepted }
    },
    async *allStream(requests) {
      seen.begun += 1
      try {
        for await (const { topic, data } of requests) {
          if (topic === 'endless') yield* endless()
          else yield { data }
        }
      } finally {
        seen.ended += 1
      }
    },
  }
  return {
    routes,
    get given() {
      return seen.given
    },
    get begun() {
      return seen.begun
    },
    get ended() {
      return seen.ended
    },
  }
}
