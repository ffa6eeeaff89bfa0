/** The older greeter, under its package-less name `Greeter`. */
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect'
import type { Greeter, StreamReqData } from '../../../gen/compat/greeter_pb.js'
import { logReceived, type MessageLog } from './message-log.ts'
import { sleep } from './sleep.ts'

/** What the older greeter needs. */
export interface CompatGreeterOptions {
  /** Where PutStream and AllStream log what clients send. */
  readonly log: MessageLog
  /** The pause between two messages of GetStream and of AllStream, in milliseconds. Default 1,000, from 1 to 86,400,000. */
  readonly intervalMs?: number
  /** The clock that GetStream tells, in milliseconds since the Unix epoch. Default Date.now. */
  readonly now?: () => number
}

/** How often GetStream tells the time. */
const DATE_COUNT = 11

/** What AllStream says: "I am the server". */
const ALL_STREAM_LINE = '我是服务器'

const DEFAULT_INTERVAL_MS = 1_000
const MAX_INTERVAL_MS = 86_400_000

/** Implements the package-less service `Greeter`. Throws a RangeError on an interval out of range. */
export function createCompatGreeterService(options: CompatGreeterOptions): ServiceImpl<typeof Greeter> {
  const { log, intervalMs, now } = normalizeOptions(options)
  return {
    sayHello: ({ name }) => ({ message: `Hello ${name}` }),
    getStream: (_request, context) => tellTime(now, intervalMs, context.signal),
    putStream: async (requests) => ({ data: String(await logAll(requests, log)) }),
    allStream: (requests, context) => talk(requests, context, { log, intervalMs }),
  }
}

function normalizeOptions(options: CompatGreeterOptions): Required<CompatGreeterOptions> {
  const { log, intervalMs = DEFAULT_INTERVAL_MS, now = Date.now } = options
  if (!(Number.isInteger(intervalMs) && intervalMs >= 1 && intervalMs <= MAX_INTERVAL_MS)) {
    throw new RangeError(`intervalMs must be a whole number from 1 to ${MAX_INTERVAL_MS}, is ${intervalMs}`)
  }
  return Object.freeze({ log, intervalMs, now })
}

async function* tellTime(now: () => number, intervalMs: number, signal: AbortSignal): AsyncGenerator<{ data: string }> {
  for (let count = 0; count < DATE_COUNT; count++) {
    if (count > 0) await sleep(intervalMs, signal)
    yield { data: `date: ${Math.floor(now() / 1_000)}` }
  }
}

/** Speaks at every interval and logs what comes, each without waiting for the other, until the client ends. */
async function* talk(
  requests: AsyncIterable<StreamReqData>,
  context: HandlerContext,
  { log, intervalMs }: { log: MessageLog; intervalMs: number },
): AsyncGenerator<{ data: string }> {
  const input = new AbortController()
  const stop = AbortSignal.any([context.signal, input.signal])
  const logged = logAll(requests, log).finally(() => input.abort())
  // The failure is thrown below; the client of an aborted call is gone.
  logged.catch(() => {})
  while (!stop.aborted) {
    yield { data: ALL_STREAM_LINE }
    await sleep(intervalMs, stop).catch(() => {})
  }
  context.signal.throwIfAborted()
  await logged
}

async function logAll(requests: AsyncIterable<StreamReqData>, log: MessageLog): Promise<number> {
  let count = 0
  for await (const { data } of requests) {
    logReceived(log, data)
    count++
  }
  return count
}
