/**
 * Overload: a server that gets three times the calls it can answer. With `adaptiveLimit` it answers nearly as many as it can, each in
 * time, and is itself again when the load ends. `npm run overload -- envoy` compares it with Envoy's adaptive concurrency
 * before the same server. Ends with 1 where that does not hold.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startProgram } from '../../support/command.ts'
import { startLimitingEnvoy } from './limiting-envoy.ts'
import { DEADLINE_MS, LoadClient, type LoadedCall } from './open-loop.ts'

const PATH = '/greeter.v1.GreeterService/SayHello'
const SERVER = path.join(import.meta.dirname, 'overload-server.ts')
/** How many callers measure the capacity. Envoy and an adaptive limit admit more than these. */
const CALLERS = 3
const SATURATED_MS = 3_000
const CALM_MS = 3_000
const OVERLOAD_MS = 8_000
/** The limit has found its value by then. */
const SETTLED_MS = 2_000
const RECOVERY_MS = 4_000

/** What one server did. */
interface Outcome {
  /** The answers per second to callers that wait for each answer. */
  readonly capacity: number
  /** The share of calls that were shed or late at a tenth of the capacity. */
  readonly calmLoss: number
  /** The calls per second that the generator started during the overload. */
  readonly offered: number
  /** The answers in time per second at three times the capacity. */
  readonly goodput: number
  /**
   * The same as a share of what the server's processor time was enough for, at what a call costs without overload: on a machine that
   * does other things too, the server gets a different share of it in each phase.
   */
  readonly efficiency: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** From the end of the overload until no call is shed or late any more. */
  readonly recoveryMs: number
}

type Way = 'unlimited' | 'adaptiveLimit' | 'Envoy'

const folder = await mkdtemp(path.join(tmpdir(), 'overload-'))
const ways: readonly Way[] = [
  'unlimited',
  'adaptiveLimit',
  ...(process.argv[2] === 'envoy' ? (['Envoy'] as const) : []),
]
const outcomes = new Map<Way, Outcome>()
try {
  for (const way of ways) {
    const outcome = await measure(way)
    outcomes.set(way, outcome)
    report(way, outcome)
  }
} finally {
  await rm(folder, { recursive: true })
}
for (const fault of faults()) {
  process.stdout.write(`VIOLATED: ${fault}\n`)
  process.exitCode = 1
}

async function measure(way: Way): Promise<Outcome> {
  await using cleanup = new AsyncDisposableStack()
  const mode = way === 'adaptiveLimit' ? ['adaptive'] : []
  const command = { program: process.execPath, args: [SERVER, ...mode] }
  const server = cleanup.use(await startProgram(command, /process (\d+ listens at http:\S+)/))
  const [pid = '', address = ''] = server.found.split(' listens at ')
  const proxy = way === 'Envoy' ? cleanup.use(await startLimitingEnvoy(Number(new URL(address).port), folder)) : null
  const client = cleanup.use(await LoadClient.open(proxy?.origin ?? address, PATH))
  await client.saturate(CALLERS, SATURATED_MS / 3)
  const before = await cpuMsOf(pid)
  const answered = await client.saturate(CALLERS, SATURATED_MS)
  const callMs = ((await cpuMsOf(pid)) - before) / answered
  const capacity = (answered * 1_000) / SATURATED_MS
  const calm = await client.run({ perSecond: capacity / 10, forMs: CALM_MS })
  await client.run({ perSecond: capacity * 3, forMs: SETTLED_MS })
  const start = { cpuMs: await cpuMsOf(pid), atMs: performance.now() }
  const overload = await client.run({ perSecond: capacity * 3, forMs: OVERLOAD_MS })
  const cpuMs = (await cpuMsOf(pid)) - start.cpuMs
  const seconds = (performance.now() - start.atMs) / 1_000
  const after = await client.run({ perSecond: capacity * 0.3, forMs: RECOVERY_MS })
  const inTime = overload.filter((call) => !isLost(call)).length
  return {
    capacity,
    calmLoss: calm.filter(isLost).length / calm.length,
    offered: overload.length / seconds,
    goodput: inTime / seconds,
    efficiency: (inTime * callMs) / cpuMs,
    p50Ms: latencyMs(overload, 0.5),
    p99Ms: latencyMs(overload, 0.99),
    recoveryMs: after.filter(isLost).at(-1)?.atMs ?? 0,
  }
}

/** The processor time of a process, in steps of 10 ms (proc(5): fields 14 and 15, in ticks of 1/100 s). */
async function cpuMsOf(pid: string): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

function isLost({ outcome, latencyMs: ms }: LoadedCall): boolean {
  return outcome !== 'ok' || ms > DEADLINE_MS
}

function latencyMs(calls: readonly LoadedCall[], share: number): number {
  const latencies = calls.filter(({ outcome }) => outcome === 'ok').map((call) => call.latencyMs)
  return latencies.sort((a, b) => a - b)[Math.floor(latencies.length * share)] ?? Number.NaN
}

function report(way: Way, outcome: Outcome): void {
  const { capacity, calmLoss, offered, goodput, efficiency, p50Ms, p99Ms, recoveryMs } = outcome
  const lines = [
    `capacity ${capacity.toFixed(0)}/s`,
    `calm loss ${(calmLoss * 100).toFixed(1)} %`,
    `offered ${offered.toFixed(0)}/s`,
    `goodput ${goodput.toFixed(0)}/s (${((goodput / capacity) * 100).toFixed(0)} %)`,
    `of its processor time ${(efficiency * 100).toFixed(0)} %`,
    `p50 ${p50Ms.toFixed(0)} ms`,
    `p99 ${p99Ms.toFixed(0)} ms`,
    `recovery ${recoveryMs.toFixed(0)} ms`,
  ]
  process.stdout.write(`${way.padEnd(14)} ${lines.join(', ')}\n`)
}

/**
 * Ratios within one run, with room for a machine that does other things too. Envoy is there to compare with, not to pass: what it refuses
 * costs its own process, whose processor time does not count here.
 */
function faults(): string[] {
  const ours = outcomes.get('adaptiveLimit')
  if (ours === undefined) return ['nothing was measured']
  const found: string[] = []
  if (ours.calmLoss > 0.01)
    found.push(`${(ours.calmLoss * 100).toFixed(1)} % of calls were lost at a tenth of the capacity`)
  if (ours.efficiency < 0.8) found.push(`only ${(ours.efficiency * 100).toFixed(0)} % of the processor time was of use`)
  if (ours.p99Ms > DEADLINE_MS / 2) found.push(`p99 is ${ours.p99Ms.toFixed(0)} ms`)
  if (ours.recoveryMs > 2_000) found.push(`calls were lost for ${ours.recoveryMs.toFixed(0)} ms after the overload`)
  return found
}
