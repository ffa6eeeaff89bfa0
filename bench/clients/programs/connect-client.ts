/** The benchmark calls with a client of Connect, over any transport. */
import { type CallOptions, createClient as createConnectClient, type Transport } from '@connectrpc/connect'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import { BenchService } from '../../gen/bench/v1/bench_pb.js'
import type { BenchClient } from './client-program.ts'

/** A transport, and what belongs to it. */
interface ConnectParts {
  readonly transport: Transport
  /** Creates the clients. Default: Connect's own `createClient`. */
  readonly createClient?: typeof createConnectClient
  /** Closes the transport's connection. */
  readonly close: () => void | Promise<void>
}

/** The client of a benchmark, over a transport. */
export function connectClient({ transport, close, createClient = createConnectClient }: ConnectParts): BenchClient {
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
      const answers = bench.echo(oneRequest(text, promise), options(signal))[Symbol.asyncIterator]()
      await answers.next()
      return end
    },
  }
}

/** One request, and the end of the requests when the call may end. */
async function* oneRequest(text: string, end: Promise<void>) {
  yield { text }
  await end
}

function options(signal: AbortSignal | undefined): CallOptions {
  return signal === undefined ? {} : { signal }
}
