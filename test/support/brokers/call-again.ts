/** A client that calls a registered service again and again, so that a lost call is seen. */
import { expect, onTestFinished } from 'vitest'
import { createClient } from '../../../client/core/create-client.ts'
import type { ResolverFactory } from '../../../client/node/contracts/resolver.ts'
import { createTransport } from '../../../client/node/transport.ts'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'

/** A client that calls without a pause. */
export interface CallingClient {
  /** Waits until calls reach the servers with these names, one letter each, and no others. */
  sharedBetween(names: string): Promise<void>
  /** Returns the number of calls so far. Rejects if any failed. */
  stop(): Promise<number>
}

/** Balances by round robin. Closed when the running test ends. */
export function callAgain(target: string, resolver: ResolverFactory): CallingClient {
  const transport = createTransport({
    target,
    resolvers: [resolver],
    serviceConfig: { loadBalancingConfig: [{ round_robin: {} }] },
  })
  const greeter = createClient(GreeterService, transport)
  const loop = { isRunning: true, answers: [] as string[] }
  const calling = (async () => {
    let calls = 0
    for (; loop.isRunning; calls++) loop.answers.push((await greeter.sayHello({})).message)
    return calls
  })()
  // A failure is reported by `stop`.
  calling.catch(() => {})
  onTestFinished(() => {
    loop.isRunning = false
    return transport.close()
  })
  return {
    async sharedBetween(names) {
      await expect.poll(() => namesOf(loop.answers.splice(0)), { timeout: 5_000, interval: 20 }).toBe(names)
    },
    stop() {
      loop.isRunning = false
      return calling
    },
  }
}

function namesOf(answers: readonly string[]): string {
  return [...new Set(answers)].sort().join('')
}
