/** The benchmark calls with Connect's own client, over any transport. */
import { type CallOptions, createClient, type Transport } from '@connectrpc/connect'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import { BenchService } from '../../gen/bench/v1/bench_pb.js'
import type { BenchClient } from './client-program.ts'

/** @param close closes the transport's connection */
export function connectClient(transport: Transport, close: () => void | Promise<void>): BenchClient {
  const greeter = createClient(GreeterService, transport)
  const bench = createClient(BenchService, transport)
  return {
    close,
    async greet(name, signal) {
      return (await greeter.sayHello({ name }, options(signal))).message
    },
    async download(count, text) {
      let messages = 0
      for await (const _ of bench.download({ count, text })) messages += 1
      return messages
    },
    async openEcho(text, signal) {
      const { promise, resolve: end } = Promise.withResolvers<void>()
      async function* requests() {
        yield { text }
        await promise
      }
      const answers = bench.echo(requests(), options(signal))[Symbol.asyncIterator]()
      await answers.next()
      return end
    },
  }
}

function options(signal: AbortSignal | undefined): CallOptions {
  return signal === undefined ? {} : { signal }
}
