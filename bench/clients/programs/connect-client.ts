/** The benchmarks' calls by Connect's own client, over any transport. */
import { createClient, type Transport } from '@connectrpc/connect'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import { BenchService } from '../../gen/bench/v1/bench_pb.js'
import type { BenchClient } from './client-program.ts'

/** @param close lets go of the transport's connection */
export function connectClient(transport: Transport, close: () => void | Promise<void>): BenchClient {
  const greeter = createClient(GreeterService, transport)
  const bench = createClient(BenchService, transport)
  return {
    close,
    async greet(name) {
      return (await greeter.sayHello({ name })).message
    },
    async download(count, text) {
      let messages = 0
      for await (const _ of bench.download({ count, text })) messages += 1
      return messages
    },
    async openEcho(text) {
      const { promise, resolve: end } = Promise.withResolvers<void>()
      async function* requests() {
        yield { text }
        await promise
      }
      const answers = bench.echo(requests())[Symbol.asyncIterator]()
      await answers.next()
      return end
    },
  }
}
