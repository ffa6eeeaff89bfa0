/** A client in a child process that makes many concurrent calls and reports its peak memory. */
import { Code, ConnectError, createClient } from '@connectrpc/connect'
import { createTransport } from '../../../client/node/transport.ts'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import { processMemory } from '../../../wire/http2/http2.ts'
import type { MemoryPeak } from './peak-process.ts'

/** Its job. */
export interface PeakCalls {
  readonly port: number
  readonly protocol: 'grpc' | 'grpc-web' | 'connect'
  readonly isStream: boolean
  readonly count: number
}

async function call({ port, protocol, isStream, count }: PeakCalls): Promise<string[]> {
  await using transport = createTransport({ target: `127.0.0.1:${port}`, protocol })
  const greeter = createClient(GreeterService, transport)
  const once = async (): Promise<string> => {
    try {
      if (!isStream) return String((await greeter.sayHello({})).message.length)
      let length = 0
      for await (const { topic } of greeter.getStream({})) length += topic.length
      return String(length)
    } catch (error) {
      return Code[ConnectError.from(error).code]
    }
  }
  // Awaited here, since the transport is closed after it.
  return await Promise.all(Array.from({ length: count }, once))
}

process.on('message', async (asked: PeakCalls | 'measure') => {
  if (asked !== 'measure') {
    process.send?.(await call(asked))
    return
  }
  const { heldBytes } = processMemory
  process.send?.({ peakBytes: process.resourceUsage().maxRSS * 1_024, heldBytes } satisfies MemoryPeak)
})
process.once('disconnect', () => process.exit())
process.send?.('ready')
