/** The common part of the programs that measure a Node client: runs the command line's workload, and prints the result. */
import { readFile } from 'node:fs/promises'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'

/** A client with one connection to one server. */
export interface BenchClient {
  /** SayHello; resolves with the greeting. The signal, which calls may share, cancels it. */
  greet(name: string, signal?: AbortSignal): Promise<string>
  /** Download; resolves with the number of messages. */
  download(count: number, text: string): Promise<number>
  /** Opens an Echo, and resolves once its first message has come back, with a function that ends the call. */
  openEcho(text: string, signal?: AbortSignal): Promise<() => void>
  close(): void | Promise<void>
}

/** The output of a program, as JSON. Programs without a call rate omit the rates. */
export interface ClientOutcome {
  /** Calls, or messages of streams. */
  readonly operations: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** The memory of the process, before the calls and with all of them open. */
  readonly beforeBytes: number
  readonly heldBytes: number
}

const TEXT = 'x'.repeat(11)
const GREETING = `Hello ${TEXT}`
const MESSAGES = 1_000
const MICROSECONDS = 1e6
const CALLS_IN_FLIGHT = 50
const NOTHING: ClientOutcome = {
  operations: 0,
  seconds: 0,
  cpuSeconds: 0,
  p50Ms: 0,
  p99Ms: 0,
  beforeBytes: 0,
  heldBytes: 0,
}

/** Runs `node PROGRAM ADDRESS WORKLOAD CALLS-AT-ONCE SECONDS WARM-UP-SECONDS`. A wrong response or a failed call ends it with an error. */
export async function runClientProgram(connect: (address: string) => BenchClient): Promise<void> {
  const [address = '', workload = '', ...numbers] = process.argv.slice(2)
  const [atOnce = 1, seconds = 1, warmUpSeconds = 1] = numbers.map(Number)
  const client = connect(address)
  const outcome = await run(client, { workload, atOnce, seconds, warmUpSeconds })
  await client.close()
  process.stdout.write(`${JSON.stringify(outcome)}\n`)
}

interface Load {
  readonly workload: string
  readonly atOnce: number
  readonly seconds: number
  readonly warmUpSeconds: number
  /** Passed to all unary calls. Default: none. */
  readonly signal?: AbortSignal
}

function run(client: BenchClient, load: Load): Promise<ClientOutcome> {
  switch (load.workload) {
    case 'hold':
      return hold(client, load.atOnce)
    case 'beside':
      return loadBeside(client, load)
    default:
      return measure(client, load)
  }
}

/** Unary calls, while others with the same signal are open, as in a page or a job. */
async function loadBeside(client: BenchClient, load: Load): Promise<ClientOutcome> {
  const { signal } = new AbortController()
  const ends = await Promise.all(Array.from({ length: load.atOnce }, () => client.openEcho(TEXT, signal)))
  const outcome = await measure(client, { ...load, atOnce: CALLS_IN_FLIGHT, signal })
  for (const end of ends) end()
  return outcome
}

async function measure(
  client: BenchClient,
  { workload, atOnce, seconds, warmUpSeconds, signal }: Load,
): Promise<ClientOutcome> {
  const operate = workload === 'download' ? () => download(client) : () => greet(client, signal)
  await loop(operate, atOnce, warmUpSeconds)
  const cpu = process.cpuUsage()
  const start = performance.now()
  const { operations, latenciesMs } = await loop(operate, atOnce, seconds)
  const elapsedSeconds = (performance.now() - start) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  latenciesMs.sort()
  const at = (share: number): number => latenciesMs[Math.floor(share * (latenciesMs.length - 1))] ?? 0
  return {
    ...NOTHING,
    operations,
    seconds: elapsedSeconds,
    cpuSeconds: (user + system) / MICROSECONDS,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  }
}

/** Runs this many at once, each repeated when it is done. */
async function loop(operate: () => Promise<number>, atOnce: number, seconds: number) {
  const until = performance.now() + seconds * 1_000
  const latencies: number[] = []
  let operations = 0
  async function work(): Promise<void> {
    for (;;) {
      const start = performance.now()
      if (start >= until) return
      const done = await operate()
      operations += done
      latencies.push(performance.now() - start)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return { operations, latenciesMs: Float64Array.from(latencies) }
}

async function greet(client: BenchClient, signal?: AbortSignal): Promise<number> {
  const greeting = await client.greet(TEXT, signal)
  if (greeting !== GREETING) throw new Error(`a wrong answer: "${greeting}"`)
  return 1
}

async function download(client: BenchClient): Promise<number> {
  const messages = await client.download(MESSAGES, TEXT)
  if (messages !== MESSAGES) throw new Error(`${messages} messages came of ${MESSAGES}`)
  return messages
}

async function hold(client: BenchClient, calls: number): Promise<ClientOutcome> {
  await loop(() => greet(client), CALLS_IN_FLIGHT, 1)
  const beforeBytes = await residentBytes()
  const ends = await Promise.all(Array.from({ length: calls }, () => client.openEcho(TEXT)))
  await sleep(500)
  const heldBytes = await residentBytes()
  for (const end of ends) end()
  return { ...NOTHING, operations: calls, beforeBytes, heldBytes }
}

async function residentBytes(): Promise<number> {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile('/proc/self/status', 'utf8')) ?? []
  return Number(kibibytes) * 1_024
}
